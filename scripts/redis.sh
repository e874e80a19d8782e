#!/usr/bin/env bash
# A throw-away Redis server on loopback for tests: gone with all it holds when it
# is stopped. What it was told outlives a crash, as with appendonly in production.
#
#   scripts/redis.sh serve          print the URL, serve until standard input ends
#   scripts/redis.sh start DIR      make a server in DIR and print its URL
#   scripts/redis.sh up|kill DIR    start it again, or end it as a crash would
#   scripts/redis.sh stop DIR       end it and remove DIR
#
# With DIR/tls.crt and DIR/tls.key it speaks TLS only. Where Redis is missing it
# is installed with apt-get, which needs root.
set -euo pipefail

fail() {
	echo "redis.sh: $*" >&2
	exit 1
}

require_server() {
	command -v redis-server >/dev/null && return
	command -v apt-get >/dev/null || fail "Redis is not installed and there is no apt-get: install redis-server"
	[ "$(id -u)" = 0 ] || fail "Redis is not installed: run 'sudo apt-get install redis-server', or this as root"
	echo "installing Redis for the tests" >&2
	local policy=/usr/sbin/policy-rc.d mine=
	if [ ! -e "$policy" ]; then # the package would start a server of its own
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && mine=1
	fi
	{
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
	} >&2 || { [ -z "$mine" ] || rm -f "$policy"; fail "Redis could not be installed"; }
	[ -z "$mine" ] || rm -f "$policy"
	command -v redis-server >/dev/null || fail "Redis was installed but redis-server is nowhere to be found"
}

# launch starts the server and waits until it answers.
launch() { # port
	local listen=(--port "$1")
	if [ -e "$dir/tls.key" ]; then
		listen=(--port 0 --tls-port "$1" --tls-cert-file "$dir/tls.crt" --tls-key-file "$dir/tls.key"
			--tls-ca-cert-file "$dir/tls.crt" --tls-auth-clients no)
	fi
	rm -f "$dir/pid"
	: >"$dir/server.log" # of an earlier start
	redis-server "${listen[@]}" --bind 127.0.0.1 --dir "$dir" --daemonize yes --pidfile "$dir/pid" --logfile "$dir/server.log" \
		--save "" --appendonly yes --appendfsync no >"$dir/start.log" 2>&1 || return 1
	for _ in $(seq 200); do
		grep -q "Ready to accept connections" "$dir/server.log" && [ -e "$dir/pid" ] && return
		[ ! -e "$dir/pid" ] || kill -0 "$(cat "$dir/pid")" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

start() {
	require_server
	mkdir -p "$dir"
	local port scheme=redis
	[ ! -e "$dir/tls.key" ] || scheme=rediss
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		port=$((20000 + RANDOM % 12000))
		if launch "$port"; then
			echo "$port" >"$dir/port"
			echo "$scheme://127.0.0.1:$port/0"
			return
		fi
	done
	cat "$dir/server.log" >&2
	fail "the server did not start"
}

halt() {
	[ -e "$dir/pid" ] || return 0
	local pid
	pid=$(cat "$dir/pid")
	kill -9 "$pid" 2>/dev/null || true
	while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
	rm -f "$dir/pid"
}

[ $# -ge 1 ] || fail "usage: redis.sh serve | start DIR | up DIR | kill DIR | stop DIR"
if [ "$1" != serve ]; then
	dir=${2:?the folder of the server}
	case $dir in /*) ;; *) fail "name the folder by its absolute path" ;; esac
fi
case $1 in
serve)
	dir=$(mktemp -d)
	trap 'halt; rm -rf "$dir"' EXIT
	trap 'exit 0' INT TERM HUP
	start
	cat >/dev/null # until whoever asked for it is gone
	;;
start) start ;;
up)
	require_server
	launch "$(cat "$dir/port")" || { cat "$dir/server.log" >&2; fail "the server did not start again"; }
	;;
kill) halt ;;
stop)
	halt
	rm -rf "$dir"
	;;
*) fail "unknown command $1" ;;
esac
