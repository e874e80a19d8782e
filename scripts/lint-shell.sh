#!/usr/bin/env bash
# Checks every shell script, installing shellcheck where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v shellcheck >/dev/null; then
	command -v apt-get >/dev/null || {
		echo "lint-shell: install shellcheck first: https://www.shellcheck.net" >&2
		exit 1
	}
	apt-get update -qq && apt-get install -y -qq --no-install-recommends shellcheck
fi
shellcheck --severity=style scripts/*.sh
