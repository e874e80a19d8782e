#!/usr/bin/env bash
# Runs the vectors of converters and billing and prints how many there are.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(go test -count=1 -v -run Vectors ./converters/... ./internal/pricing ./internal/limits ./http/problem) || { echo "$out"; exit 1; }
grep -oE '[0-9]+ [a-z]+ vectors.*' <<<"$out"
