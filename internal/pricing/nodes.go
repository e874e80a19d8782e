package pricing

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

//go:embed nodes.json
var nodesFile []byte

// Hosts knows under which keys the price lists file the sellers behind hosts.
type Hosts struct {
	entries []hostEntry
}

type hostEntry struct {
	Host  string   `json:"host"`
	Nodes []string `json:"nodes"`
}

// KnownHosts reads the list inside the binary.
func KnownHosts() (*Hosts, error) {
	var file struct {
		Hosts []hostEntry `json:"hosts"`
	}
	if err := json.Unmarshal(nodesFile, &file); err != nil {
		return nil, fmt.Errorf("read the embedded list of hosts: %w", err)
	}
	return &Hosts{entries: file.Hosts}, nil
}

// NodesOf are the keys to look for in price lists for a provider: its pricing
// key alone if it has one, else those of its URL's host; none for a host that
// is not known.
func (h *Hosts) NodesOf(pricingKey, providerURL string) []string {
	if pricingKey != "" {
		return []string{pricingKey}
	}
	u, err := url.Parse(providerURL)
	if err != nil {
		return nil
	}
	return h.nodesOfHost(u.Hostname())
}

func (h *Hosts) nodesOfHost(host string) []string {
	host = strings.ToLower(host)
	for _, e := range h.entries {
		if host == e.Host || strings.HasSuffix(host, e.suffix()) {
			return e.Nodes
		}
	}
	return nil
}

// suffix is how hosts below the entry end. Vertex AI puts the region into the
// label itself: us-east5-aiplatform.googleapis.com.
func (e hostEntry) suffix() string {
	if strings.HasPrefix(e.Host, "-") {
		return e.Host
	}
	return "." + e.Host
}
