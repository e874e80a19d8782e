#!/usr/bin/env bash
# A throw-away PostgreSQL server on loopback for tests: gone with all it holds
# when it is stopped, and quick because it never waits for the disk. What was
# committed survives its crash, though not that of the machine.
#
#   scripts/postgres.sh serve          print the DSN, serve until standard input ends
#   scripts/postgres.sh start DIR      make a server in DIR and print its DSN
#   scripts/postgres.sh up|kill DIR    start it again, or end it as a crash would
#   scripts/postgres.sh freeze|thaw DIR  stop it in its tracks, or let it go on
#   scripts/postgres.sh stop DIR       end it and remove DIR
#
# DURABLE=1 keeps the server's own settings for writing to disk, for measuring.
# Where PostgreSQL is missing it is installed with apt-get, which needs root. A
# server refuses to run as root, so root runs it as another user.
set -euo pipefail
cd / # the other user may not read the current directory

fail() {
	echo "postgres.sh: $*" >&2
	exit 1
}

# newest prints the folder of the newest installed server.
newest() {
	local found
	found=$(find /usr/lib/postgresql /usr/local/pgsql /opt/homebrew/opt -maxdepth 3 -name initdb 2>/dev/null | sort -V | tail -n 1)
	[ -n "$found" ] || found=$(command -v initdb || true)
	[ -n "$found" ] || return 1
	dirname "$found"
}

install_server() {
	command -v apt-get >/dev/null || fail "PostgreSQL is not installed and there is no apt-get: install the server (initdb, pg_ctl)"
	[ "$(id -u)" = 0 ] || fail "PostgreSQL is not installed: run 'sudo apt-get install postgresql', or this as root"
	echo "installing PostgreSQL for the tests" >&2
	{
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-common
		mkdir -p /etc/postgresql-common/createcluster.d
		echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/cch-tests.conf
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
	} >&2 || fail "PostgreSQL could not be installed"
}

# unprivileged runs a command as the user that owns the server.
unprivileged() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
		return
	fi
	local user=nobody
	if id postgres >/dev/null 2>&1; then user=postgres; fi
	setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env HOME="$dir" "$@"
}

require_server() {
	bin=$(newest) || {
		install_server
		bin=$(newest) || fail "PostgreSQL was installed but initdb is nowhere to be found"
	}
}

# initialize makes the files. The collation is not that of bytes, so that tests
# notice queries that rely on the order of a particular one.
initialize() {
	mkdir -p "$dir"
	if [ "$(id -u)" = 0 ]; then
		local user=nobody
		if id postgres >/dev/null 2>&1; then user=postgres; fi
		chown "$user" "$dir"
	fi
	local common=(--pgdata "$dir/data" --username cch --auth trust --encoding UTF8 --no-sync --no-instructions)
	unprivileged "$bin/initdb" "${common[@]}" --locale C.UTF-8 --locale-provider icu --icu-locale en-US >"$dir/initdb.log" 2>&1 ||
		unprivileged "$bin/initdb" "${common[@]}" --locale C.UTF-8 >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log" >&2; fail "the server's files could not be made"; }
	{
		echo "listen_addresses = '127.0.0.1'"
		echo "unix_socket_directories = ''"
		echo "max_connections = 300"
		echo "shared_buffers = 256MB"
		echo "max_wal_size = 4GB"
		if [ -z "${DURABLE:-}" ]; then
			echo "fsync = off"
			echo "full_page_writes = off"
		fi
	} | unprivileged tee -a "$dir/data/postgresql.conf" >/dev/null
}

launch() { # port
	unprivileged "$bin/pg_ctl" --pgdata "$dir/data" --log "$dir/server.log" --silent --wait --timeout 60 -o "-p $1" start >&2
}

start() {
	require_server
	initialize
	local port tries
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		port=$((20000 + RANDOM % 12000))
		if launch "$port" 2>/dev/null; then
			echo "$port" >"$dir/port"
			echo "postgres://cch@127.0.0.1:$port/postgres?sslmode=disable"
			return
		fi
	done
	cat "$dir/server.log" >&2
	fail "the server did not start in $tries tries"
}

halt() { # mode
	unprivileged "$bin/pg_ctl" --pgdata "$dir/data" --silent --wait --mode "$1" stop >/dev/null 2>&1 || true
}

signal() { # name
	local server
	server=$(head -n 1 "$dir/data/postmaster.pid")
	# shellcheck disable=SC2046 # one word a process
	kill "-$1" "$server" $(ps -o pid= --ppid "$server") 2>/dev/null || true # some may just have ended
}

[ $# -ge 1 ] || fail "usage: postgres.sh serve | start DIR | up DIR | kill DIR | freeze DIR | thaw DIR | stop DIR"
if [ "$1" != serve ]; then
	dir=${2:?the folder of the server}
	case $dir in /*) ;; *) fail "name the folder by its absolute path" ;; esac
fi
case $1 in
serve)
	dir=$(mktemp -d)
	trap 'halt immediate; rm -rf "$dir"' EXIT
	trap 'exit 0' INT TERM HUP
	start
	cat >/dev/null # until whoever asked for it is gone
	;;
start) start ;;
up)
	require_server
	launch "$(cat "$dir/port")"
	;;
kill)
	require_server
	halt immediate
	;;
freeze) signal STOP ;;
thaw) signal CONT ;;
stop)
	require_server
	signal CONT
	halt immediate
	rm -rf "$dir"
	;;
*) fail "unknown command $1" ;;
esac
