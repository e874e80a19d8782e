package main

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestChoresForgetWhatIsOld(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load(map[string]string{"DATA_DIR": t.TempDir(), "ADMIN_TOKEN": testkit.AdminToken, "PRICE_SYNC_URL": "off"})
	require.NoError(t, err)
	app, err := New(t.Context(), cfg, Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, app.Close(t.Context())) }()
	ctx, now := t.Context(), time.Now()

	var rows []domain.FinishedLog
	for _, at := range []time.Time{now.AddDate(0, 0, -31), now.AddDate(0, 0, -4), now} {
		id := domain.FirstRequestIDAt(at)
		rows = append(rows, domain.FinishedLog{
			Log:    &domain.RequestLog{ID: id, CreatedAt: at, Result: domain.ResultRecord{StatusCode: 200, Outcome: domain.OutcomeSuccess}},
			Detail: &domain.RequestDetail{RequestID: id, Chain: `[{"reason":"request_success"}]`},
		})
	}
	require.NoError(t, app.store.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: rows}))
	session := domain.AuthSession{TokenHash: [32]byte{1}, Kind: domain.AuthAdminToken, CreatedAt: now, ExpiresAt: now.Add(time.Hour), LastSeenAt: now}
	require.NoError(t, app.store.AuthSessions().Create(ctx, session))

	removed := 0
	for _, job := range app.chores(app.system.Configuration(), app.system.Operator()) {
		n, err := job.Run(ctx)
		require.NoError(t, err, job.Name)
		removed += n
	}
	require.Equal(t, 3, removed, "a row, and the details of two")
	left, err := app.store.RequestLogs().List(ctx, domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, left, 2)
	_, detail, err := app.store.RequestLogs().Get(ctx, left[1].ID)
	require.NoError(t, err)
	require.JSONEq(t, "[]", detail.Chain)
	_, err = app.store.AuthSessions().Get(ctx, session.TokenHash)
	require.NoError(t, err, "a session in force stays")
}

func TestWithoutEnforcementLimitsOnlyCount(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "ENABLE_RATE_LIMIT=false")
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	user := p.AddUser(t, "ann", testkit.M{"rpmLimit": 1})
	key := p.AddKey(t, user, "key")
	for range 3 {
		status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
		require.Equal(t, http.StatusOK, status, body)
	}
	_, usage := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
	require.EqualValues(t, 3, usage.Get(`windows.#(limitType=="rpm").used`).Int(), usage.Raw)
}
