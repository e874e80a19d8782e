// Package conntest finds out whether a provider answers, by making one small
// call of its own type and judging the answer.
//
// A test counts for nothing: no breaker, no limit, no statistics know of it.
// tester.go makes the calls, verdict.go judges them, and there is one file for
// each family of providers (claude.go, openai.go, gemini.go) with its requests
// and how its answers are read. Another family is another such file and a line
// in dialectOf.
package conntest
