#!/usr/bin/env bash
# Runs real coding agents from npm against the program on loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
agents=(@anthropic-ai/claude-code@2.1.197 @openai/codex@0.169.0 @google/gemini-cli@0.61.0 opencode-ai@1.18.33)
dir=.tools/clients
bin="$PWD/$dir/node_modules/.bin"
if [ "$(cat "$dir/installed" 2>/dev/null)" != "${agents[*]}" ]; then
	mkdir -p "$dir"
	npm install --prefix "$dir" --no-save --no-audit --no-fund --ignore-scripts "${agents[@]}"
	node "$dir/node_modules/@anthropic-ai/claude-code/install.cjs"
	(cd "$dir/node_modules/opencode-ai" && node postinstall.mjs)
	echo "${agents[*]}" >"$dir/installed"
fi
export CLAUDE_BIN="$bin/claude" CODEX_BIN="$bin/codex" GEMINI_BIN="$bin/gemini" OPENCODE_BIN="$bin/opencode"
go test -tags clients -count=1 -v -run 'TestClaudeCode|TestCodex|TestGeminiCLI|TestOpenCode' ./cmd/cch
