package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestConnectivityOfProviders(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "relay")
	id := p.AddProvider(t, up, nil)

	status, report := p.Admin(t, http.MethodPost, "/providers/"+itoa(id)+"/test", testkit.M{"expect": "Hello"})
	require.Equal(t, http.StatusOK, status, report.Raw)
	require.EqualValues(t, http.StatusOK, report.Get("httpStatus").Int(), report.Raw)

	status, report = p.Admin(t, http.MethodPost, "/providers/test", testkit.M{"type": "claude", "url": p.URL, "key": "any"})
	require.Equal(t, http.StatusOK, status, report.Raw)
	require.Equal(t, "red", report.Get("status").String(), "the hub never calls itself")
	require.Contains(t, report.Get("error").String(), "may not be called")
}
