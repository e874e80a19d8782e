package main

import (
	"testing"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// onEachEngine runs a test over a program with the embedded database and over
// one with PostgreSQL: both behave alike.
func onEachEngine(t *testing.T, test func(t *testing.T, p *testkit.Program)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, testkit.StartProgram(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, testkit.StartProgram(t, "DSN="+testkit.Postgres(t))) })
}
