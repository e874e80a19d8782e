package conntest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// What a test ends with, beside the colour.
const (
	subSuccess  = "success"
	subSlow     = "slow_latency"
	subAuth     = "auth_error"
	subLimit    = "rate_limit"
	subInvalid  = "invalid_request"
	subClient   = "client_error"
	subServer   = "server_error"
	subNetwork  = "network_error"
	subMismatch = "content_mismatch"
)

// judge turns an answer into a report. Yellow is a provider that can be used
// but not as it should be: reached and authenticated, yet limited, slow or
// saying something else.
func (r *run) judge(a *answer) domain.ConnectionReport {
	report := domain.ConnectionReport{
		HTTPStatus: a.status, Latency: a.latency, FirstByte: a.firstByte, UsedProxy: r.viaProxy,
		RawSample: r.clean(string(a.body), maxSample),
	}
	if a.err != nil {
		report.Status, report.SubStatus = domain.ConnectionRed, subNetwork
		report.Error = r.clean(reason(a.err), maxContent)
		return report
	}
	if a.status < 200 || a.status > 299 {
		report.Status, report.SubStatus = refusal(a.status)
		report.Error = http.StatusText(a.status)
		return report
	}
	said := r.dialect.read(a.contentType, a.body)
	report.Model, report.Usage, report.Content = said.model, said.usage, r.clean(said.text, maxContent)
	report.Error = r.clean(said.failure, maxContent)
	report.Status, report.SubStatus = r.success(&said, a)
	return report
}

// success judges an answer with a status of success.
func (r *run) success(said *reading, a *answer) (domain.ConnectionStatus, string) {
	switch {
	case said.failure != "":
		return domain.ConnectionRed, subServer
	case said.text == "":
		return domain.ConnectionRed, subMismatch
	case !strings.Contains(strings.ToLower(said.text), strings.ToLower(r.test.Expect)):
		return domain.ConnectionYellow, subMismatch
	case a.latency > r.test.Slow:
		return domain.ConnectionYellow, subSlow
	}
	return domain.ConnectionGreen, subSuccess
}

func refusal(status int) (domain.ConnectionStatus, string) {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return domain.ConnectionRed, subAuth
	case status == http.StatusTooManyRequests:
		return domain.ConnectionYellow, subLimit
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		return domain.ConnectionRed, subInvalid
	case status >= http.StatusInternalServerError:
		return domain.ConnectionRed, subServer
	}
	return domain.ConnectionRed, subClient
}

func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no complete answer in time"
	}
	return err.Error()
}

// worthAnother tells whether another way to ask may do better.
func worthAnother(r domain.ConnectionReport) bool {
	switch r.HTTPStatus {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity:
		return true
	}
	return r.Status == domain.ConnectionRed && r.SubStatus == subMismatch
}

// wrongVersion recognises relays whose base URL already stands for /v1.
func wrongVersion(r domain.ConnectionReport) bool {
	return r.HTTPStatus == http.StatusBadRequest && strings.Contains(r.RawSample, "Invalid URL (POST /v1/")
}

func better(a, b domain.ConnectionStatus) bool {
	rank := func(s domain.ConnectionStatus) int {
		switch s {
		case domain.ConnectionGreen:
			return 2
		case domain.ConnectionYellow:
			return 1
		case domain.ConnectionRed:
		}
		return 0
	}
	return rank(a) > rank(b)
}

// isEventStream looks at type and content: some relays label streams as JSON.
func isEventStream(contentType string, body []byte) bool {
	if strings.HasPrefix(contentType, "text/event-stream") {
		return true
	}
	head := bytes.TrimSpace(body)
	return bytes.HasPrefix(head, []byte("event:")) || bytes.HasPrefix(head, []byte("data:"))
}
