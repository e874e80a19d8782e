package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareSnapshots() {
	operation(a, LevelSelf, huma.Operation{
		OperationID: "getSessionSnapshots", Method: http.MethodGet, Path: "/sessions/{id}/snapshots", Tags: []string{"Sessions"},
		Summary: "Read what went over the wire for a request of a session, and have the next ones kept for five minutes",
	}, a.getSnapshot)
}

// Why there is no snapshot.
const (
	snapshotsOff  = "high_concurrency_mode" // the setting keeps them from being taken
	snapshotsNone = "none_yet"              // nobody looked, or it is too long ago, or another node served the session
)

type snapshotInput struct {
	ID  string `path:"id"   minLength:"1" maxLength:"256" doc:"id, or a session id if only one key uses it"`
	Seq int64  `query:"seq" minimum:"1"                   doc:"number of the request within its session; left out = the newest"`
}

type snapshotBody struct {
	Seq          *int64        `json:"seq"`
	RequestID    *string       `json:"requestId"`
	At           *time.Time    `json:"at"`
	ProviderID   *int64        `json:"providerId"`
	Attempt      *int          `json:"attempt"      doc:"the call to a provider that is shown: the one whose answer the client got, else the last"`
	Client       *exchangeBody `json:"client"       doc:"as the client sent and got it; null if there is none"`
	Upstream     *exchangeBody `json:"upstream"     doc:"as the provider got and sent it, for administrators; null if there is none"`
	Available    []int64       `json:"available"    doc:"numbers of the requests there are snapshots of"`
	WatchedUntil *time.Time    `json:"watchedUntil" doc:"until when those of the session's requests are taken; reading them again extends it"`
	Reason       *string       `json:"reason"       enum:"high_concurrency_mode,none_yet" doc:"why there is none"`
}

type exchangeBody struct {
	Request  *messageBody `json:"request"`
	Response *messageBody `json:"response" doc:"null if there was no answer"`
}

type messageBody struct {
	Method     *string           `json:"method"`
	URL        *string           `json:"url"`
	StatusCode *int              `json:"statusCode"`
	Headers    map[string]string `json:"headers"   doc:"credentials are masked"`
	Body       string            `json:"body"      doc:"texts are [REDACTED] unless STORE_SESSION_MESSAGES is true"`
	Truncated  bool              `json:"truncated" doc:"it has more than 256 KiB"`
}

func (a *API) getSnapshot(ctx context.Context, in *snapshotInput) (*struct{ Body snapshotBody }, error) {
	s, err := a.ownSession(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := snapshotBody{Available: []int64{}}
	if a.Snapshots == nil || a.Catalog.Current().Settings().HighConcurrencyMode {
		out.Reason = optional(snapshotsOff)
		return &struct{ Body snapshotBody }{out}, nil
	}
	out.WatchedUntil = instant(a.Snapshots.Watch(s.Hash))
	shot, there := a.Snapshots.Get(s.Hash, in.Seq)
	out.Available = list(there)
	if shot == nil {
		out.Reason = optional(snapshotsNone)
		return &struct{ Body snapshotBody }{out}, nil
	}
	out.Seq, out.RequestID, out.At = optional(shot.Seq), optional(shot.RequestID.String()), instant(shot.At)
	out.Client = showExchange(&shot.Client)
	if callerOf(ctx).admin() {
		out.ProviderID, out.Attempt, out.Upstream = number(shot.Provider), optional(shot.Attempt), showExchange(&shot.Upstream)
	}
	return &struct{ Body snapshotBody }{out}, nil
}

func showExchange(e *domain.DebugExchange) *exchangeBody {
	b := &exchangeBody{Request: showMessage(&e.Request), Response: showMessage(&e.Response)}
	if b.Request == nil && b.Response == nil {
		return nil
	}
	return b
}

func showMessage(m *domain.DebugMessage) *messageBody {
	if m.Method == "" && m.Status == 0 {
		return nil
	}
	b := &messageBody{
		Method: optional(m.Method), URL: optional(m.URL), StatusCode: optional(m.Status),
		Headers: m.Headers, Body: m.Body, Truncated: m.Truncated,
	}
	if b.Headers == nil {
		b.Headers = map[string]string{}
	}
	return b
}
