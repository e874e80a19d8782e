package testkit

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// SlowProxy passes TCP connections on, and can hold up everything clients send:
// to a database, each statement. Safe for concurrent use.
type SlowProxy struct {
	Addr string

	target  string
	delay   atomic.Int64 // time.Duration
	delayed atomic.Int64
}

// StartSlowProxy starts a proxy to an address that ends with the test.
func StartSlowProxy(t testing.TB, target string) *SlowProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &SlowProxy{Addr: l.Addr().String(), target: target}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return p
}

// SetDelay holds up what clients send from now on; 0 = not at all.
func (p *SlowProxy) SetDelay(d time.Duration) { p.delay.Store(int64(d)) }

// Delayed counts what was held up.
func (p *SlowProxy) Delayed() int64 { return p.delayed.Load() }

func (p *SlowProxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	defer func() { _ = server.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if n > 0 {
			if d := time.Duration(p.delay.Load()); d > 0 {
				p.delayed.Add(1)
				time.Sleep(d)
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
