package request_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// prices are read once: the list inside the binary is long.
var prices = sync.OnceValue(func() *pricing.Prices {
	p, err := pricing.NewPrices()
	if err != nil {
		panic(err)
	}
	return p
})

// ledger knows which leases are out at all holders of a test.
type ledger struct {
	mu     sync.Mutex
	leases map[domain.LeaseID]protocol.LeaseKind
	dead   map[domain.LeaseID]bool // given back before they were asked for
}

func (l *ledger) take(id domain.LeaseID, kind protocol.LeaseKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dead[id] {
		l.leases[id] = kind
	}
}

func (l *ledger) giveBack(ids ...domain.LeaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		delete(l.leases, id)
		l.dead[id] = true
	}
}

func (l *ledger) out() []protocol.LeaseKind {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []protocol.LeaseKind
	for _, kind := range l.leases {
		kinds = append(kinds, kind)
	}
	return kinds
}

// holderActor stands in for the quota, session and provider actors: it grants
// everything, or, when mute, grants and says nothing.
type holderActor struct {
	ledger *ledger
	mute   bool
	unsaid []kit.Responder
}

func (h *holderActor) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case *protocol.QuotaReserve:
		h.grant(c, m.LeaseID, protocol.LeaseQuota, &protocol.QuotaGrant{OK: true})
	case *protocol.SessionResolve:
		h.grant(c, m.LeaseID, protocol.LeaseSession, &protocol.SessionView{Seq: 1})
	case *protocol.SlotAcquire:
		h.grant(c, m.LeaseID, protocol.LeaseProvider, &protocol.SlotGrant{OK: true})
	case *protocol.QuotaSettle:
		h.ledger.giveBack(m.LeaseID)
	case *protocol.SlotReport:
		h.ledger.giveBack(m.LeaseID)
	case *protocol.SessionBind:
		h.ledger.giveBack(m.LeaseID)
	case *protocol.LeaseRelease:
		h.ledger.giveBack(m.IDs...)
	}
}

func (h *holderActor) grant(c *kit.Context, id domain.LeaseID, kind protocol.LeaseKind, answer any) {
	h.ledger.take(id, kind)
	if h.mute {
		h.unsaid = append(h.unsaid, c.Responder())
		return
	}
	c.Respond(answer)
}

// keeperActor releases what a request left behind.
type keeperActor struct {
	holders func(protocol.LeaseKind, string) kit.Ref
	tracked map[domain.LeaseID]*protocol.LeaseTrack
	figures *keeperFigures
}

// keeperFigures are what a test may read of a keeper when all is quiet.
type keeperFigures struct{ tracked, released atomic.Int64 }

func (k *keeperActor) Receive(c *kit.Context) {
	defer func() { k.figures.tracked.Store(int64(len(k.tracked))) }()
	switch m := c.Message().(type) {
	case *protocol.LeaseTrack:
		k.tracked[m.ID] = m
	case *protocol.LeaseClose:
		for _, id := range m.IDs {
			delete(k.tracked, id)
		}
	case *protocol.LeaseDrop:
		for id, t := range k.tracked {
			if t.ReqID == m.ReqID {
				k.holders(t.Kind, t.Key).Tell(&protocol.LeaseRelease{IDs: []domain.LeaseID{id}, Why: "dropped"})
				delete(k.tracked, id)
				k.figures.released.Add(1)
			}
		}
	}
}

// recorder journals everything at once and sends the settlements.
type recorder struct {
	mu      sync.Mutex
	records []*protocol.LogRecord
	quota   kit.Ref
}

func (r *recorder) Finish(rec *protocol.LogRecord, done func(error)) {
	r.mu.Lock()
	r.records = append(r.records, rec)
	r.mu.Unlock()
	go func() {
		done(nil)
		for i := range rec.Settles {
			r.quota.Tell(&rec.Settles[i])
		}
	}()
}

type healthy struct{}

func (healthy) Health(domain.ProviderID) (domain.ProviderHealth, bool) {
	return domain.ProviderHealth{}, false
}

// hub is a node with fake neighbours around real request actors.
type hub struct {
	sys      *kit.System
	ledger   *ledger
	recorder *recorder
	keeper   kit.Ref
	figures  *keeperFigures
	kind     kit.Kind
}

type hubOptions struct {
	mute      string // kinds of holders that do not answer, by name
	emergency *request.Emergency
	intercept func(kind, id string, self kit.Ref, msg any)
}

func newHub(o hubOptions) *hub {
	h := &hub{
		sys:      kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now, Intercept: o.intercept}),
		ledger:   &ledger{leases: map[domain.LeaseID]protocol.LeaseKind{}, dead: map[domain.LeaseID]bool{}},
		recorder: &recorder{},
		figures:  &keeperFigures{},
	}
	refs := map[protocol.LeaseKind]kit.Ref{}
	for _, kind := range []protocol.LeaseKind{protocol.LeaseQuota, protocol.LeaseSession, protocol.LeaseProvider} {
		mute := strings.Contains(o.mute, string(kind))
		refs[kind] = h.sys.Spawn(kit.Kind{
			Name: string(kind), New: func(string) kit.Actor { return &holderActor{ledger: h.ledger, mute: mute} },
		}, "")
	}
	holders := func(kind protocol.LeaseKind, _ string) kit.Ref { return refs[kind] }
	h.recorder.quota = refs[protocol.LeaseQuota]
	h.keeper = h.sys.Spawn(kit.Kind{Name: "leases", New: func(string) kit.Actor {
		return &keeperActor{holders: holders, tracked: map[domain.LeaseID]*protocol.LeaseTrack{}, figures: h.figures}
	}}, "")
	h.kind = request.Kind(request.Deps{
		Holders: holders, Keeper: h.keeper, Recorder: h.recorder, Health: healthy{}, Prices: prices(), Node: "test",
		Emergency: o.emergency,
	})
	return h
}

func admit() *protocol.Admit {
	var providers []*domain.Provider
	for id := range 2 {
		providers = append(providers, &domain.Provider{
			ID: domain.ProviderID(id + 1), Name: fmt.Sprintf("p%d", id+1), Type: domain.TypeClaude, Enabled: true,
			Routing: domain.Routing{Weight: 1, Priority: id, CostMultiplier: domain.MultiplierOne},
		})
	}
	return &protocol.Admit{
		Catalog: domain.NewCatalog(domain.Configuration{Settings: domain.DefaultSettings(), Providers: providers}),
		Request: &protocol.Request{
			ID: 77, ReceivedAt: time.Now(), Key: &domain.Key{ID: 2}, User: &domain.User{ID: 1}, Groups: []string{"default"},
			Session: domain.SessionKey{KeyID: 2, ID: "s"}, Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Model: "m",
		},
	}
}

func result(n int, class domain.AttemptClass, status int) *protocol.AttemptResult {
	r := &protocol.AttemptResult{N: n, Class: class, Status: status, StartedAt: time.Now()}
	if class == domain.ClassOK {
		r.Committed, r.Complete = true, true
	} else {
		r.Failure = domain.FailStatus
	}
	return r
}
