package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
)

// Cluster is how several nodes are one.
type Cluster struct {
	Mode   string   `env:"CLUSTER_MODE"   envDefault:"single" oneof:"single,automanaged" doc:"single is a node by itself; automanaged nodes find each other through the PostgreSQL database they share"`
	Addr   string   `env:"CLUSTER_ADDR"   doc:"host:port at which this node listens for the others and they reach it; a private address"`
	Hosts  []string `env:"CLUSTER_HOSTS"  envSeparator:","    doc:"host:port of every node, this one too; empty = any that knows CLUSTER_SECRET"`
	Secret Secret   `env:"CLUSTER_SECRET" secret:"true"       doc:"at least 16 characters that all nodes share"`
}

// On tells whether there may be other nodes.
func (c Cluster) On() bool { return c.Mode != "" && c.Mode != "single" }

// checkCluster tells what keeps the node from being one of a cluster.
func (c Config) checkCluster() []error {
	if !c.Cluster.On() {
		return nil
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !c.Storage.server() {
		fault("CLUSTER_MODE is %s: nodes must share a PostgreSQL database, name it in DSN; SQLite is for a single node", c.Cluster.Mode)
	}
	if c.Auth.EncryptionKey == "" {
		fault("ENCRYPTION_KEY is unset: the nodes of a cluster must have the same, make one with `openssl rand -base64 32`")
	}
	if len(c.Cluster.Secret) < 16 {
		fault("CLUSTER_SECRET is unset or shorter than 16 characters: choose one for all nodes")
	}
	if err := checkAddr(c.Cluster.Addr); err != nil {
		fault("CLUSTER_ADDR is %q: %w", c.Cluster.Addr, err)
	}
	for _, host := range c.Cluster.Hosts {
		if err := checkAddr(host); err != nil {
			fault("CLUSTER_HOSTS has %q: %w", host, err)
		}
	}
	if len(c.Cluster.Hosts) > 0 && !slices.Contains(c.Cluster.Hosts, c.Cluster.Addr) {
		fault("CLUSTER_HOSTS does not list CLUSTER_ADDR %q: name every node, this one too", c.Cluster.Addr)
	}
	return faults
}

var errAddr = errors.New("write host:port with a host or address that the other nodes reach")

func checkAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errAddr
	}
	n, err := strconv.Atoi(port)
	if ip := net.ParseIP(host); err != nil || n < 1 || n > 65535 || host == "" || ip != nil && ip.IsUnspecified() {
		return errAddr
	}
	return nil
}
