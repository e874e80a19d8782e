# Two commands set everything up: `make run` and `make test`. The rest is for developers.

GO       ?= go
BIN      := bin/cch
TOOLS    := $(CURDIR)/.bin
LINT     := $(TOOLS)/golangci-lint
LINT_VERSION := v2.15.0
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Packages whose tests start real processes or heavy load run without the race detector.
PLAIN    := ./cmd/...
RACED    = $(filter-out $(shell $(GO) list $(PLAIN)),$(shell $(GO) list ./...))

.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

run: build ## build and start on :23000 with embedded SQLite in ./data
	./$(BIN) serve

build: ui viewers ## build bin/cch with the dashboard inside
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/cch

ui: ui/web/dist/index.html ## build the dashboard

ui/web/dist/index.html: $(shell find ui/web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
	npm --prefix ui/web ci --ignore-scripts --no-audit --no-fund
	npm --prefix ui/web run build

viewers: http/openapi/viewers/dist/versions.txt ## fetch Swagger UI and Scalar

http/openapi/viewers/dist/versions.txt: scripts/build-viewers.sh
	scripts/build-viewers.sh

test: build ## everything: race tests, real-binary tests, dashboard tests
	scripts/test.sh

test-race: ## the Go tests under the race detector only
	$(GO) test -race -timeout 20m $(RACED)

e2e: build ## the tests over the real binary only
	$(GO) test -count=1 -timeout 20m $(PLAIN)

test-clients: build ## real Claude Code, Codex, Gemini CLI and OpenCode from npm against the binary
	scripts/test-clients.sh

fuzz: ## run every fuzz target for 30 seconds
	scripts/fuzz.sh 30s

faults: ## the whole fault matrix: servers killed, slow and full under load (root)
	scripts/faults.sh full

image-check: ## run the binary as the image does, on a read-only root as user 65532 (root)
	scripts/image-check.sh

vectors: ## run the vectors of converters and billing and print how many there are
	@scripts/vectors.sh

bench: ## Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-proxy: build ## CPU per request against a bare reverse proxy
	scripts/bench-proxy.sh

lint: $(LINT) ## golangci-lint and shellcheck
	$(LINT) run ./...
	scripts/lint-shell.sh

$(LINT):
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

ui/web/node_modules: ui/web/package-lock.json
	npm --prefix ui/web ci --ignore-scripts --no-audit --no-fund && touch $@

generate: ui/web/node_modules ## rebuild generated files (OpenAPI document, the dashboard's types, configuration reference)
	$(GO) run ./cmd/cch generate docs
	npm --prefix ui/web run generate

screenshots: build ## every page in both themes and two widths into ui/web/e2e/output, with demo data
	scripts/with-hub.sh node ui/web/e2e/screenshots.mjs

check: lint test ## lint and test

clean: ## remove what was built
	rm -rf bin ui/web/dist/assets ui/web/dist/index.html

.PHONY: help run build ui viewers test test-race e2e test-clients fuzz faults image-check vectors bench bench-proxy lint generate screenshots check clean
