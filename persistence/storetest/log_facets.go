package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testLogFacets(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	row := func(n int, user domain.UserID, key domain.KeyID, model, endpoint string) domain.RequestLog {
		l := RequestLog(n)
		l.UserID, l.KeyID, l.Call.Model, l.Call.Endpoint = user, key, model, endpoint
		return l
	}
	running := row(9, 1, 1, "of one that runs", "/v1/messages")
	batch := domain.LogBatch{Started: []*domain.RequestLog{Opened(running)}}
	for _, l := range []domain.RequestLog{
		row(1, 1, 1, "b", "/v1/messages"), row(2, 1, 2, "a", "/v1/responses"), row(3, 1, 1, "b", "/v1/chat/completions"),
		row(4, 1, 1, "", "/v1/messages"), row(5, 2, 3, "foreign", "/v1/foreign"),
	} {
		batch.Finished = append(batch.Finished, Finished(l))
	}
	require.NoError(t, logs.WriteBatch(ctx, batch))
	chat, messages, responses := "/v1/chat/completions", "/v1/messages", "/v1/responses"
	for name, c := range map[string]struct {
		filter domain.LogFilter
		atMost int
		want   domain.LogFacets
	}{
		"of a user": {domain.LogFilter{UserID: 1}, 100, domain.LogFacets{
			Models: []string{"a", "b"}, Endpoints: []string{chat, messages, responses},
		}},
		"of a key": {domain.LogFilter{UserID: 1, KeyID: 1}, 100, domain.LogFacets{
			Models: []string{"b"}, Endpoints: []string{chat, messages},
		}},
		"of a time": {domain.LogFilter{UserID: 1, From: RequestLog(2).CreatedAt, To: RequestLog(3).CreatedAt}, 100, domain.LogFacets{
			Models: []string{"a"}, Endpoints: []string{responses},
		}},
		"of the newest": {domain.LogFilter{UserID: 1}, 2, domain.LogFacets{Models: []string{"b"}, Endpoints: []string{chat, messages}}},
		"of nobody":     {domain.LogFilter{UserID: 7}, 100, domain.LogFacets{}},
	} {
		got, err := logs.Facets(ctx, c.filter, c.atMost)
		require.NoError(t, err)
		require.Equal(t, c.want, got, name)
	}
}
