#!/usr/bin/env bash
# Runs the binary as the image does: chrooted as uid 65532 on a read-only root
# with nothing in it but what the last stage of the Dockerfile puts there, CA
# certificates, /data and /tmp. Checks its health command, that nothing but /data
# and /tmp can be written, and that it ends in time.
#
#   scripts/image-check.sh [binary]     default: builds one, static
#
# The registries of base images are not needed. Where buildah is installed the
# last stage is built as an image on an empty base, its configuration is read
# back, and the root comes from it; elsewhere the files are put together by hand.
# Needs root, for the mounts.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
	echo "image-check.sh: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || fail "needs root"
if [ -z "${CCH_IMAGE_CHECK:-}" ]; then # mounts of its own, gone at its end
	CCH_IMAGE_CHECK=1 exec unshare --mount --propagation private "$0" "$@"
fi

work=$(mktemp -d)
hub=
cleanup() {
	[ -z "$hub" ] || kill -KILL "$hub" 2>/dev/null || true
	umount -l "$work/root" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
mkdir -p "$work/context/out/data" "$work/root"
chmod 711 "$work"
chmod 700 "$work/context/out/data"

binary=${1:-}
if [ -z "$binary" ]; then
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$work/context/out/cch" ./cmd/cch
else
	cp "$binary" "$work/context/out/cch"
fi
if ldd "$work/context/out/cch" >/dev/null 2>&1; then fail "the binary is not static"; fi
echo "static binary: $(du -h "$work/context/out/cch" | cut -f1)"

# The last stage on an empty base; what other stages built is in the context.
{
	echo "FROM scratch"
	sed -n '/^FROM gcr.io\/distroless/,$p' Dockerfile | sed -e 1d -e 's|^\(COPY \)--from=build \(.*\)/out/|\1\2out/|'
} >"$work/context/Dockerfile"

if command -v buildah >/dev/null; then
	export BUILDAH_ISOLATION=chroot
	buildah=(buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run")
	"${buildah[@]}" build --format docker -q -t cch-check "$work/context" >/dev/null
	config=$("${buildah[@]}" inspect --type image cch-check)
	for want in '"User": "65532:65532"' '"DATA_DIR=/data"' '"/cch"' '"serve"' '"healthcheck"' '"SIGTERM"' '"23000/tcp"'; do
		grep -qF "$want" <<<"$config" || fail "the image's configuration lacks $want"
	done
	container=$("${buildah[@]}" from cch-check)
	cp -a "$("${buildah[@]}" mount "$container")/." "$work/root/"
	"${buildah[@]}" rm "$container" >/dev/null
	echo "image: built by $(buildah --version), configuration as written"
else
	cp -a "$work/context/out/." "$work/root/"
	chown -R 65532:65532 "$work/root/data"
	echo "image: buildah is not installed, files put together by hand"
fi
[ "$(stat -c %u:%g "$work/root/data")" = 65532:65532 ] || fail "/data belongs to $(stat -c %u:%g "$work/root/data")"
mkdir -p "$work/root/etc/ssl/certs" "$work/root/proc" "$work/root/tmp" # as on the base image
cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"

mount --bind "$work/root" "$work/root"
mount -o remount,bind,ro "$work/root"
mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs "$work/root/data"
mount -t tmpfs -o mode=1777 tmpfs "$work/root/tmp"
mount -t proc proc "$work/root/proc"

# inside runs the binary as the image does, without any of our environment.
port=$((20000 + RANDOM % 20000))
inside=(
	env -i PATH="$PATH" DATA_DIR=/data APP_PORT="$port" HOST=127.0.0.1 PRICE_SYNC_URL=off SHUTDOWN_DRAIN_MS=1000
	chroot --userspec=65532:65532 "$work/root" /cch
)
if "${inside[@]}" healthcheck >/dev/null 2>&1; then fail "healthcheck succeeds though nobody serves"; fi
"${inside[@]}" serve >"$work/log" 2>&1 &
hub=$!
for _ in $(seq 300); do
	if "${inside[@]}" healthcheck >/dev/null 2>&1; then break; fi
	kill -0 "$hub" 2>/dev/null || fail "the hub ended: $(tail -n 20 "$work/log")"
	sleep 0.2
done
"${inside[@]}" healthcheck || fail "not healthy: $(tail -n 20 "$work/log")"

[ "$(awk '/^Uid:/{print $2}' "/proc/$hub/status")" = 65532 ] || fail "runs as another user"
if touch "$work/root/x" 2>/dev/null; then fail "the root can be written"; fi
token=$(cat "$work/root/data/admin-token")
auth=(-fsS -H "Authorization: Bearer $token")
api=http://127.0.0.1:$port/api/v1
curl "${auth[@]}" "$api/system/storage" >/dev/null
curl "${auth[@]}" -X POST -H 'content-type: application/json' -d '{"mode":"full"}' "$api/backup" >/dev/null
for _ in $(seq 100); do
	archives=$(curl "${auth[@]}" "$api/backup/status")
	if grep -q '"mode":"full"' <<<"$archives"; then break; fi
	sleep 0.1
done
grep -q '"mode":"full"' <<<"$archives" || fail "no backup on the read-only root: $archives"

began=$(date +%s%N)
kill -TERM "$hub"
wait "$hub" || fail "ended with $?: $(tail -n 20 "$work/log")"
hub=
echo "uid 65532, read-only root, healthy, backup made, ended in $((($(date +%s%N) - began) / 1000000)) ms"
