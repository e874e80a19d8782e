package bus

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Topic names a sort of event. Those that reach the dashboard bear the names
// of its live topics.
type Topic string

// The topics.
const (
	RequestStarted  Topic = "request.started"
	RequestAttempt  Topic = "request.attempt"
	RequestFinished Topic = "request.finished"
	SessionOpened   Topic = "session.opened"
	SessionUpdated  Topic = "session.updated"
	SessionClosed   Topic = "session.closed"
	ProviderState   Topic = "provider.state" // Data: domain.ProviderHealth
	QuotaUpdated    Topic = "quota.updated"
	EntityChanged   Topic = "entity.changed" // Data: *protocol.ConfigChanged
	Incident        Topic = "incident"
	AccountNotice   Topic = "provider.account" // Data: domain.AccountNotice

	// Inside only.
	BreakerChanged Topic = "breaker.changed" // Data: domain.BreakerEvent
	AccountChanged Topic = "account.changed" // Data: AccountNews
	QuotaDenied    Topic = "quota.denied"
	NodeUp         Topic = "node.up"
	NodeDown       Topic = "node.down"
	NodeRejoined   Topic = "node.rejoined"
	ActorFailed    Topic = "actor.failed"
)

// AccountNews is what is known of a provider's upstream account.
type AccountNews struct {
	ProviderID domain.ProviderID
	State      *domain.AccountState
}

// Event is something that happened. It is shared by all subscribers and must
// not be changed.
type Event struct {
	Topic Topic
	At    time.Time
	Data  any
}

// Subscriber is told of events. On runs on the subscriber's own goroutine, one
// event at a time, in the order of publishing; it may take its time, at the
// price of events that are dropped meanwhile.
type Subscriber interface {
	Topics() []Topic
	On(e Event)
}
