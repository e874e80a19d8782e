#!/usr/bin/env bash
# Installs Claude Code Hub with Docker Compose, or updates an installation in
# place: secrets, port and every variable of its .env stay as they are.
set -euo pipefail

readonly name=claude-code-hub repository=claude-code-hub/cch image=ghcr.io/claude-code-hub/cch
readonly health_seconds=${CCH_DEPLOY_WAIT:-60}

usage() {
	cat <<-END
		usage: deploy.sh [options]

		  -b BRANCH       main (releases, the default) or dev
		  -p PORT         port on this host (23000)
		  -t FILE         file with the administrator's token, - for standard input; else one is made
		  -d DIRECTORY    where to install; /www/compose/$name, on macOS ~/Applications/$name
		  --sqlite        one container with SQLite instead of PostgreSQL and Redis
		  --domain NAME   public name; with --enable-caddy its certificate is fetched
		  --enable-caddy  put the web server Caddy in front
		  --force-new     install anew beside the data of an earlier installation
		  --no-backup     update without a backup
		  -y              ask nothing
		  -h              show this
	END
}

say() { printf '%s\n' "$*"; }
fail() {
	printf 'deploy: %s\n' "$*" >&2
	exit 1
}

branch=main port='' token_file='' dir='' domain='' caddy=no sqlite=no force_new=no backup=yes yes=no
parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		-b | -p | -t | -d | --domain) [ $# -ge 2 ] || fail "$1 needs a value" ;;
		esac
		case $1 in
		-b) branch=$2 && shift ;;
		-p) port=$2 && shift ;;
		-t) token_file=$2 && shift ;;
		-d) dir=$2 && shift ;;
		--domain) domain=$2 && shift ;;
		--enable-caddy) caddy=yes ;;
		--sqlite) sqlite=yes ;;
		--force-new) force_new=yes ;;
		--no-backup) backup=no ;;
		-y) yes=yes ;;
		-h | --help) usage && exit 0 ;;
		*) usage >&2 && fail "unknown option $1" ;;
		esac
		shift
	done
	case $branch in main | dev) ;; *) fail "-b is $branch: use main or dev" ;; esac
	if [ -n "$port" ]; then
		if ! [[ $port =~ ^[0-9]{1,5}$ ]] || ((10#$port < 1 || 10#$port > 65535)); then fail "-p is $port: use 1 to 65535"; fi
	fi
	[ -z "$domain" ] || [[ $domain =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]] || fail "--domain is no name of a host"
	if [ -z "$dir" ]; then
		case $(uname -s) in
		Darwin) dir=$HOME/Applications/$name ;;
		Linux) dir=/www/compose/$name ;;
		*) fail "this system is not supported here: use deploy.ps1 on Windows, else name a directory with -d" ;;
		esac
	fi
}

confirm() {
	[ "$yes" = yes ] && return
	[ -t 0 ] || fail "$1: run it with -y to agree"
	local answer
	read -r -p "$1? [y/N] " answer
	[[ $answer =~ ^[Yy] ]] || fail "stopped"
}

need_docker() {
	if ! command -v docker >/dev/null; then
		confirm "Docker is missing. Install it"
		case $(uname -s) in
		Darwin) command -v brew >/dev/null || fail "install Docker Desktop from https://docs.docker.com/desktop/"
			brew install --cask docker && open -a Docker ;;
		*) curl -fsSL https://get.docker.com | sh ;;
		esac
	fi
	docker compose version >/dev/null 2>&1 || fail "Docker Compose is missing: https://docs.docker.com/compose/install/"
	docker info >/dev/null 2>&1 || fail "Docker does not answer: start it, or run this as a user who may use it"
}

