# syntax=docker/dockerfile:1
# One static binary with the dashboard inside, on an image without a shell.

FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS web
RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY ui/web/package.json ui/web/package-lock.json ui/web/
RUN npm --prefix ui/web ci --ignore-scripts --no-audit --no-fund
COPY scripts/build-viewers.sh scripts/
RUN mkdir -p http/openapi/viewers/dist && scripts/build-viewers.sh
COPY ui/web ui/web
RUN npm --prefix ui/web run build

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/ui/web/dist ui/web/dist
COPY --from=web /src/http/openapi/viewers/dist http/openapi/viewers/dist
ARG VERSION=dev TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
	go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/cch ./cmd/cch
RUN mkdir -m 0700 /out/data

FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="Claude Code Hub" \
	org.opencontainers.image.source="https://github.com/claude-code-hub/cch" \
	org.opencontainers.image.licenses="MIT"
COPY --from=build /out/cch /cch
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /out/data /data
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 23000
USER 65532:65532
# Longer than SHUTDOWN_HARD_EXIT_MS must be what the runtime waits after SIGTERM.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["/cch", "healthcheck"]
ENTRYPOINT ["/cch"]
CMD ["serve"]
