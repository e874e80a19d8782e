package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

const (
	// acceptGrace is how long balancers get to notice that readiness fails.
	acceptGrace = 5 * time.Second
	// interruptGrace is how long interrupted streams get to say so.
	interruptGrace = 2 * time.Second
)

// Shutdown stops the server. Readiness fails at once; new requests are still
// taken for a while, so that balancers notice, and then refused; running ones
// may finish until Drain is over, are then interrupted, and at last cut off.
// Ending ctx skips the waiting. Nothing is being served when it returns.
func (s *Server) Shutdown(ctx context.Context) error {
	s.o.Health.Drain()
	drain, stopWaiting := context.WithTimeout(ctx, s.o.Drain)
	defer stopWaiting()
	s.step(ctx, "accept while balancers notice", func() { wait(drain, s.grace()) })
	s.step(ctx, "drain requests", func() { s.refuse(drain) })
	var err error
	s.step(ctx, "close connections", func() { err = s.http.Shutdown(drain) })
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	s.o.Logger.WarnContext(ctx, "interrupting the requests that still run")
	s.step(ctx, "interrupt requests", func() { err = s.interrupt(ctx) })
	return err
}

// step does a part of the shutdown and says how long it took.
func (s *Server) step(ctx context.Context, name string, do func()) {
	began := s.o.Now()
	do()
	s.o.Logger.InfoContext(ctx, "shutdown step", slog.String("step", name),
		slog.Int64("duration_ms", s.o.Now().Sub(began).Milliseconds()))
}

// refuse turns new data-plane requests away until those in flight have ended.
func (s *Server) refuse(drain context.Context) {
	if s.o.Refuse == nil {
		return
	}
	select {
	case <-s.o.Refuse():
	case <-drain.Done():
	}
}

// interrupt has what still runs end, and cuts off what does not.
func (s *Server) interrupt(ctx context.Context) error {
	if s.o.Interrupt != nil {
		s.o.Interrupt()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), interruptGrace)
	defer cancel()
	if s.http.Shutdown(last) == nil {
		return nil
	}
	return s.http.Close()
}

func (s *Server) grace() time.Duration {
	grace := s.o.AcceptGrace
	if grace == 0 {
		grace = acceptGrace
	}
	return min(grace, s.o.Drain)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
