#!/usr/bin/env bash
# Runs every fuzz target of the repository for the given time each.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:-30s}
grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u | while read -r dir; do
	# shellcheck disable=SC2013 # the names of functions have no spaces
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | cut -c6- | sort -u); do
		echo "== $dir $target"
		go test -run '^$' -fuzz "^${target}\$" -fuzztime "$each" -fuzzminimizetime 100x "$dir"
	done
done
