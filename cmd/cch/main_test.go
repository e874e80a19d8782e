package main

import (
	"os"
	"testing"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// TestMain lets the test binary act as the program, so that tests run the real
// process and can kill it.
func TestMain(m *testing.M) {
	if os.Getenv(testkit.ProcessEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
