package adminapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/backup"
)

// fakeArchives keep real archives, and note what is to be put back.
type fakeArchives struct {
	backup.Shelf

	mu       sync.Mutex
	restored []string
}

func (f *fakeArchives) Write(ctx context.Context, mode string, progress domain.JobProgress) (domain.Archive, error) {
	return f.Shelf.Write(ctx, backup.Mode(mode), progress)
}

func (f *fakeArchives) Check(ctx context.Context, id, how string, progress domain.JobProgress) (err error) {
	a, err := f.Open(id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Check(ctx, f.Store, backup.How(how), progress)
}

func (f *fakeArchives) Restore(id, how string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restored = append(f.restored, how+" "+id)
	return nil
}

func (f *fakeArchives) toRestore() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.restored
}

func (f *fakeArchives) LastRestore() (*domain.Restore, error) {
	return &domain.Restore{
		Archive: "a", How: "merge", State: domain.RestoreFailed, Error: "no room", StartedAt: time.Unix(1, 0),
		Tables: []domain.RestoredTable{{Name: "users", Rows: 3, Added: 2}},
	}, nil
}

// fakeChores know one chore, and note what is to be done.
type fakeChores struct{ asked []string }

func (*fakeChores) Chores() []domain.Chore {
	return []domain.Chore{{
		Name: "request_logs", Every: time.Hour, Runs: 2, Failures: 1, Removed: 30, Left: 4, LastAt: time.Unix(60, 0),
		Took: time.Second, Error: "no room for sk-ant-REDACTED",
	}, {Name: "price_sync", Left: -1}}
}

func (f *fakeChores) RunChore(name string) error {
	if name != "request_logs" {
		return domain.NotFound("job", name)
	}
	f.asked = append(f.asked, name)
	return nil
}

type fakeLevel struct{ level string }

func (f *fakeLevel) LogLevel() string         { return f.level }
func (f *fakeLevel) SetLogLevel(level string) { f.level = strings.ToUpper(level) }

// fakeDeclarations show what the hub answers to whoever asks, and import what
// posts a group.
type fakeDeclarations struct{}

func (fakeDeclarations) Export(ctx context.Context, hub http.RoundTripper) ([]byte, error) {
	return call1(ctx, hub, http.MethodGet, "/api/v1/settings", "")
}

func (fakeDeclarations) Import(ctx context.Context, hub http.RoundTripper, document []byte, o domain.DeclarationImport) (domain.DeclarationReport, error) {
	r := domain.DeclarationReport{Changes: []string{"create group team"}}
	if o.DryRun {
		return r, nil
	}
	_, err := call1(ctx, hub, http.MethodPost, "/api/v1/provider-groups", string(document))
	if err != nil {
		return r, domain.NewFault(domain.KindInvalid, "", err.Error())
	}
	r.Made = 1
	return r, nil
}

func call1(ctx context.Context, hub http.RoundTripper, method, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://hub"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer nobody's")
	resp, err := hub.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, errors.New(resp.Status + " " + string(text))
	}
	return text, err
}

// endless is a body of zeros.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	e.left -= n
	clear(p[:n])
	return n, nil
}

// heap is what was allocated so far.
func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
