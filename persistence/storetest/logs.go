package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

func testRequestLogs(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	newest, err := logs.Newest(ctx)
	require.NoError(t, err)
	require.Zero(t, newest)

	full, bare := RequestLog(1), *Opened(RequestLog(2))
	bare.Result = domain.ResultRecord{StatusCode: 401, Outcome: domain.OutcomeBlocked}
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{
		Finished(full), {Log: &bare, Detail: &domain.RequestDetail{RequestID: bare.ID}},
	}}))
	got, detail, err := logs.Get(ctx, full.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(full, got))
	require.Empty(t, cmp.Diff(Detail(full.ID), detail))
	got, detail, err = logs.Get(ctx, bare.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(bare, got))
	require.JSONEq(t, "[]", detail.Chain)
	_, _, err = logs.Get(ctx, 12345)
	requireFault(t, err, domain.KindNotFound)
	newest, err = logs.Newest(ctx)
	require.NoError(t, err)
	require.Equal(t, bare.ID, newest)
}

// A row is opened once and closed once, however often and in whatever order
// that is written.
func testLogIdempotence(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	l := RequestLog(1)
	openRow, closeRow := []*domain.RequestLog{Opened(l)}, []domain.FinishedLog{Finished(l)}
	late := l
	late.Result.StatusCode, late.Cost = 500, 1

	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: openRow}))
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: openRow}))
	running, err := logs.Open(ctx, 0, 10)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.OpenLog{{RequestLog: *Opened(l)}}, running))

	begun := &domain.BegunLog{ID: l.ID, Attempt: 2, ProviderID: 4, Model: "m", Estimate: 7, ProviderEstimate: 6}
	earlier := &domain.BegunLog{ID: l.ID, Attempt: 1, ProviderID: 3, Model: "other"}
	both := RequestLog(9)
	bothBegun := &domain.BegunLog{ID: both.ID, Attempt: 1, ProviderID: 3, Model: "of both", Estimate: 2}
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{
		Started: []*domain.RequestLog{Opened(both)}, Begun: []*domain.BegunLog{earlier, {ID: 5}, bothBegun, begun},
	}))
	running, err = logs.Open(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, running, 2)
	require.Equal(t, begun, running[0].Begun)
	require.Equal(t, bothBegun, running[1].Begun, "opened and begun in one batch")
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Begun: []*domain.BegunLog{bothBegun}, Finished: []domain.FinishedLog{Finished(both)}}))
	closed, _, err := logs.Get(ctx, both.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(both, closed), "begun and closed in one batch")

	for range 2 {
		require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: openRow, Finished: closeRow}))
		require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{Finished(late)}}))
		require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: openRow}))
		require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Begun: []*domain.BegunLog{begun}}))
	}
	got, _, err := logs.Get(ctx, l.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(l, got))

	// A batch that was written in part, with a row twice in it.
	other := RequestLog(2)
	for range 2 {
		require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{Opened(l), Opened(other), Opened(other)}, Finished: []domain.FinishedLog{Finished(late), Finished(other), Finished(other), Finished(l)}}))
	}
	for _, want := range []domain.RequestLog{l, other} {
		got, detail, err := logs.Get(ctx, want.ID)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got))
		require.NotEqual(t, "[]", detail.Chain)
	}
	running, err = logs.Open(ctx, 0, 10)
	require.NoError(t, err)
	require.Empty(t, running)

	for _, written := range []domain.RequestLog{l, other, both} {
		session, err := s.Sessions().Get(ctx, domain.SessionKey{KeyID: written.KeyID, ID: written.SessionID}.Hash())
		require.NoError(t, err)
		require.EqualValues(t, 1, session.Requests)
	}
	all, err := logs.List(ctx, domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, all, 3)
}

