package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/claude-code-hub/cch/internal/declaration"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/telemetry"
)

// logLevel is from which level on the process logs.
type logLevel struct{ level *slog.LevelVar }

func (l logLevel) LogLevel() string         { return l.level.Level().String() }
func (l logLevel) SetLogLevel(level string) { l.level.Set(telemetry.ParseLevel(level)) }

// measureStorage measures the database and remembers that for the metrics.
func (a *App) measureStorage(ctx context.Context) (domain.StorageUsage, error) {
	u, err := a.store.Usage(ctx, a.now())
	if err == nil {
		a.usage.Store(&u)
	}
	return u, err
}

// tokenRotation replaces the admin token that was generated; nil = there is none.
func (a *App) tokenRotation() func() (domain.Secret, error) {
	if a.adminToken.Path == "" {
		return nil
	}
	return func() (domain.Secret, error) { return secrets.RotateAdminToken(a.cfg.Storage.Directory()) }
}

// declarations are the configuration as one document.
type declarations struct{}

func (declarations) Export(ctx context.Context, hub http.RoundTripper) ([]byte, error) {
	d, err := declaration.NewHub(innerURL, "", hub).Export(ctx)
	if err != nil {
		return nil, err
	}
	return d.Text()
}

// innerURL has a host because URLs do; nothing is connected to.
const innerURL = "http://hub"

// Import takes a document over. Variables of the environment belong to whoever
// runs the command; over the API they would give away the hub's own.
func (declarations) Import(ctx context.Context, hub http.RoundTripper, document []byte, o domain.DeclarationImport) (r domain.DeclarationReport, err error) {
	d, err := declaration.Parse(document, func(string) (string, bool) { return "", false })
	if err != nil {
		return r, domain.NewFault(domain.KindInvalid, "", err.Error()).Because(err)
	}
	h := declaration.NewHub(innerURL, "", hub)
	changes, err := h.Plan(ctx, d, o.Secrets)
	if err != nil {
		return r, refusedImport(err, r)
	}
	for _, c := range changes {
		r.Changes = append(r.Changes, c.String())
	}
	if o.DryRun {
		return r, nil
	}
	for _, c := range changes {
		if err := h.Apply(ctx, c); err != nil {
			return r, refusedImport(err, r)
		}
		r.Made++
	}
	return r, nil
}

// refusedImport says how far an import came. It can be repeated.
func refusedImport(err error, r domain.DeclarationReport) error {
	if !errors.Is(err, declaration.ErrRefused) {
		return err
	}
	return domain.NewFault(domain.KindInvalid, "",
		fmt.Sprintf("%d of %d changes were made; the next one failed: %v", r.Made, len(r.Changes), err)).Because(err)
}
