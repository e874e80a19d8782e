package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/declaration"
	"github.com/claude-code-hub/cch/internal/domain"
)

// declare exports or imports the configuration of a running hub as YAML.
func declare(ctx context.Context, args []string, out io.Writer) error {
	const usage = "usage: config export|import [-url URL] [-token-file FILE] [-dry-run] [-secrets] FILE, - for standard input or output"
	if len(args) == 0 || args[0] != "export" && args[0] != "import" {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("config "+args[0], flag.ContinueOnError)
	flags.SetOutput(out)
	url := flags.String("url", "", "address of the hub; empty = the one of this configuration")
	tokenFile := flags.String("token-file", "", "file with the administrator's token; empty = the one of this configuration")
	dry := flags.Bool("dry-run", false, "say what an import would change")
	secrets := flags.Bool("secrets", false, "import credentials of what exists, too")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New(usage)
	}
	hub, err := hubOf(*url, *tokenFile)
	if err != nil {
		return err
	}
	if args[0] == "export" {
		return exportConfiguration(ctx, hub, flags.Arg(0), out)
	}
	return importConfiguration(ctx, hub, flags.Arg(0), *dry, *secrets, out)
}

// hubOf makes a client of the hub of this environment, or of another one.
func hubOf(url, tokenFile string) (*declaration.Hub, error) {
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return nil, fmt.Errorf("the configuration has faults:\n%w", err)
	}
	token := cfg.Auth.AdminToken
	if tokenFile == "" && token == "" {
		tokenFile = filepath.Join(cfg.Storage.Directory(), "admin-token")
	}
	if tokenFile != "" {
		text, err := os.ReadFile(tokenFile) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, fmt.Errorf("read the token: %w", err)
		}
		token = domain.Secret(strings.TrimSpace(string(text)))
	}
	if url == "" {
		url = "http://" + net.JoinHostPort(reachable(cfg.Server.Host), strconv.Itoa(cfg.Server.Port))
	}
	return declaration.NewHub(strings.TrimRight(url, "/"), token, http.DefaultTransport), nil
}

func exportConfiguration(ctx context.Context, hub *declaration.Hub, file string, out io.Writer) error {
	d, err := hub.Export(ctx)
	if err != nil {
		return err
	}
	text, err := d.Text()
	if err != nil {
		return err
	}
	if file == "-" {
		_, err := out.Write(text)
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func importConfiguration(ctx context.Context, hub *declaration.Hub, file string, dry, secrets bool, out io.Writer) error {
	text, err := readDocument(file)
	if err != nil {
		return err
	}
	d, err := declaration.Parse(text, os.LookupEnv)
	if err != nil {
		return err
	}
	changes, err := hub.Plan(ctx, d, secrets)
	if err != nil {
		return err
	}
	for _, c := range changes {
		fmt.Fprintln(out, c)
		if dry {
			continue
		}
		if err := hub.Apply(ctx, c); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d changes\n", len(changes))
	return err
}

func readDocument(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(file) //nolint:gosec // the operator names the file
}