// Rows that are open are found by whose they are, like others.
func testOpenLogsAreListed(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	var started []*domain.RequestLog
	var finished []domain.FinishedLog
	for n := range 6 {
		l := RequestLog(n)
		l.UserID, l.KeyID, l.SessionID = 1, domain.KeyID(1+n%2), "session-of-many-requests"
		if n == 5 {
			l.Result.StatusCode = 500
		}
		begun := Opened(l)
		begun.SessionID = l.SessionID
		started = append(started, begun)
		if n != 2 && n != 3 {
			finished = append(finished, Finished(l))
		}
	}
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: started, Finished: finished}))
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Begun: []*domain.BegunLog{{ID: started[3].ID, Attempt: 1, ProviderID: 9, Model: "m"}}}))
	for name, c := range map[string]struct {
		filter domain.LogFilter
		want   []int
	}{
		"all":             {domain.LogFilter{}, []int{5, 4, 3, 2, 1, 0}},
		"of a user":       {domain.LogFilter{UserID: 1}, []int{5, 4, 3, 2, 1, 0}},
		"a page":          {domain.LogFilter{UserID: 1, Limit: 3}, []int{5, 4, 3}},
		"the next page":   {domain.LogFilter{UserID: 1, Before: started[3].ID, Limit: 2}, []int{2, 1}},
		"of a key":        {domain.LogFilter{KeyID: 1}, []int{4, 2, 0}},
		"of a session":    {domain.LogFilter{SessionID: "session-of-many-requests"}, []int{5, 4, 3, 2, 1, 0}},
		"of a provider":   {domain.LogFilter{ProviderID: 9}, []int{3}},
		"ended well":      {domain.LogFilter{Status: domain.StatusFilter{Min: 200, Max: 299}}, []int{4, 1, 0}},
		"of a user, well": {domain.LogFilter{UserID: 1, Status: domain.StatusFilter{Min: 200, Max: 299}}, []int{4, 1, 0}},
		"failed":          {domain.LogFilter{ErrorsOnly: true}, []int{5}},
	} {
		list, err := logs.List(ctx, c.filter)
		require.NoError(t, err, name)
		var got []int
		for i := range list {
			got = append(got, slices.IndexFunc(started, func(l *domain.RequestLog) bool { return l.ID == list[i].ID }))
		}
		require.Equal(t, c.want, got, name)
	}
}

func testSessions(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	u, _, err := s.Users().Create(ctx, user("ann"))
	require.NoError(t, err)
	k, _, err := s.Keys().Create(ctx, key(u.ID, "one"))
	require.NoError(t, err)
	request := func(n int, session string) domain.RequestLog {
		l := RequestLog(n)
		l.UserID, l.KeyID, l.SessionID, l.Upstream.ProviderID = u.ID, k.ID, session, 4
		return l
	}
	first, second, other := request(1, "alpha"), request(5, "alpha"), request(2, "beta")
	first.Binding = 4
	second.Call.Model, second.Upstream.ProviderID = "m2", 6 // served elsewhere, the binding kept
	running := Opened(request(6, "gamma"))
	running.SessionID = "gamma"
	require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{running}, Finished: []domain.FinishedLog{Finished(second), Finished(first), Finished(other)}}))

	alpha, err := s.Sessions().Get(ctx, domain.SessionKey{KeyID: k.ID, ID: "alpha"}.Hash())
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(domain.Session{
		Key: domain.SessionKey{KeyID: k.ID, ID: "alpha"}, Hash: alpha.Hash, UserID: u.ID,
		ProviderID: 4, // that it is bound to
		Model:      "m2", ClientKind: "claude-code", FirstAt: first.CreatedAt, LastAt: second.CreatedAt.Add(3 * time.Second),
		Requests: 2, // what they cost is told by the ledger
	}, alpha))
	used, err := s.Keys().Get(ctx, k.ID)
	require.NoError(t, err)
	require.Equal(t, running.CreatedAt, used.LastUsedAt)

	names := func(f domain.SessionFilter) (list []string) {
		sessions, err := s.Sessions().List(ctx, f)
		require.NoError(t, err)
		for _, x := range sessions {
			list = append(list, x.Key.ID)
		}
		return list
	}
	require.Equal(t, []string{"alpha", "gamma", "beta"}, names(domain.SessionFilter{}))
	require.Equal(t, []string{"alpha", "gamma"}, names(domain.SessionFilter{ActiveSince: running.CreatedAt}))
	require.Equal(t, []string{"beta"}, names(domain.SessionFilter{SessionID: "be"}))
	require.Equal(t, []string{"alpha"}, names(domain.SessionFilter{Model: "m2", UserID: u.ID, KeyID: k.ID, ProviderID: 4}))
	require.Empty(t, names(domain.SessionFilter{ProviderID: 6}))
	require.Equal(t, []string{"gamma"}, names(domain.SessionFilter{Before: alpha.LastAt, BeforeHash: alpha.Hash, Limit: 1}))

	testBindings(t, s, alpha.Hash, func(n int, binding domain.ProviderID) domain.RequestLog {
		l := request(n, "alpha")
		l.Binding = binding
		return l
	})
	testTermination(t, s, alpha, request(29, "alpha"))
}

// The list shows what sessions are bound to, and no provider that they lost.
func testBindings(t *testing.T, s *store.Store, hash string, request func(int, domain.ProviderID) domain.RequestLog) {
	t.Helper()
	for n, step := range []struct{ change, want domain.ProviderID }{
		{0, 4}, {6, 6}, {domain.BindingDropped, 0}, {0, 0}, {5, 5},
	} {
		l := request(10+n, step.change)
		require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{Finished(l)}}))
		got, err := s.Sessions().Get(t.Context(), hash)
		require.NoError(t, err)
		require.Equal(t, step.want, got.ProviderID, "after %d", step.change)
	}
}

