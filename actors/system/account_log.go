package system

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/internal/domain"
)

// AccountStore keeps what was last known of providers' upstream accounts, and a
// copy for each hour.
type AccountStore interface {
	Save(ctx context.Context, id domain.ProviderID, s *domain.AccountState, at time.Time) error
}

// accountLog keeps what provider actors know of accounts. It listens on the
// event stream, so that no actor waits for a store.
type accountLog struct {
	store  AccountStore
	logger *slog.Logger
}

// Topics are those of accounts.
func (l *accountLog) Topics() []bus.Topic { return []bus.Topic{bus.AccountChanged} }

// On writes one state.
func (l *accountLog) On(e bus.Event) {
	news, ok := e.Data.(bus.AccountNews)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.store.Save(ctx, news.ProviderID, news.State, e.At); err != nil {
		l.logger.Error("account of a provider not stored", slog.Int64("provider_id", int64(news.ProviderID)), slog.Any("error", err))
	}
}

// accountEvents publishes what provider actors tell of accounts.
type accountEvents struct {
	bus *bus.Bus
	now func() time.Time
}

func (a accountEvents) AccountChanged(id domain.ProviderID, s *domain.AccountState) {
	a.bus.Publish(bus.Event{Topic: bus.AccountChanged, At: a.now(), Data: bus.AccountNews{ProviderID: id, State: s}})
}

func (a accountEvents) AccountNotice(n domain.AccountNotice) {
	a.bus.Publish(bus.Event{Topic: bus.AccountNotice, At: n.At, Data: n})
}
