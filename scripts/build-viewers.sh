#!/usr/bin/env bash
# Fetches Swagger UI and Scalar from npm and puts the few files that a browser
# needs, compressed, where the binary embeds them.
#
# Only the published files are taken: installing Scalar would bring 270 packages
# along that are bundled in it already. Versions and checksums are pinned here;
# to raise one, change both (npm view <name>@<version> dist.integrity).
set -euo pipefail
cd "$(dirname "$0")/.."

dist=http/openapi/viewers/dist
packages=(
	"swagger-ui-dist@5.35.0 sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
	"@scalar/api-reference@1.72.1 sha512-XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow=="
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch <name@version> <integrity>: unpacks a package into $work/package.
fetch() {
	local archive sum
	archive=$work/$(cd "$work" && npm pack --silent --ignore-scripts "$1")
	sum=sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
	if [ "$sum" != "$2" ]; then
		echo "build-viewers: $1 has checksum $sum, expected $2" >&2
		exit 1
	fi
	rm -rf "$work/package"
	tar -xzf "$archive" -C "$work"
}

# take <file in the package> <name>: compresses a file into the embedded folder.
take() { gzip -9nc "$work/package/$1" >"$work/out/$2.gz"; }

mkdir "$work/out"
for pin in "${packages[@]}"; do
	read -r package integrity <<<"$pin"
	fetch "$package" "$integrity"
	case $package in
	swagger-ui-dist@*)
		take swagger-ui-bundle.js swagger-ui.js
		take swagger-ui.css swagger-ui.css
		take LICENSE swagger-ui.license.txt
		take NOTICE swagger-ui.notice.txt
		;;
	@scalar/*)
		take dist/browser/standalone.js scalar.js
		;;
	esac
done

rm -f "$dist"/*.gz
mv "$work"/out/*.gz "$dist/"
printf '%s\n' "${packages[@]}" >"$dist/versions.txt" # last: make takes it for the result