func testTermination(t *testing.T, s *store.Store, alpha domain.Session, again domain.RequestLog) {
	t.Helper()
	ctx := t.Context()
	active := domain.SessionFilter{ActiveSince: alpha.FirstAt, SessionID: "alpha"}
	requireFault(t, s.Sessions().Terminated(ctx, "unknown"), domain.KindNotFound)
	require.NoError(t, s.Sessions().Terminated(ctx, alpha.Hash))
	list, err := s.Sessions().List(ctx, active)
	require.NoError(t, err)
	require.Empty(t, list)
	ended, err := s.Sessions().Get(ctx, alpha.Hash)
	require.NoError(t, err, "what it did is still known")
	require.Zero(t, ended.ProviderID)

	again.CreatedAt = time.Now().Add(time.Minute)
	require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{Finished(again)}}))
	list, err = s.Sessions().List(ctx, active)
	require.NoError(t, err)
	require.Len(t, list, 1, "used again")
}

func testLogFilters(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	want := writeVariedLogs(t, s)
	running := RequestLog(60)
	require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{Opened(running)}}))

	for _, c := range logFilterCases(t, want) {
		t.Run(c.name, func(t *testing.T) {
			c.filter.Limit = 60
			got, err := s.RequestLogs().List(ctx, c.filter)
			require.NoError(t, err)
			var ids, expected []domain.RequestID
			for _, l := range got {
				if l.ID != running.ID {
					ids = append(ids, l.ID)
				}
			}
			for i, l := range slices.Backward(want) {
				if c.keep(i, l) {
					expected = append(expected, l.ID)
				}
			}
			require.Equal(t, expected, ids)
		})
	}
}

// writeVariedLogs writes rows that differ by their index in what filters look at.
func writeVariedLogs(t *testing.T, s *store.Store) []domain.RequestLog {
	t.Helper()
	want := make([]domain.RequestLog, 60)
	finished := make([]domain.FinishedLog, len(want))
	for i := range want {
		l := RequestLog(i)
		l.IsDemo, l.IsReplay = i%2 == 0, i%3 == 0
		switch i % 4 {
		case 1:
			l.Result = domain.ResultRecord{StatusCode: 502, Outcome: domain.OutcomeFailure, ErrorMessage: "Bad 100%_sure GATEWAY"}
			l.Call.Model, l.Upstream.ModelSent = "gpt-5", "gpt-5-mini"
		case 2:
			l.Result = domain.ResultRecord{StatusCode: 429, Outcome: domain.OutcomeBlocked, BlockedBy: domain.BlockedLimit, ErrorMessage: "Not at this Gateway"}
			l.Call.Endpoint, l.Client.Kind, l.Timing.Duration = "/v1/responses", "codex", time.Minute
		case 3:
			l.Result = domain.ResultRecord{StatusCode: 404, Outcome: domain.OutcomeFailure}
		}
		want[i], finished[i] = l, Finished(l)
	}
	require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: finished}))
	return want
}

// logFilterCase is a filter with the rows it keeps.
type logFilterCase struct {
	name   string
	filter domain.LogFilter
	keep   func(i int, l domain.RequestLog) bool
}

