package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ErrAway says that the server did not answer lately and was not asked.
var ErrAway = errors.New("redis is not available")

const (
	firstLook   = 100 * time.Millisecond // between two looks for a server that is away
	longestLook = 2 * time.Second
	steady      = 10 * time.Second // one that failed earlier than that after it came back is given time
)

// Options say which server to use, and how.
type Options struct {
	URL string // redis:// or rediss://, the latter with TLS
	// SkipVerify takes any certificate for the server's.
	SkipVerify bool
	// Timeout bounds connecting and every command, Patience a look-up that
	// somebody waits for; 0 = 100 ms.
	Timeout, Patience time.Duration
	Logger            *slog.Logger
}

// Client is a connection pool to one server. Safe for concurrent use.
type Client struct {
	lib    *goredis.Client
	o      Options
	up     atomic.Bool   // calls are let through
	ready  atomic.Bool   // and what is to be done first was done
	failed chan struct{} // the gate was shut
	back   []func(context.Context) error

	stop    context.CancelFunc
	ended   sync.WaitGroup
	figures struct{ failures, skipped, outages atomic.Int64 }
}

// Open makes a client. The server need not answer yet; Start looks for it.
func Open(o Options) (*Client, error) {
	lib, err := goredis.ParseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read the URL of redis: %w", withoutURL(err))
	}
	if lib.TLSConfig != nil && o.SkipVerify {
		lib.TLSConfig = &tls.Config{ServerName: lib.TLSConfig.ServerName, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} //nolint:gosec // the operator wants it
	}
	lib.DialTimeout, lib.ReadTimeout, lib.WriteTimeout, lib.PoolTimeout = o.Timeout, o.Timeout, o.Timeout, o.Timeout
	lib.ContextTimeoutEnabled = true
	lib.MaxRetries, lib.DialerRetries = -1, 1 // the gate decides
	lib.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	lib.ClientName = "cch"
	lib.DisableIdentity = true
	if o.Patience == 0 {
		o.Patience = 100 * time.Millisecond
	}
	goredis.SetLogger(silent{}) // what it has to say, errors say too
	return &Client{lib: goredis.NewClient(lib), o: o, failed: make(chan struct{}, 1)}, nil
}

// silent is a logger of the library.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// withoutURL drops the URL, which may hold a password.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// onReturn has f called each time the server answers again, the first time
// included, before reads are let through that rely on it. When it fails the
// server counts as away. To be called before Start.
func (c *Client) onReturn(f func(context.Context) error) { c.back = append(c.back, f) }

// Start looks for the server, until Close.
func (c *Client) Start() {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.ended.Go(func() { c.watch(ctx) })
}

// Close ends what Start began and the connections.
func (c *Client) Close() error {
	if c.stop != nil {
		c.stop()
	}
	c.ended.Wait()
	c.up.Store(false)
	if err := c.lib.Close(); err != nil {
		return fmt.Errorf("close connections to redis: %w", err)
	}
	return nil
}

// Ping asks the server, whatever it did lately.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.lib.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

// watch opens the gate when the server answers.
func (c *Client) watch(ctx context.Context) {
	pause, told := firstLook, false
	for ctx.Err() == nil {
		err := c.welcome(ctx)
		if err == nil {
			c.o.Logger.InfoContext(ctx, "redis answers")
			told = false
			began := time.Now()
			select {
			case <-c.failed:
			case <-ctx.Done():
				return
			}
			if time.Since(began) > steady {
				pause = firstLook
			}
			err = ErrAway
		}
		if !told && ctx.Err() == nil {
			told = true
			c.o.Logger.ErrorContext(ctx, "redis does not answer, the database does its work", "error", err)
		}
		if !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, longestLook)
	}
}

// welcome opens the gate if the server answers, and has done what is to be done
// then.
func (c *Client) welcome(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	if err := c.Ping(asking); err != nil {
		return err
	}
	select {
	case <-c.failed: // of before
	default:
	}
	c.up.Store(true)
	for _, f := range c.back {
		if err := f(ctx); err != nil {
			c.up.Store(false)
			return err
		}
	}
	c.ready.Store(c.up.Load())
	return nil
}

// call lets a command through while the server answers. A failure that is the
// server's or the network's shuts the gate.
func (c *Client) call(ctx context.Context, timeout time.Duration, command func(context.Context) error) error {
	if !c.up.Load() {
		c.figures.skipped.Add(1)
		return ErrAway
	}
	ctx, cancel := context.WithTimeout(ctx, min(timeout, c.o.Timeout))
	defer cancel()
	err := command(ctx)
	if err == nil || errors.Is(err, goredis.Nil) || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	c.figures.failures.Add(1)
	c.shut()
	return err
}

// shut has callers wait for nothing until the server was looked at again.
func (c *Client) shut() {
	c.ready.Store(false)
	if !c.up.CompareAndSwap(true, false) {
		return
	}
	c.figures.outages.Add(1)
	select {
	case c.failed <- struct{}{}:
	default:
	}
}

// Stats are figures for the operator.
type Stats struct {
	Up       bool
	Failures int64 // calls that failed
	Skipped  int64 // calls that were not made because the server was away
	Outages  int64 // times the server stopped answering
}

// Stats reads the figures.
func (c *Client) Stats() Stats {
	return Stats{
		Up: c.up.Load() && c.ready.Load(), Failures: c.figures.failures.Load(),
		Skipped: c.figures.skipped.Load(), Outages: c.figures.outages.Load(),
	}
}

// sleep waits; false when ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
