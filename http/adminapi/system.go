package adminapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// storageWithin bounds the measuring of the database.
const storageWithin = 8 * time.Second

// Chores are what this node does by the clock.
type Chores interface {
	Chores() []domain.Chore
	// RunChore has one done soon. An unknown one fails with domain.KindNotFound,
	// one that runs with domain.KindConflict.
	RunChore(name string) error
}

// LogLevel is from which level on this process logs: debug, info, warn or error.
type LogLevel interface {
	LogLevel() string
	SetLogLevel(level string)
}

func (a *API) declareSystem() {
	tags := []string{"System"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "systemVersion", Method: http.MethodGet, Path: "/system/version", Tags: tags, Summary: "What is running",
	}, a.systemVersion)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listSystemJobs", Method: http.MethodGet, Path: "/system/jobs", Tags: tags,
		Summary: "What this node does by the clock, and how the last runs went",
	}, a.listSystemJobs)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "runSystemJob", Method: http.MethodPost, Path: "/system/jobs/{name}/run", Tags: tags,
		Summary: "Have a job of the clock done now", DefaultStatus: http.StatusAccepted,
	}, a.runSystemJob)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "systemStorage", Method: http.MethodGet, Path: "/system/storage", Tags: tags,
		Summary: "What the database takes, table by table, and how the stores are",
	}, a.systemStorage)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getLogLevel", Method: http.MethodGet, Path: "/system/log-level", Tags: tags,
		Summary: "From which level on this node logs",
	}, a.getLogLevel)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "setLogLevel", Method: http.MethodPut, Path: "/system/log-level", Tags: tags,
		Summary: "Log from another level on, on this node and until it ends",
	}, a.setLogLevel)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "rotateAdminToken", Method: http.MethodPost, Path: "/system/admin-token/rotate", Tags: tags,
		Summary: "Make another admin token and show it once; only of a generated one, whose sessions end",
	}, a.rotateAdminToken)
}

type choreBody struct {
	Name         string     `json:"name"`
	EverySeconds int64      `json:"everySeconds"`
	Running      bool       `json:"running"`
	Runs         int        `json:"runs"         doc:"since the process started"`
	Failures     int        `json:"failures"`
	Removed      int        `json:"removed"      doc:"rows it deleted"`
	RowsLeft     *int       `json:"rowsLeft"     doc:"rows its last run did not get to; null = not counted"`
	LastRunAt    *time.Time `json:"lastRunAt"`
	DurationMs   int64      `json:"durationMs"   doc:"of the last run"`
	LastError    *string    `json:"lastError"    doc:"of the last run"`
}

type choresOutput struct {
	Body struct {
		Items []choreBody `json:"items"`
	}
}

func (a *API) listSystemJobs(context.Context, *struct{}) (*choresOutput, error) {
	out := &choresOutput{}
	out.Body.Items = []choreBody{}
	for _, c := range a.Chores.Chores() {
		b := choreBody{
			Name: c.Name, EverySeconds: int64(c.Every.Seconds()), Running: c.Running, Runs: c.Runs, Failures: c.Failures,
			Removed: c.Removed, LastRunAt: optionalTime(c.LastAt), DurationMs: c.Took.Milliseconds(),
			LastError: optional(secrets.Redact(c.Error)),
		}
		if c.Left >= 0 {
			b.RowsLeft = &c.Left
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}

type runChoreInput struct {
	Name string `path:"name" minLength:"1" maxLength:"64"`
}

func (a *API) runSystemJob(_ context.Context, in *runChoreInput) (*struct{}, error) {
	return &struct{}{}, a.Chores.RunChore(in.Name)
}

type tableUsageBody struct {
	Name  string `json:"name"`
	Rows  *int64 `json:"rows"  doc:"null = it took too long to count them"`
	Exact bool   `json:"exact" doc:"counted, not estimated"`
	Bytes *int64 `json:"bytes" doc:"with indexes; null = not known"`
}

type storageOutput struct {
	Body struct {
		Engine     string                     `json:"engine"     enum:"sqlite3,postgres"`
		Schema     int64                      `json:"schema"     doc:"number of the last migration"`
		Bytes      int64                      `json:"bytes"`
		Tables     []tableUsageBody           `json:"tables"`
		MeasuredAt time.Time                  `json:"measuredAt"`
		Components map[string]ComponentHealth `json:"components" doc:"database, redis and journal, as the health check sees them"`
	}
}

func (a *API) systemStorage(ctx context.Context, _ *struct{}) (*storageOutput, error) {
	health := a.Health(ctx)
	ctx, cancel := context.WithTimeout(ctx, storageWithin)
	defer cancel()
	u, err := a.Storage(ctx)
	if err != nil {
		return nil, err
	}
	out := &storageOutput{}
	b := &out.Body
	b.Engine, b.Schema, b.Bytes, b.MeasuredAt = u.Engine, u.Schema, u.Bytes, u.At.UTC()
	b.Tables, b.Components = make([]tableUsageBody, len(u.Tables)), health.Components
	for i, t := range u.Tables {
		b.Tables[i] = tableUsageBody{Name: t.Name, Rows: known(t.Rows), Exact: t.Exact, Bytes: known(t.Bytes)}
	}
	return out, nil
}

// known is nil for -1.
func known(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

type logLevelBody struct {
	Level string `json:"level" enum:"debug,info,warn,error"`
}

type logLevelOutput struct{ Body logLevelBody }

type logLevelInput struct{ Body logLevelBody }

func (a *API) getLogLevel(context.Context, *struct{}) (*logLevelOutput, error) {
	return &logLevelOutput{Body: logLevelBody{Level: strings.ToLower(a.LogLevel.LogLevel())}}, nil
}

func (a *API) setLogLevel(ctx context.Context, in *logLevelInput) (*logLevelOutput, error) {
	a.LogLevel.SetLogLevel(in.Body.Level)
	a.Logger.InfoContext(ctx, "log level set", "level", in.Body.Level)
	return a.getLogLevel(ctx, nil)
}

type adminTokenOutput struct {
	Body struct {
		Token string `json:"token" doc:"shown this once"`
	}
}

func (a *API) rotateAdminToken(ctx context.Context, _ *struct{}) (*adminTokenOutput, error) {
	if a.RotateToken == nil {
		return nil, domain.NewFault(domain.KindConflict, "", "the admin token was chosen with ADMIN_TOKEN: change it there and start anew")
	}
	token, err := a.RotateToken()
	if err != nil {
		return nil, err
	}
	a.trust(token)
	a.Logger.WarnContext(ctx, "the admin token was replaced")
	out := &adminTokenOutput{}
	out.Body.Token = token.Reveal()
	return out, nil
}
