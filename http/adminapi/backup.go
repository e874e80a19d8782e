package adminapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	jobBackup  = "backup"
	jobRestore = "restore"
	// uploadWithin bounds the upload of an archive.
	uploadWithin = 30 * time.Minute
)

// Archives are the backups in the data directory of this node. An id that is
// not there fails with domain.KindNotFound.
type Archives interface {
	// List describes them, the newest first.
	List() ([]domain.Archive, error)
	Write(ctx context.Context, mode string, progress domain.JobProgress) (domain.Archive, error)
	// File opens one for reading; the caller closes it.
	File(id string) (io.ReadSeekCloser, domain.Archive, error)
	Delete(id string) error
	// Receive takes an archive over from outside. What is none fails with
	// domain.KindInvalid and is not kept.
	Receive(ctx context.Context, body io.Reader) (domain.Archive, error)
	// Check tells whether an archive can be restored, and changes nothing.
	Check(ctx context.Context, id, how string, progress domain.JobProgress) error
	// Restore has the hub end soon, put an archive back and begin anew.
	Restore(id, how string) error
	// LastRestore is what became of the last one; nil = there was none.
	LastRestore() (*domain.Restore, error)
}

func (a *API) declareBackup() {
	tags := []string{"Backup"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createBackup", Method: http.MethodPost, Path: "/backup", Tags: tags,
		Summary: "Write an archive into the data directory as a job", DefaultStatus: http.StatusAccepted,
	}, a.createBackup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "backupStatus", Method: http.MethodGet, Path: "/backup/status", Tags: tags,
		Summary: "List the archives in the data directory, and what became of the last restore",
	}, a.backupStatus)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "restoreBackup", Method: http.MethodPost, Path: "/backup/restore", Tags: tags,
		Summary:       "Check an archive and put it back as a job; the hub ends for that and begins anew, signed-in browsers are signed out",
		DefaultStatus: http.StatusAccepted,
		RequestBody: &huma.RequestBody{
			Description: "an archive; none where the query names one of the data directory",
			Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		},
	}, a.restoreBackup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "downloadBackup", Method: http.MethodGet, Path: "/backup/{id}/download", Tags: tags,
		Summary: "Download an archive; ranges are served, so that a download can go on where it broke off",
		Responses: map[string]*huma.Response{"200": {
			Description: "the archive",
			Content:     map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		}},
	}, a.downloadBackup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteBackup", Method: http.MethodDelete, Path: "/backup/{id}", Tags: tags,
		Summary: "Throw an archive away", DefaultStatus: http.StatusNoContent,
	}, a.deleteBackup)
}

type createBackupInput struct {
	Body struct {
		Mode string `json:"mode,omitempty" enum:"full,no_logs,ledger,config" default:"full" doc:"what it holds"`
	}
}

// archiveBody describes an archive; it is also the result of the job.
type archiveBody struct {
	ID        string             `json:"id"`
	Mode      string             `json:"mode"    enum:"full,no_logs,ledger,config"`
	Version   string             `json:"version" doc:"of the program that made it"`
	Engine    string             `json:"engine"`
	Schema    int64              `json:"schema"  doc:"number of the last migration"`
	CreatedAt time.Time          `json:"createdAt"`
	Bytes     int64              `json:"bytes"`
	Rows      int                `json:"rows"`
	Tables    []archiveTableBody `json:"tables"`
}

