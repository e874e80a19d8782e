#!/usr/bin/env bash
# Runs the converters' vectors and prints how many there are.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(go test -count=1 -v -run Vectors ./converters/convert) || { echo "$out"; exit 1; }
grep -oE '[0-9]+ (request|stream|error) vectors, .*' <<<"$out"
