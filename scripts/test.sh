#!/usr/bin/env bash
# Everything `make test` runs, after the binary was built.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "go vet"
go vet ./...

# The race detector needs cgo. Packages that start real processes or heavy load
# run without it, against the binary that was built.
plain=$(go list ./cmd/...)
raced=$(go list ./... | grep -vxF "$plain")

step "unit tests under the race detector"
# shellcheck disable=SC2086
go test -race -timeout 20m $raced

step "tests over the real binary"
# shellcheck disable=SC2086
CCH_BINARY="$PWD/bin/cch" go test -count=1 -timeout 30m $plain

step "dashboard"
npm --prefix ui/web run test

step "done"
