#!/usr/bin/env bash
# Runs real coding agents from npm against the program on loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
claude_version=2.1.197
dir=.tools/clients
if [ ! -x "$dir/node_modules/.bin/claude" ] || ! "$dir/node_modules/.bin/claude" --version | grep -qF "$claude_version"; then
	mkdir -p "$dir"
	npm install --prefix "$dir" --no-save --no-audit --no-fund --ignore-scripts "@anthropic-ai/claude-code@$claude_version"
	node "$dir/node_modules/@anthropic-ai/claude-code/install.cjs"
fi
CLAUDE_BIN="$PWD/$dir/node_modules/.bin/claude" go test -tags clients -count=1 -v -run 'TestClaudeCode' ./cmd/cch
