package server

import (
	"context"
	"errors"
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
	wait(drain, s.grace())
	if s.o.Refuse != nil {
		select {
		case <-s.o.Refuse():
		case <-drain.Done():
		}
	}
	err := s.http.Shutdown(drain)
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	s.o.Logger.WarnContext(ctx, "interrupting the requests that still run")
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
