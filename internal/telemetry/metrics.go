package telemetry

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Reading is one figure at the moment of a scrape.
type Reading struct {
	Name    string // full metric name, cch_…
	Help    string
	Counter bool // only ever rises; else a gauge
	Labels  []Label
	Value   float64
	// Histogram, if set, stands for Value.
	Histogram *Histogram
}

// Histogram counts observations up to upper bounds.
type Histogram struct {
	Bounds []float64 // ascending
	Counts []uint64  // of each bound's bucket alone, and at the end of those above all
	Sum    float64
}

func (h *Histogram) metric(d *prometheus.Desc, labels []string) (prometheus.Metric, error) {
	buckets := make(map[float64]uint64, len(h.Bounds))
	count := uint64(0)
	for i, n := range h.Counts {
		count += n
		if i < len(h.Bounds) {
			buckets[h.Bounds[i]] = count
		}
	}
	return prometheus.NewConstHistogram(d, count, h.Sum, buckets, labels...)
}

// Label is a name and value of a reading.
type Label struct{ Name, Value string }

// Source gives its readings when scraped. It must not block and must be safe
// for concurrent use. A name always comes with the same labels and help.
type Source func() []Reading

// Registry collects the sources of this process beside Go's own figures.
type Registry struct{ prom *prometheus.Registry }

// NewRegistry makes a registry over sources.
func NewRegistry(sources ...Source) *Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		sourceCollector(sources),
	)
	return &Registry{prom: r}
}

// Handler serves the readings in the Prometheus text format.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.prom, promhttp.HandlerOpts{})
}

// sourceCollector is an unchecked collector: which readings exist depends on
// what runs, e.g. one breaker state a provider.
type sourceCollector []Source

func (sourceCollector) Describe(chan<- *prometheus.Desc) {}

func (s sourceCollector) Collect(out chan<- prometheus.Metric) {
	for _, source := range s {
		for _, r := range source() {
			out <- r.metric()
		}
	}
}

func (r Reading) metric() prometheus.Metric {
	names, values := make([]string, len(r.Labels)), make([]string, len(r.Labels))
	for i, l := range r.Labels {
		names[i], values[i] = l.Name, l.Value
	}
	kind := prometheus.GaugeValue
	if r.Counter {
		kind = prometheus.CounterValue
	}
	d := prometheus.NewDesc(r.Name, r.Help, names, nil)
	m, err := prometheus.NewConstMetric(d, kind, r.Value, values...)
	if r.Histogram != nil {
		m, err = r.Histogram.metric(d, values)
	}
	if err != nil {
		return prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
	return m
}
