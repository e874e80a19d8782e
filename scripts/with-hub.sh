#!/usr/bin/env bash
# Runs a command against a fresh hub and a demo upstream on loopback, with
# CCH_URL, CCH_ADMIN_TOKEN and CCH_UPSTREAM_URL set, and ends both afterwards.
# Installs Chromium where it is missing, as the commands are browser tests.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v chromium >/dev/null; then
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends chromium fonts-liberation
fi
[ -d ui/web/node_modules ] || npm --prefix ui/web ci --ignore-scripts --no-audit --no-fund

dir=$(mktemp -d)
port=${CCH_TEST_PORT:-24110}
export CCH_URL=http://127.0.0.1:$port CCH_ADMIN_TOKEN=admin-token-of-the-tests CCH_UPSTREAM_URL=http://127.0.0.1:$((port + 1))
pids=()
# shellcheck disable=SC2317
cleanup() {
	kill "${pids[@]}" 2>/dev/null || true
	kill "${pids[@]}" 2>/dev/null || true # a second signal skips the drain
	wait 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT

bin/cch demo-upstream -listen "127.0.0.1:$((port + 1))" >"$dir/upstream.log" 2>&1 &
pids+=($!)
HOST=127.0.0.1 APP_PORT=$port PRICE_SYNC_URL=off DATA_DIR=$dir/data ADMIN_TOKEN=$CCH_ADMIN_TOKEN bin/cch serve >"$dir/hub.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
	curl -fs "$CCH_URL/api/health/ready" >/dev/null 2>&1 && break
	sleep 0.1
done
curl -fs "$CCH_URL/api/health/ready" >/dev/null || {
	cat "$dir/hub.log"
	exit 1
}
"$@" || {
	status=$?
	tail -40 "$dir/hub.log"
	exit $status
}
