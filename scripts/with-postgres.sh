#!/usr/bin/env bash
# Runs a command with CCH_TEST_POSTGRES_DSN set to a throw-away PostgreSQL
# server, and ends that afterwards. A server that the variable already names is
# used as it is.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)

if [ -z "${CCH_TEST_POSTGRES_DSN:-}" ]; then
	dir=$(mktemp -d)
	trap '"$scripts/postgres.sh" stop "$dir"' EXIT
	CCH_TEST_POSTGRES_DSN=$("$scripts/postgres.sh" start "$dir")
	export CCH_TEST_POSTGRES_DSN
fi
"$@"
