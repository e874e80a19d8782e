package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// maxFacetRows is how many of the newest rows are looked at for what they hold.
	maxFacetRows    = 20_000
	facetDefaultAge = 30 * 24 * time.Hour
)

func (a *API) declareMyLogs() {
	about := "With a key that may not sign in to the dashboard only that key's requests, else those of all keys of the user. " + aboutMe
	operation(a, LevelSelf, huma.Operation{
		OperationID: "listMyUsageLogs", Method: http.MethodGet, Path: "/me/usage-logs", Tags: meTags(),
		Summary: "List one's own requests, newest first", Description: about,
	}, a.listMyLogs)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "myUsageLogFacets", Method: http.MethodGet, Path: "/me/usage-logs/facets", Tags: meTags(),
		Summary: "Models and endpoints of one's own requests", Description: about,
	}, a.myLogFacets)
}

type myLogListInput struct {
	PageInput
	OwnLogFilterInput
}

func (a *API) listMyLogs(ctx context.Context, in *myLogListInput) (*listOutput[LogBody], error) {
	f, err := a.myLogFilter(ctx, &in.OwnLogFilterInput)
	if err != nil {
		return nil, err
	}
	if err := in.seek(&f); err != nil {
		return nil, err
	}
	rows, err := a.Stores.Logs.List(ctx, f)
	if err != nil {
		return nil, err
	}
	return logPage(rows, in.Limit, a.ownLogView()), nil
}

// myLogFilter selects requests that are the caller's own, whatever is asked for.
func (a *API) myLogFilter(ctx context.Context, in *OwnLogFilterInput) (f domain.LogFilter, err error) {
	c, err := userOf(ctx)
	if err != nil {
		return f, err
	}
	if own := c.rowsOf(); own != 0 {
		if in.KeyID != 0 && in.KeyID != int64(own) {
			return f, domain.NotFound("key", in.KeyID)
		}
		in.KeyID = int64(own)
	} else if k := a.Catalog.Current().Key(domain.KeyID(in.KeyID)); in.KeyID != 0 && (k == nil || k.UserID != c.user.ID) {
		return f, domain.NotFound("key", in.KeyID)
	}
	f, err = in.filter()
	f.UserID = c.user.ID
	a.ownLogView().restrict(&f)
	return f, err
}

// ownLogView shows rows to whoever they belong to, also to administrators as to
// any other user.
func (a *API) ownLogView() logView {
	catalog := a.Catalog.Current()
	return logView{catalog: catalog, full: catalog.Settings().ExposeProviderNames}
}

type facetInput struct {
	From time.Time `query:"from" doc:"30 days before to where it is left out"`
	To   time.Time `query:"to"   doc:"now where it is left out"`
}

type logFacetsBody struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Models    []string  `json:"models"    doc:"as requested, by name"`
	Endpoints []string  `json:"endpoints" doc:"by name"`
}

type logFacetsOutput struct{ Body logFacetsBody }

type logFacetsKey struct {
	user domain.UserID
	key  domain.KeyID // 0 = all of the user's
	in   facetInput
}

// myLogFacets tells what the filters of the list may be given.
func (a *API) myLogFacets(ctx context.Context, in *facetInput) (*logFacetsOutput, error) {
	f, err := a.myLogFilter(ctx, &OwnLogFilterInput{From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	now := a.Now()
	if f.To.IsZero() {
		f.To = now
	}
	if f.From.IsZero() {
		f.From = f.To.Add(-facetDefaultAge)
	}
	if _, err := checkRange(f.From, f.To, now); err != nil {
		return nil, err
	}
	return answer(ctx, a.answers, logFacetsKey{f.UserID, f.KeyID, *in}, logSummaryKept, func(ctx context.Context) (*logFacetsOutput, error) {
		seen, err := a.Stores.Logs.Facets(ctx, f, maxFacetRows)
		if err != nil {
			return nil, err
		}
		return &logFacetsOutput{Body: logFacetsBody{
			From: f.From.UTC(), To: f.To.UTC(), Models: list(seen.Models), Endpoints: list(seen.Endpoints),
		}}, nil
	})
}
