package domain

import (
	"strconv"
	"time"
)

// Vendor is whoever runs the upstream of one or several providers.
type Vendor struct {
	ID          VendorID
	Version     int
	Domain      string // of its website, in lower case; unique
	DisplayName string
	WebsiteURL  string
	FaviconURL  string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Endpoint is one of the base URLs under which a vendor serves a type of
// provider. All providers of the vendor and type may be called there.
type Endpoint struct {
	ID        EndpointID
	Version   int
	VendorID  VendorID
	Type      ProviderType
	URL       string // base URL without trailing slash
	Label     string
	SortOrder int // smaller first
	Enabled   bool
	Probe     EndpointProbe // the last one
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Pool is the pool that the endpoint belongs to.
func (e *Endpoint) Pool() PoolKey { return PoolKey{Vendor: e.VendorID, Type: e.Type} }

// EndpointProbe is the outcome of a look at an endpoint. The zero value is none.
type EndpointProbe struct {
	ID        int64 // of the log entry
	Endpoint  EndpointID
	At        time.Time
	Source    ProbeSource
	OK        bool
	Status    int // 0 = no HTTP was spoken
	Latency   time.Duration
	ErrorType string // timeout, dns, refused or network
	Error     string // redacted
}

// ProbeSource says why an endpoint was looked at.
type ProbeSource string

// The sources.
const (
	ProbeScheduled ProbeSource = "scheduled"
	ProbeManual    ProbeSource = "manual"
	ProbeRuntime   ProbeSource = "runtime"
)

// PoolKey names the endpoints that a vendor has for a type of provider.
type PoolKey struct {
	Vendor VendorID
	Type   ProviderType
}

func (k PoolKey) String() string {
	return strconv.FormatInt(int64(k.Vendor), 10) + ":" + string(k.Type)
}

// PoolHealth is what is known of a pool. It is shared: do not change it.
type PoolHealth struct {
	Key       PoolKey
	Breaker   BreakerState // of the whole pool
	OpenUntil time.Time    // when open; zero = until somebody closes it
	Trying    bool         // half-open, and a call that decides is under way
	Endpoints map[EndpointID]EndpointHealth
}

// EndpointHealth is what is known of an endpoint.
type EndpointHealth struct {
	Breaker      BreakerState
	Failures     int
	OpenUntil    time.Time
	Trying       bool      // half-open, and a call that decides is under way
	CoolingUntil time.Time // it could not be reached: not before
}

// Usable tells whether the endpoint may be called at an instant.
func (h EndpointHealth) Usable(now time.Time) bool {
	open := h.Breaker == BreakerOpen && (h.OpenUntil.IsZero() || now.Before(h.OpenUntil))
	return !open && !h.Trying && !now.Before(h.CoolingUntil)
}

// Open tells whether the whole pool is closed to calls at an instant.
func (h *PoolHealth) Open(now time.Time) bool {
	return h.Trying || h.Breaker == BreakerOpen && (h.OpenUntil.IsZero() || now.Before(h.OpenUntil))
}

// OnTrial tells whether a call of the endpoint needs leave of the pool's actor:
// a breaker on its way is not closed.
func (h *PoolHealth) OnTrial(id EndpointID) bool {
	return !h.Breaker.closed() || !h.Endpoints[id].Breaker.closed()
}

func (s BreakerState) closed() bool { return s == "" || s == BreakerClosed }
