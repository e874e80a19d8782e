// Command cch is Claude Code Hub: a gateway between coding agents and the
// upstream providers of a team.
//
// main.go knows the commands, app.go the life of the process and wire.go every
// constructor.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/claude-code-hub/cch/internal/config"
)

// version is set by the linker.
var version = "dev"

// command is one sub-command. Its error is printed and ends the process with 1.
type command struct {
	name string
	help string
	run  func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"serve", "run the hub (the default)", serve},
		{"check-config", "print the configuration in force, or every fault in it", checkConfig},
		{"config", "settings, groups, providers and users as YAML: config export|import [-dry-run] FILE", declare},
		{"migrate", "apply pending database migrations: migrate [up|status]", migrate},
		{"ledger", "compare limits and statistics with the ledger: ledger verify", ledger},
		{"bill", "work the bill of a request out again: bill explain REQUEST-ID", bill},
		{"buried", "records the database will not take: buried list|replay|discard", buried},
		{"rollup", "build statistics anew from the ledger: rollup rebuild [-from DAY] [-to DAY]", rollup},
		{"backup", "write an archive: backup [-mode full|no_logs|ledger|config] FILE", backUp},
		{"restore", "put an archive back: restore [-how replace|merge] [-dry-run] FILE", restore},
		{"db", "copy everything into an empty database: db copy [-from DSN] [-to DSN]", database},
		{"secrets", "seal all credentials under another key: secrets rotate", rotateSecrets},
		{"healthcheck", "ask a running hub whether it can serve; for container health checks", healthcheck},
		{"demo-upstream", "run the built-in demo upstream: demo-upstream [-listen address]", serveDemo},
		{"generate", "write generated files: generate docs [directory]", generate},
		{"convert", "print a request body in another wire format: convert --from claude --to gemini FILE", convertFile},
		{"version", "print the version", printVersion},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := dispatch(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cch:", err)
		os.Exit(1) //nolint:gocritic // the process ends; stop only restores signals
	}
}

var errUsage = errors.New("unknown command")

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return serve(ctx, nil, out)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out)
		}
	}
	fmt.Fprintln(out, "usage: cch <command>")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-13s %s\n", c.name, c.help)
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		return nil
	}
	return fmt.Errorf("%w %q", errUsage, args[0])
}

func printVersion(_ context.Context, _ []string, out io.Writer) error {
	_, err := fmt.Fprintln(out, version)
	return err
}

func checkConfig(_ context.Context, _ []string, out io.Writer) error {
	cfg, warnings, err := config.Load(config.Environ())
	for _, w := range warnings {
		fmt.Fprintln(out, "warning:", w)
	}
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	for _, line := range cfg.Effective() {
		fmt.Fprintln(out, line)
	}
	return nil
}
