#!/usr/bin/env bash
# Runs real coding agents and official libraries from npm against the program on
# loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
agents=(@anthropic-ai/claude-code@2.1.197 @openai/codex@0.169.0 @google/gemini-cli@0.61.0 opencode-ai@1.18.33)
libraries=(@anthropic-ai/sdk@1.12.0 openai@7.57.0 @google/genai@3.1.0)
dir=.tools/clients
bin="$PWD/$dir/node_modules/.bin"
if [ "$(cat "$dir/installed" 2>/dev/null)" != "${agents[*]} ${libraries[*]}" ]; then
	mkdir -p "$dir"
	npm install --prefix "$dir" --no-save --no-audit --no-fund --ignore-scripts "${agents[@]}" "${libraries[@]}"
	node "$dir/node_modules/@anthropic-ai/claude-code/install.cjs"
	(cd "$dir/node_modules/opencode-ai" && node postinstall.mjs)
	echo "${agents[*]} ${libraries[*]}" >"$dir/installed"
fi
export CLAUDE_BIN="$bin/claude" CODEX_BIN="$bin/codex" GEMINI_BIN="$bin/gemini" OPENCODE_BIN="$bin/opencode"
export SDK_MODULES="$PWD/$dir/node_modules"
go test -tags clients -count=1 -v -run 'TestClaudeCode|TestCodex|TestGeminiCLI|TestOpenCode|SDK' ./cmd/cch