# random CHARACTERS: letters and digits of the system's generator.
random() {
	local text=''
	while [ ${#text} -lt "$1" ]; do
		text+=$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9')
	done
	printf '%s' "${text:0:$1}"
}

env_get() { sed -n "s/^$1=//p" .env | tail -n 1; }

# env_set NAME VALUE: replaces or appends a line; the others stay. The value
# travels by the environment, where awk does not interpret it.
env_set() {
	NAME=$1 VALUE=$2 awk '
		index($0, ENVIRON["NAME"] "=") == 1 { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"]; done = 1; next }
		{ print }
		END { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"] }' .env >.env.new
	mv .env.new .env
}

env_default() { [ -n "$(env_get "$1")" ] || env_set "$1" "$2"; }

read_token() {
	local token
	[ -n "$token_file" ] || return 0
	if [ "$token_file" = - ]; then read -r token; else read -r token <"$token_file" || [ -n "$token" ]; fi
	[ ${#token} -ge 16 ] || fail "the token of -t is shorter than 16 characters"
	printf '%s' "$token"
}

write_env() {
	touch .env && chmod 600 .env
	env_default COMPOSE_PROJECT_NAME "$project"
	if [ "$sqlite" = yes ]; then env_default COMPOSE_PROFILES lite; else env_default COMPOSE_PROFILES default; fi
	[ -z "$token" ] || env_set ADMIN_TOKEN "$token"
	env_default ADMIN_TOKEN "$(random 32)"
	[ "$sqlite" = yes ] || env_default DB_PASSWORD "$(random 24)"
	[ -z "$port" ] || env_set APP_PORT "$port"
	env_default APP_PORT 23000
	if [ -n "$domain" ]; then
		env_set APP_URL "https://$domain"
		env_set ENABLE_SECURE_COOKIES true
	else
		env_default ENABLE_SECURE_COOKIES false
	fi
	if [ "$caddy" = yes ]; then # nobody goes past it, so its word on addresses is good
		env_set APP_BIND 127.0.0.1
		env_set TRUSTED_PROXIES 172.16.0.0/12,192.168.0.0/16
	fi
}

# own_compose: the compose file of the checkout this script is in, or nothing.
own_compose() {
	[ -n "${BASH_SOURCE[0]:-}" ] || return 0 # read from a pipe
	local file
	file=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/docker-compose.yml
	[ ! -f "$file" ] || printf '%s' "$file"
}

write_compose() {
	if [ -n "$compose_source" ]; then
		cp "$compose_source" docker-compose.yml
		return
	fi
	curl -fsSL "https://raw.githubusercontent.com/$repository/$branch/docker-compose.yml" -o docker-compose.yml.new
	mv docker-compose.yml.new docker-compose.yml
}

write_caddy() {
	[ "$caddy" = yes ] || return 0
	printf '%s {\n\treverse_proxy %s:23000 {\n\t\tflush_interval -1\n\t}\n}\n' "${domain:-:80}" "$service" >Caddyfile
	cat >docker-compose.override.yml <<-'END'
		services:
		  caddy:
		    image: caddy:2-alpine
		    restart: unless-stopped
		    ports: ["80:80", "443:443", "443:443/udp"]
		    volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro", "caddy:/data"]
		volumes:
		  caddy:
	END
}

# pin_image: the tag of the branch as what it is today, so that the same bytes
# come up after every restart, and an update can be taken back.
pin_image() {
	local tag=latest digest
	[ "$branch" = main ] || tag=$branch
	docker pull "$image:$tag"
	digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$image:$tag")
	[ -n "$digest" ] || fail "the image $image:$tag has no digest"
	env_set CCH_IMAGE "$digest"
}

back_up() {
	[ "$backup" = yes ] || return 0
	[ -n "$(docker compose ps -q "$service")" ] || fail "the installation does not run, so that it cannot be backed up: start it, or use --no-backup"
	mkdir -p backups
	local file
	file=backups/$(date +%Y%m%d-%H%M%S).cchbackup
	docker compose exec -T "$service" /cch backup -mode no_logs - >"$file" || {
		rm -f "$file"
		fail "the backup failed; nothing was changed. --no-backup goes on without one"
	}
	say "Backup: $dir/$file"
}

await_health() {
	local waited=0 container state=''
	while [ "$waited" -lt "$health_seconds" ]; do
		container=$(docker compose ps -q "$service")
		[ -z "$container" ] || state=$(docker inspect --format '{{.State.Health.Status}}' "$container")
		[ "$state" = healthy ] && return
		sleep 1
		waited=$((waited + 1))
	done
	docker compose logs --tail 30 "$service" >&2 || true
	[ -z "${old_image:-}" ] || say "Back to the version before: $(rollback)"
	fail "the hub was not healthy within $health_seconds seconds"
}

rollback() { printf "cd %q && sed -i.tmp 's|^CCH_IMAGE=.*|CCH_IMAGE=%s|' .env && docker compose up -d" "$dir" "$old_image"; }

report() {
	local url
	url=$(env_get APP_URL)
	say
	say "  Claude Code Hub runs."
	say "  Dashboard    ${url:-http://localhost:$(env_get APP_PORT)}"
	say "  API          ${url:-http://localhost:$(env_get APP_PORT)}/api/v1/docs"
	say "  Admin token  $(env_get ADMIN_TOKEN)"
	say "  Directory    $dir"
	[ -z "${old_image:-}" ] || say "  Way back     $(rollback)"
}

main() {
	parse "$@"
	need_docker
	compose_source=$(own_compose)
	token=$(read_token)
	umask 077
	mkdir -p "$dir"
	cd "$dir"
	dir=$PWD project=cch
	if [ -f .env ] && [ "$force_new" = yes ]; then
		confirm "Stop the installation in $dir and install anew; its data stays in its volumes"
		docker compose down
		mv .env ".env.$(date +%Y%m%d-%H%M%S)"
		project=cch-$(random 4 | tr '[:upper:]' '[:lower:]')
	fi
	if [ -f .env ]; then
		cp .env .env.bak && chmod 600 .env.bak
		old_image=$(env_get CCH_IMAGE)
		[ "$(env_get COMPOSE_PROFILES)" != lite ] || sqlite=yes
		service=$([ "$sqlite" = yes ] && echo lite || echo app)
		back_up
		cp docker-compose.yml docker-compose.yml.bak
	else
		confirm "Install Claude Code Hub into $dir"
		service=$([ "$sqlite" = yes ] && echo lite || echo app)
	fi
	write_compose
	write_env
	write_caddy
	pin_image
	docker compose up -d --no-build --remove-orphans
	await_health
	report
}

main "$@"
