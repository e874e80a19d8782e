package adminapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareLogs() {
	tags := []string{"Request logs"}
	operation(a, LevelSelf, huma.Operation{
		OperationID: "listUsageLogs", Method: http.MethodGet, Path: "/usage-logs", Tags: tags,
		Summary: "List requests, newest first; users see their own",
	}, a.listLogs)
	a.declareLogSummary() // fixed paths before /usage-logs/{id}
	operation(a, LevelSelf, huma.Operation{
		OperationID: "getUsageLog", Method: http.MethodGet, Path: "/usage-logs/{id}", Tags: tags,
		Summary: "Read a request with its decision chain and how it came to its cost",
	}, a.getLog)
	a.declareLogCleanup()
}

type logListInput struct {
	PageInput
	LogFilterInput
}

// LogFilterInput are the parameters that select requests.
type LogFilterInput struct {
	OwnLogFilterInput

	UserID     int64  `query:"userId"     minimum:"1"`
	ProviderID int64  `query:"providerId" minimum:"1"`
	Demo       string `query:"demo"       enum:"true,false"`
}

// OwnLogFilterInput are those that select among one's own requests.
type OwnLogFilterInput struct {
	From          time.Time `query:"from"`
	To            time.Time `query:"to"`
	KeyID         int64     `query:"keyId"         minimum:"1"`
	SessionID     string    `query:"sessionId"     maxLength:"256"                             doc:"exact, or a prefix"`
	RequestID     string    `query:"requestId"     maxLength:"32"`
	Model         string    `query:"model"         maxLength:"128"                             doc:"as requested or as sent"`
	StatusCode    string    `query:"statusCode"    maxLength:"7"                               doc:"200, 4xx or non-200"`
	ErrorsOnly    bool      `query:"errorsOnly"`
	Query         string    `query:"q"             maxLength:"128"                             doc:"part of the error text, as far as it is shown"`
	Outcome       string    `query:"outcome"       enum:"success,failure,blocked,client_abort"`
	BlockedBy     string    `query:"blockedBy"     enum:"request,auth,model,limit,no_provider"`
	Endpoint      string    `query:"endpoint"      maxLength:"256"`
	MinAttempts   int       `query:"minAttempts"   minimum:"0"                                 maximum:"100"`
	MinDurationMs int64     `query:"minDurationMs" minimum:"0"                                 maximum:"86400000"`
	Client        string    `query:"client"        maxLength:"64"`
	Replay        string    `query:"replay"        enum:"true,false"`
}

// filter translates the query. Who is no administrator sees nothing but their
// own, whatever they ask for.
func (in *logListInput) filter(c *caller) (domain.LogFilter, error) {
	f, err := in.LogFilterInput.filter(c)
	if err != nil {
		return f, err
	}
	return f, in.seek(&f)
}

// seek has a filter select a page of requests, and one more that tells whether
// there are others.
func (p PageInput) seek(f *domain.LogFilter) error {
	f.Limit = p.Limit + 1
	if p.Cursor == "" {
		return nil
	}
	position, err := p.position()
	before, numErr := strconv.ParseInt(position, 10, 64)
	if err != nil || numErr != nil {
		return invalidCursor()
	}
	f.Before = domain.RequestID(before)
	return nil
}

func (in *LogFilterInput) filter(c *caller) (domain.LogFilter, error) {
	f, err := in.OwnLogFilterInput.filter()
	f.UserID, f.ProviderID = domain.UserID(in.UserID), domain.ProviderID(in.ProviderID)
	if in.Demo != "" {
		f.Demo = new(in.Demo == "true")
	}
	if !c.admin() {
		f.UserID = c.userID()
	}
	return f, err
}

func (in *OwnLogFilterInput) filter() (domain.LogFilter, error) {
	f := domain.LogFilter{
		From: in.From, To: in.To, KeyID: domain.KeyID(in.KeyID), SessionID: in.SessionID, Model: in.Model,
		ErrorsOnly: in.ErrorsOnly, Text: in.Query, Outcome: domain.Outcome(in.Outcome),
		BlockedBy: domain.BlockedBy(in.BlockedBy), Endpoint: in.Endpoint, MinAttempts: in.MinAttempts,
		MinDuration: time.Duration(in.MinDurationMs) * time.Millisecond, Client: in.Client,
	}
	var wrong faults
	if in.Replay != "" {
		f.Replay = new(in.Replay == "true")
	}
	if in.StatusCode != "" {
		status, err := domain.ParseStatusFilter(in.StatusCode)
		if err != nil {
			wrong.add("invalid_format", "is not of the form 200, 4xx or non-200", "statusCode")
		}
		f.Status = status
	}
	if in.RequestID != "" {
		id, err := domain.ParseRequestID(in.RequestID)
		if err != nil {
			wrong.add("invalid_format", "is not a request id", "requestId")
		}
		f.RequestID = id
	}
	return f, wrong.err()
}

