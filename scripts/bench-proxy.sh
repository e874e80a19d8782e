#!/usr/bin/env bash
# CPU per request of the hub against a bare reverse proxy: five interleaved
# rounds of 20 s for each kind of load, about ten minutes. Arguments go to the
# compare program, e.g. -rounds 1 -duration 5s -only 10.
set -euo pipefail
cd "$(dirname "$0")/.."
go build -o bin/bench/ ./internal/bench/...
exec bin/bench/compare "$@"
