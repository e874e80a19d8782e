package system

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// operatorDeadline bounds how long an operator waits for an actor.
const operatorDeadline = 2 * time.Second

// Operator asks stateful actors on behalf of the management API. Safe for
// concurrent use; every call blocks for at most two seconds.
type Operator struct {
	providers, sessions, quotas, endpoints *kit.Directory
	now                                    func() time.Time
}

// SetBreaker opens or resets a provider's breaker and returns its health after.
func (o *Operator) SetBreaker(ctx context.Context, m *protocol.BreakerSet) (domain.ProviderHealth, error) {
	done, err := ask[*protocol.BreakerDone](ctx, o.providers.Ref(providerKey(m.ProviderID)), m)
	if err != nil {
		return domain.ProviderHealth{}, fmt.Errorf("set breaker of provider %d: %w", m.ProviderID, err)
	}
	return done.Health, nil
}

// ObserveAccount tells a provider's actor what asking its account gave, and
// returns what is known of it then.
func (o *Operator) ObserveAccount(ctx context.Context, id domain.ProviderID, r domain.AccountReading) (*domain.AccountState, error) {
	done, err := ask[*protocol.AccountDone](ctx, o.providers.Ref(providerKey(id)), &protocol.AccountObserved{ProviderID: id, Reading: r})
	if err != nil {
		return nil, fmt.Errorf("tell provider %d of its account: %w", id, err)
	}
	return done.State, nil
}

// ReadQuota returns the state of a user's limits and those of its keys.
func (o *Operator) ReadQuota(ctx context.Context, user domain.UserID) (*protocol.QuotaState, error) {
	state, err := ask[*protocol.QuotaState](ctx, o.quotas.Ref(userKey(user)),
		&protocol.QuotaRead{UserID: user, T: o.now().UnixMilli()})
	if err != nil {
		return nil, fmt.Errorf("read limits of user %d: %w", user, err)
	}
	return state, nil
}

// ForgetQuota has a user's money counted anew after rows of it were deleted.
func (o *Operator) ForgetQuota(ctx context.Context, user domain.UserID) error {
	if _, err := ask[*protocol.QuotaForgotten](ctx, o.quotas.Ref(userKey(user)), &protocol.QuotaForget{UserID: user}); err != nil {
		return fmt.Errorf("count the money of user %d anew: %w", user, err)
	}
	return nil
}

// Settle books a settlement and returns when the ledger has it.
func (o *Operator) Settle(ctx context.Context, m *protocol.QuotaSettle) error {
	done, err := ask[*protocol.QuotaSettled](ctx, o.quotas.Ref(userKey(m.UserID)), m)
	if err == nil && done.Refused {
		err = domain.ErrLedgerRefused
	}
	if err != nil {
		return fmt.Errorf("settle for user %d: %w", m.UserID, err)
	}
	return nil
}

// SetPool opens or resets the breaker of an endpoint or of a whole pool.
func (o *Operator) SetPool(ctx context.Context, m *protocol.PoolSet) (domain.PoolHealth, error) {
	state, err := ask[*protocol.PoolState](ctx, o.endpoints.Ref(m.Pool.String()), m)
	if err != nil {
		return domain.PoolHealth{}, fmt.Errorf("set breaker of pool %s: %w", m.Pool, err)
	}
	return state.Health, nil
}

// EndpointProbed tells the actor of an endpoint's pool what a probe found. It
// does not wait.
func (o *Operator) EndpointProbed(m *protocol.EndpointProbed) {
	o.endpoints.Ref(m.Pool.String()).Tell(m)
}

// ReadSession returns a session's binding.
func (o *Operator) ReadSession(ctx context.Context, s domain.SessionKey) (*protocol.SessionView, error) {
	view, err := ask[*protocol.SessionView](ctx, o.sessions.Ref(s.Hash()), &protocol.SessionRead{Session: s})
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	return view, nil
}

// EndSession drops a session's binding.
func (o *Operator) EndSession(ctx context.Context, s domain.SessionKey) (*protocol.SessionEnded, error) {
	ended, err := ask[*protocol.SessionEnded](ctx, o.sessions.Ref(s.Hash()), &protocol.SessionEnd{Session: s})
	if err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	return ended, nil
}

func ask[T any](ctx context.Context, to kit.Ref, msg any) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, operatorDeadline)
	defer cancel()
	return kit.Ask[T](ctx, to, msg)
}

func providerKey(id domain.ProviderID) string { return strconv.FormatInt(int64(id), 10) }

func userKey(id domain.UserID) string { return strconv.FormatInt(int64(id), 10) }
