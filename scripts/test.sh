#!/usr/bin/env bash
# Everything `make test` runs, after the binary was built.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

if ! command -v gcc >/dev/null; then
	step "installing gcc, which the race detector needs"
	apt-get update -qq && apt-get install -y -qq gcc libc6-dev
fi

if [ -z "${CCH_TEST_POSTGRES_DSN:-}" ]; then
	step "a PostgreSQL server for the tests of the second engine"
	exec scripts/with-postgres.sh scripts/test.sh
fi

step "shell scripts"
scripts/lint-shell.sh

step "go vet"
go vet ./...

# Packages that start real processes or heavy load run without the race
# detector.
plain=$(go list ./cmd/...)
raced=$(go list ./... | grep -vxF "$plain")

step "unit tests under the race detector"
# shellcheck disable=SC2086
CGO_ENABLED=1 go test -race -timeout 20m $raced

step "vectors of converters and billing"
scripts/vectors.sh

step "tests over the real program"
# shellcheck disable=SC2086
go test -count=1 -timeout 30m $plain

step "faults: servers killed, slow and full, under load"
scripts/faults.sh short

step "dashboard"
npm --prefix ui/web run check
npm --prefix ui/web run test

step "dashboard in the browser"
scripts/with-hub.sh npm --prefix ui/web run e2e

step "done"
