package gateway

import "github.com/claude-code-hub/cch/internal/domain"

// serve runs one proxied request. Each step is the file of the same name.
func (g *Gateway) serve(x *exchange) error {
	if err := g.step(x, stepAuth, g.authenticate); err != nil {
		return err
	}
	if x.target.handling == listing && x.target.dialect != nil {
		return g.listModels(x)
	}
	if g.Recorder.Full() {
		return g.turnAway(overloaded(0, 0)) // what cannot be recorded is not done
	}
	if err := g.step(x, stepBody, g.parse); err != nil {
		return err
	}
	if err := g.step(x, stepRules, g.guard); err != nil {
		return err
	}
	if err := g.step(x, stepFilters, g.filter); err != nil {
		return err
	}
	again, err := g.replay(x)
	x.laps.end(stepReplay, g.Now())
	if again || err != nil {
		return err
	}
	defer g.spooled(x)
	run, first, err := g.admit(x) // node bounds, then the request actor: limits, session, provider
	if err != nil {
		return err
	}
	defer run.Close() // leases go back on every path
	return g.relay(x, run, first)
}

// refusal is a request that ends before an actor answers for it.
type refusal struct {
	fault *domain.Fault
	by    domain.BlockedBy // guard that refused; empty when something failed instead
	quiet bool             // leaves a counter but no row
}

func (r *refusal) Error() string { return r.fault.Error() }

func (r *refusal) Unwrap() error { return r.fault }

func refused(by domain.BlockedBy, err error) error {
	return &refusal{fault: domain.AsFault(err), by: by}
}

// turnAway turns a request away without a row: there may be very many of them.
func (g *Gateway) turnAway(f *domain.Fault) error {
	g.shed.Add(1)
	return &refusal{fault: f, quiet: true}
}
