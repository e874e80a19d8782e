package main

import (
	"context"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/actors/snapshots"
	"github.com/claude-code-hub/cch/actors/system"
	"github.com/claude-code-hub/cch/http/server"
	"github.com/claude-code-hub/cch/internal/telemetry"
	"github.com/claude-code-hub/cch/persistence/redis"
)

func (a *App) buildRedis(context.Context, Options) (err error) {
	if !a.cfg.Redis.On() {
		return nil
	}
	a.redis, err = redis.Open(redis.Options{
		URL: a.cfg.Redis.URL.Reveal(), SkipVerify: !a.cfg.Redis.VerifyTLS,
		Timeout: a.cfg.Redis.CommandTimeout.Duration(), Logger: a.logger,
	})
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	a.onClose("redis", func(context.Context) error { return a.redis.Close() })
	return nil
}

// shared is where actors keep snapshots, and how other nodes are told what
// happens here; nil = there are none.
func (a *App) shared(node string) (snapshots.Store, func([]byte)) {
	if a.redis == nil {
		return a.store.Snapshots(), nil
	}
	kept := redis.NewSnapshots(a.redis, a.store.Snapshots(), system.SnapshotKinds(), a.now)
	a.redis.Start()
	a.channel = a.redis.NewChannel(node)
	a.onClose("announcements", func(context.Context) error { a.channel.Close(); return nil })
	return kept, a.channel.Publish
}

// listen hears what other nodes announce.
func (a *App) listen() {
	if a.channel != nil {
		a.channel.Listen(a.system.Heard)
	}
}

// redisComponent is Redis to the health check. Without it everything goes on.
func (a *App) redisComponent() server.Component {
	c := server.Component{Name: "redis", Timeout: 2 * time.Second}
	if a.redis != nil {
		c.Check = a.redis.Ping
	}
	return c
}

func (a *App) redisReadings() []telemetry.Reading {
	if a.redis == nil {
		return nil
	}
	s := a.redis.Stats()
	up := 0
	if s.Up {
		up = 1
	}
	return []telemetry.Reading{
		gauge("cch_redis_up", "1 while Redis is used, 0 while the database does its work.", up),
		counter("cch_redis_failures_total", "Calls to Redis that failed.", s.Failures),
		counter("cch_redis_skipped_total", "Calls to Redis that were not made because it was away.", s.Skipped),
		counter("cch_redis_outages_total", "Times Redis stopped answering.", s.Outages),
		counter("cch_redis_announcements_dropped_total", "Announcements to other nodes that were not sent.", a.channel.Dropped()),
	}
}
