package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareJobs() {
	tags := []string{"Jobs"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listJobs", Method: http.MethodGet, Path: "/jobs", Tags: tags,
		Summary: "List the jobs of this node that run or ended lately, the newest first",
	}, a.listJobs)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getJob", Method: http.MethodGet, Path: "/jobs/{id}", Tags: tags,
		Summary: "See how far a job is; jobs are known to the node that runs them, until it stops",
	}, a.getJob)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "cancelJob", Method: http.MethodDelete, Path: "/jobs/{id}", Tags: tags,
		Summary: "Ask a job to end; what it did stays done", DefaultStatus: http.StatusAccepted,
	}, a.cancelJob)
}

// jobStarted answers whoever asked for a job.
type jobStarted struct {
	JobID string `json:"jobId"`
}

type jobStartedOutput struct{ Body jobStarted }

type jobBody struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	State     string     `json:"state"     enum:"running,done,failed,cancelled"`
	Done      int        `json:"done"      doc:"of total"`
	Total     int        `json:"total"     doc:"0 = not known"`
	Result    any        `json:"result,omitempty"`
	Error     *string    `json:"error,omitempty"`
	StartedAt time.Time  `json:"startedAt"`
	EndedAt   *time.Time `json:"endedAt"`
}

func showJob(j *domain.Job) jobBody {
	return jobBody{
		ID: j.ID, Kind: j.Kind, State: string(j.State), Done: j.Done, Total: j.Total, Result: j.Result, Error: optional(j.Error),
		StartedAt: j.StartedAt.UTC(), EndedAt: optionalTime(j.EndedAt),
	}
}

type jobsInput struct {
	Kind  string `query:"kind"  maxLength:"64"`
	State string `query:"state" enum:"running,done,failed,cancelled"`
}

type jobsOutput struct {
	Body struct {
		Items []jobBody `json:"items"`
	}
}

func (a *API) listJobs(_ context.Context, in *jobsInput) (*jobsOutput, error) {
	out := &jobsOutput{}
	out.Body.Items = []jobBody{}
	for _, j := range a.Jobs.List() {
		if (in.Kind == "" || j.Kind == in.Kind) && (in.State == "" || string(j.State) == in.State) {
			out.Body.Items = append(out.Body.Items, showJob(&j))
		}
	}
	return out, nil
}

type jobInput struct {
	ID string `path:"id" minLength:"1" maxLength:"64"`
}

type jobOutput struct{ Body jobBody }

func (a *API) getJob(_ context.Context, in *jobInput) (*jobOutput, error) {
	j, err := a.Jobs.Get(in.ID)
	return &jobOutput{Body: showJob(&j)}, err
}

func (a *API) cancelJob(_ context.Context, in *jobInput) (*jobOutput, error) {
	j, err := a.Jobs.Cancel(in.ID)
	return &jobOutput{Body: showJob(&j)}, err
}

// begin starts a job.
func (a *API) begin(kind string, run domain.JobFunc) (*jobStartedOutput, error) {
	j, err := a.Jobs.Start(kind, run)
	return &jobStartedOutput{Body: jobStarted{JobID: j.ID}}, err
}