func logFilterCases(t *testing.T, want []domain.RequestLog) []logFilterCase {
	t.Helper()
	status := func(text string) domain.StatusFilter {
		f, err := domain.ParseStatusFilter(text)
		require.NoError(t, err)
		return f
	}
	no := false
	return []logFilterCase{
		{"user", domain.LogFilter{UserID: 2}, func(_ int, l domain.RequestLog) bool { return l.UserID == 2 }},
		{"key", domain.LogFilter{KeyID: 3}, func(_ int, l domain.RequestLog) bool { return l.KeyID == 3 }},
		{"provider", domain.LogFilter{ProviderID: 5}, func(_ int, l domain.RequestLog) bool { return l.Upstream.ProviderID == 5 }},
		{"time", domain.LogFilter{From: want[10].CreatedAt, To: want[20].CreatedAt}, func(i int, _ domain.RequestLog) bool { return i >= 10 && i < 20 }},
		{"session", domain.LogFilter{SessionID: want[25].SessionID}, func(i int, _ domain.RequestLog) bool { return i/10 == 2 }},
		{"session prefix", domain.LogFilter{SessionID: "1f0c1a52-5d5e"}, func(int, domain.RequestLog) bool { return true }},
		{"short session prefix", domain.LogFilter{SessionID: "1f0c"}, func(int, domain.RequestLog) bool { return true }},
		{"no such session", domain.LogFilter{SessionID: "1f0d"}, func(int, domain.RequestLog) bool { return false }},
		{"request", domain.LogFilter{RequestID: want[7].ID}, func(i int, _ domain.RequestLog) bool { return i == 7 }},
		{"model requested", domain.LogFilter{Model: "gpt-5"}, func(i int, _ domain.RequestLog) bool { return i%4 == 1 }},
		{"model sent", domain.LogFilter{Model: "gpt-5-mini"}, func(i int, _ domain.RequestLog) bool { return i%4 == 1 }},
		{"status", domain.LogFilter{Status: status("404")}, func(i int, _ domain.RequestLog) bool { return i%4 == 3 }},
		{"status class", domain.LogFilter{Status: status("4xx")}, func(i int, _ domain.RequestLog) bool { return i%4 >= 2 }},
		{"status not", domain.LogFilter{Status: status("non-200")}, func(i int, _ domain.RequestLog) bool { return i%4 != 0 }},
		{"errors", domain.LogFilter{ErrorsOnly: true}, func(i int, _ domain.RequestLog) bool { return i%4 != 0 }},
		{"errors of a class", domain.LogFilter{ErrorsOnly: true, Status: status("non-4xx")}, func(i int, _ domain.RequestLog) bool { return i%4 == 1 }},
		{"errors of a user", domain.LogFilter{ErrorsOnly: true, UserID: 1}, func(i int, l domain.RequestLog) bool { return i%4 != 0 && l.UserID == 1 }},
		{"older errors", domain.LogFilter{Status: status("4xx"), Before: want[30].ID}, func(i int, _ domain.RequestLog) bool { return i%4 >= 2 && i < 30 }},
		{"text", domain.LogFilter{Text: "100%_SURE gate"}, func(i int, _ domain.RequestLog) bool { return i%4 == 1 }},
		{"text of all", domain.LogFilter{Text: "gateway"}, func(i int, _ domain.RequestLog) bool { return i%4 == 1 || i%4 == 2 }},
		{"text of refusals", domain.LogFilter{Text: "gateway", Refusals: true}, func(i int, _ domain.RequestLog) bool { return i%4 == 2 }},
		{"text is no pattern", domain.LogFilter{Text: "bad%gateway"}, func(int, domain.RequestLog) bool { return false }},
		{"outcome", domain.LogFilter{Outcome: domain.OutcomeFailure}, func(i int, _ domain.RequestLog) bool { return i%2 == 1 }},
		{"blocked by", domain.LogFilter{BlockedBy: domain.BlockedLimit}, func(i int, _ domain.RequestLog) bool { return i%4 == 2 || i%4 == 0 }},
		{"endpoint", domain.LogFilter{Endpoint: "/v1/responses"}, func(i int, _ domain.RequestLog) bool { return i%4 == 2 }},
		{"attempts", domain.LogFilter{MinAttempts: 3}, func(_ int, l domain.RequestLog) bool { return l.Upstream.Attempts >= 3 }},
		{"duration", domain.LogFilter{MinDuration: 30 * time.Second}, func(i int, _ domain.RequestLog) bool { return i%4 == 2 }},
		{"client", domain.LogFilter{Client: "codex"}, func(i int, _ domain.RequestLog) bool { return i%4 == 2 }},
		{"demo", domain.LogFilter{Demo: &no}, func(i int, _ domain.RequestLog) bool { return i%2 == 1 }},
		{"replay", domain.LogFilter{Replay: &no}, func(i int, _ domain.RequestLog) bool { return i%3 != 0 }},
		{"all at once", domain.LogFilter{UserID: 2, Status: status("5xx"), Outcome: domain.OutcomeFailure}, func(i int, l domain.RequestLog) bool {
			return i%4 == 1 && l.UserID == 2
		}},
	}
}

// Paging by id shows each old row exactly once while new ones arrive.
func testLogPaging(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	write := func(n int) {
		require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{Finished(RequestLog(n))}}))
	}
	for n := range 50 {
		write(n)
	}
	var seen []domain.RequestID
	filter := domain.LogFilter{Limit: 7}
	for n := 50; ; n++ {
		page, err := s.RequestLogs().List(ctx, filter)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			seen = append(seen, l.ID)
		}
		filter.Before = seen[len(seen)-1]
		write(n)
	}
	require.Len(t, seen, 50)
	require.True(t, slices.IsSortedFunc(seen, func(a, b domain.RequestID) int { return int(b - a) }))
	page, err := s.RequestLogs().List(ctx, domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, page, 20)
}
