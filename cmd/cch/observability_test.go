package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// TestAlertsAndDashboardUseMetricsThatExist reads every expression that ships
// and looks for its metrics and labels in what the program exports.
func TestAlertsAndDashboardUseMetricsThatExist(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, noRedis)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	status, _, body := p.Messages(t, p.NewKey(t, "ann"), testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
	p.AwaitLogs(t, "", 1)
	measure(t, p)
	exported := scrape(t, p)

	expressions := append(alertExpressions(t), dashboardExpressions(t)...)
	require.Greater(t, len(expressions), 30)
	for _, text := range expressions {
		e, err := metricsql.Parse(text)
		require.NoError(t, err, text)
		metricsql.VisitAll(e, func(e metricsql.Expr) {
			m, ok := e.(*metricsql.MetricExpr)
			if !ok {
				return
			}
			for _, filters := range m.LabelFilterss {
				requireExported(t, exported, filters, text)
			}
		})
	}
}

// noRedis names a Redis that nobody can reach: its metrics are there all the same.
const noRedis = "REDIS_URL=redis://127.0.0.1:1"

// requireExported looks for the labels of a selector, whose first is the name,
// among the exported ones. up, job and instance come from Prometheus itself.
func requireExported(t *testing.T, exported map[string][]string, filters []metricsql.LabelFilter, text string) {
	t.Helper()
	require.Equal(t, "__name__", filters[0].Label, text)
	name := filters[0].Value
	if name == "up" {
		return
	}
	labels, ok := exported[name]
	require.True(t, ok, "%s is not exported, but used in %s", name, text)
	for _, f := range filters[1:] {
		if f.Label != "job" && f.Label != "instance" {
			require.Contains(t, labels, f.Label, text)
		}
	}
}

// measure has the hub do now what it does by the clock, for the figures of it.
func measure(t *testing.T, p *testkit.Program) {
	t.Helper()
	for _, chore := range []string{"storage_usage", "request_logs"} {
		status, res := p.Admin(t, http.MethodPost, "/system/jobs/"+chore+"/run", nil)
		require.Equal(t, http.StatusAccepted, status, res.Raw)
		require.Eventually(t, func() bool { return p.Metric(t, "cch_chore_runs_total", `chore="`+chore+`"`) > 0 }, 30*time.Second, 20*time.Millisecond)
	}
}

// scrape reads the exported names with their labels.
func scrape(t *testing.T, p *testkit.Program) map[string][]string {
	t.Helper()
	resp, err := http.Get(p.URL + "/metrics")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	require.NoError(t, err)
	out := make(map[string][]string, len(families))
	for name, f := range families {
		out[name] = []string{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			out[name] = append(out[name], l.GetName())
		}
		if f.GetMetric()[0].GetHistogram() != nil {
			out[name+"_bucket"] = append(slices.Clone(out[name]), "le")
			out[name+"_sum"], out[name+"_count"] = out[name], out[name]
		}
	}
	return out
}

func alertExpressions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "prometheus", "rules.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []struct {
				Alert       string            `json:"alert"`
				Expr        string            `json:"expr"`
				For         string            `json:"for"`
				Labels      map[string]string `json:"labels"`
				Annotations map[string]string `json:"annotations"`
			} `json:"rules"`
		} `json:"groups"`
	}
	require.NoError(t, yaml.UnmarshalStrict(text, &file))
	var out []string
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
			if r.For != "" {
				_, err := model.ParseDuration(r.For)
				require.NoError(t, err, r.Alert)
			}
			out = append(out, r.Expr)
		}
	}
	return out
}

func dashboardExpressions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana", "cch.json"))
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			ID      int    `json:"id"`
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	variables := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*")
	var out []string
	var ids []int
	for _, panel := range dashboard.Panels {
		require.NotContains(t, ids, panel.ID, panel.Title)
		ids = append(ids, panel.ID)
		require.NotEmpty(t, panel.Targets, panel.Title)
		for _, target := range panel.Targets {
			out = append(out, variables.Replace(target.Expr))
		}
	}
	return out
}

// TestOperationsNamesMetricsThatExist holds the table of docs/operations.md.
// Those of a cluster are held where there is one.
func TestOperationsNamesMetricsThatExist(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, noRedis)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	measure(t, p)
	exported := scrape(t, p)
	for _, name := range documentedMetrics(t) {
		if !strings.HasPrefix(name, clusterMetrics) {
			require.Contains(t, exported, name)
		}
	}
}

// clusterMetrics is how the names of a cluster's figures begin.
const clusterMetrics = "cch_cluster_"

// documentedMetrics are the names in docs/operations.md.
func documentedMetrics(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("`(cch_[a-z_]+[a-z])[`{]").FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	require.NotEmpty(t, names)
	return names
}