func (a *API) listLogs(ctx context.Context, in *logListInput) (*listOutput[LogBody], error) {
	c := callerOf(ctx)
	if !c.admin() && in.UserID != 0 && in.UserID != int64(c.userID()) {
		return nil, domain.NotFound("user", in.UserID)
	}
	f, err := in.filter(c)
	if err != nil {
		return nil, err
	}
	view := a.logView(c)
	view.restrict(&f)
	rows, err := a.Stores.Logs.List(ctx, f)
	if err != nil {
		return nil, err
	}
	return logPage(rows, in.Limit, view), nil
}

func logPage(rows []domain.RequestLog, limit int, v logView) *listOutput[LogBody] {
	position := func(l *domain.RequestLog) string { return strconv.FormatInt(int64(l.ID), 10) }
	return keysetPage(rows, limit, position, v.row)
}

type logIDInput struct {
	ID string `path:"id" maxLength:"32" doc:"row id or req_…"`
}

type logOutput struct{ Body logDetailBody }

// ownLog finds a request the caller may see.
func (a *API) ownLog(ctx context.Context, name string) (log domain.RequestLog, detail domain.RequestDetail, err error) {
	id, err := parseLogID(name)
	if err != nil {
		return log, detail, err
	}
	if log, detail, err = a.Stores.Logs.Get(ctx, id); err != nil {
		return log, detail, err
	}
	if !callerOf(ctx).owns(log.UserID) {
		return log, detail, domain.NotFound("request", name)
	}
	return log, detail, nil
}

func (a *API) getLog(ctx context.Context, in *logIDInput) (*logOutput, error) {
	log, detail, err := a.ownLog(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	id, c := log.ID, callerOf(ctx)
	view := a.logView(c)
	chain, err := view.chain(detail.Chain)
	if err != nil {
		return nil, fmt.Errorf("decision chain of %s: %w", id, err)
	}
	cost, err := view.cost(detail.Cost)
	if err != nil {
		return nil, fmt.Errorf("cost breakdown of %s: %w", id, err)
	}
	special, trace, err := view.special(&detail)
	if err != nil {
		return nil, err
	}
	body := logDetailBody{LogBody: view.row(&log), DecisionChain: chain, CostBreakdown: cost, SpecialSettings: special, RouteTrace: trace}
	if view.full {
		body.ErrorDetail = optional(detail.Error)
	}
	return &logOutput{Body: body}, nil
}

func parseLogID(s string) (domain.RequestID, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return domain.RequestID(n), nil
	}
	id, err := domain.ParseRequestID(s)
	if err != nil {
		return 0, problem.Invalid(problem.InvalidParam{Path: []any{"id"}, Code: "invalid_format", Message: "is neither a row id nor a request id"})
	}
	return id, nil
}

// logView shows log rows to one caller.
type logView struct {
	catalog *domain.Catalog
	full    bool // with providers' names, addresses and multipliers
	admin   bool // with what was sent to them
}

func (a *API) logView(c *caller) logView {
	catalog := a.Catalog.Current()
	return logView{catalog: catalog, full: c.admin() || catalog.Settings().ExposeProviderNames, admin: c.admin()}
}

// restrict keeps a filter from finding requests by words that are not shown:
// whoever may try many would read an upstream's address out of what is found.
func (v logView) restrict(f *domain.LogFilter) { f.Refusals = !v.full }

// chain decodes a decision chain and hides what the caller must not see: who
// the providers are, where they are, what they cost and what they said.
func (v logView) chain(raw string) ([]domain.ChainEntry, error) {
	chain := []domain.ChainEntry{}
	if raw == "" {
		return chain, nil
	}
	if err := json.Unmarshal([]byte(raw), &chain); err != nil {
		return nil, err
	}
	for i := range chain {
		switch e := &chain[i]; {
		case !v.full:
			hideProvider(e)
		case !v.admin && e.ErrorDetails != nil:
			e.ErrorDetails.Request = nil // the operator's headers and addresses
		}
	}
	return chain, nil
}

func hideProvider(e *domain.ChainEntry) {
	e.Name, e.EndpointURL, e.CostMultiplier, e.Weight, e.ErrorDetails, e.ErrorMessage = "", "", 0, 0, nil, ""
	e.Groups, e.Detail = nil, ""
	if e.Context == nil {
		return
	}
	shown := *e.Context
	shown.Filtered = append([]domain.FilteredProvider(nil), shown.Filtered...)
	for i := range shown.Filtered {
		shown.Filtered[i].Name, shown.Filtered[i].Details = "", ""
	}
	shown.Candidates = append([]domain.Candidate(nil), shown.Candidates...)
	for i := range shown.Candidates {
		shown.Candidates[i].Name, shown.Candidates[i].CostMultiplier, shown.Candidates[i].Weight = "", 0, 0
		shown.Candidates[i].Headroom, shown.Candidates[i].QuotaFactor = nil, 0
	}
	e.Context = &shown
}