type archiveTableBody struct {
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

func showArchive(d *domain.Archive) archiveBody {
	b := archiveBody{
		ID: d.ID, Mode: d.Mode, Version: d.Version, Engine: d.Engine, Schema: d.Schema, CreatedAt: d.CreatedAt.UTC(),
		Bytes: d.Bytes, Rows: d.Rows, Tables: make([]archiveTableBody, len(d.Tables)),
	}
	for i, t := range d.Tables {
		b.Tables[i] = archiveTableBody(t)
	}
	return b
}

func (a *API) createBackup(_ context.Context, in *createBackupInput) (*jobStartedOutput, error) {
	return a.begin(jobBackup, func(ctx context.Context, progress domain.JobProgress) (any, error) {
		d, err := a.Archives.Write(ctx, in.Body.Mode, progress)
		if err != nil {
			return nil, err
		}
		return showArchive(&d), nil
	})
}

type restoreBody struct {
	Archive   string              `json:"archive"`
	How       string              `json:"how"       enum:"replace,merge"`
	State     string              `json:"state"     enum:"running,done,failed,interrupted"`
	Safety    *string             `json:"safety"    doc:"id of the archive of what was there before"`
	Error     *string             `json:"error"`
	StartedAt time.Time           `json:"startedAt"`
	EndedAt   *time.Time          `json:"endedAt"`
	Tables    []restoredTableBody `json:"tables"`
}

type restoredTableBody struct {
	Name  string `json:"name"`
	Rows  int    `json:"rows"  doc:"of the archive"`
	Added int    `json:"added"`
}

type backupStatusOutput struct {
	Body struct {
		Archives    []archiveBody `json:"archives"    doc:"the newest first"`
		Jobs        []jobBody     `json:"jobs"        doc:"backups and restores that run"`
		LastRestore *restoreBody  `json:"lastRestore"`
	}
}

func (a *API) backupStatus(context.Context, *struct{}) (*backupStatusOutput, error) {
	list, err := a.Archives.List()
	if err != nil {
		return nil, err
	}
	last, err := a.Archives.LastRestore()
	if err != nil {
		return nil, err
	}
	out := &backupStatusOutput{}
	out.Body.Archives, out.Body.Jobs = make([]archiveBody, len(list)), []jobBody{}
	for i := range list {
		out.Body.Archives[i] = showArchive(&list[i])
	}
	for _, j := range a.Jobs.List() {
		if (j.Kind == jobBackup || j.Kind == jobRestore) && j.State == domain.JobRunning {
			out.Body.Jobs = append(out.Body.Jobs, showJob(&j))
		}
	}
	if last != nil {
		out.Body.LastRestore = showRestore(last)
	}
	return out, nil
}

func showRestore(r *domain.Restore) *restoreBody {
	b := &restoreBody{
		Archive: r.Archive, How: r.How, State: string(r.State), Safety: optional(r.Safety), Error: optional(r.Error),
		StartedAt: r.StartedAt.UTC(), EndedAt: optionalTime(r.EndedAt), Tables: []restoredTableBody{},
	}
	for _, t := range r.Tables {
		b.Tables = append(b.Tables, restoredTableBody(t))
	}
	return b
}

type archiveInput struct {
	ID string `path:"id" maxLength:"100"`
}

func (a *API) deleteBackup(_ context.Context, in *archiveInput) (*struct{}, error) {
	return &struct{}{}, a.Archives.Delete(in.ID)
}

func (a *API) downloadBackup(_ context.Context, in *archiveInput) (*huma.StreamResponse, error) {
	f, d, err := a.Archives.File(in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer func() { _ = f.Close() }()
		r, w := humamux.Unwrap(ctx)
		h := w.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.cchbackup"`, d.ID))
		http.ServeContent(w, r, "", d.CreatedAt, f)
	}}, nil
}

type restoreInput struct {
	How     string `query:"how"     enum:"replace,merge" default:"replace" doc:"replace empties the tables of the archive's mode first; merge adds what is missing"`
	DryRun  bool   `query:"dryRun"  doc:"check the archive, and change nothing"`
	Archive string `query:"archive" maxLength:"100" doc:"id of one that lies in the data directory already, instead of a body"`

	body io.Reader
}

// Resolve keeps the body, which is too long to be read at once.
func (in *restoreInput) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	_ = ctx.SetReadDeadline(time.Now().Add(uploadWithin)) // where there is no connection nothing can stall
	return nil
}

// restoreResult is the result of the job.
type restoreResult struct {
	Archive    archiveBody `json:"archive"`
	How        string      `json:"how"`
	DryRun     bool        `json:"dryRun"`
	Restarting bool        `json:"restarting" doc:"the hub ends now; ask /backup/status when it is ready again"`
}

func (a *API) restoreBackup(ctx context.Context, in *restoreInput) (*jobStartedOutput, error) {
	d, err := a.archiveToRestore(ctx, in)
	if err != nil {
		return nil, err
	}
	how, dry := in.How, in.DryRun
	return a.begin(jobRestore, func(ctx context.Context, progress domain.JobProgress) (any, error) {
		r := restoreResult{Archive: showArchive(&d), How: how, DryRun: dry}
		if err := a.Archives.Check(ctx, d.ID, how, progress); err != nil || dry {
			return r, err
		}
		r.Restarting = true
		return r, a.Archives.Restore(d.ID, how)
	})
}

// archiveToRestore is the one that the query names, else the body.
func (a *API) archiveToRestore(ctx context.Context, in *restoreInput) (domain.Archive, error) {
	if in.Archive == "" {
		return a.Archives.Receive(ctx, in.body)
	}
	f, d, err := a.Archives.File(in.Archive)
	if err != nil {
		return d, err
	}
	return d, f.Close()
}
