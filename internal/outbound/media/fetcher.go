// Package media fetches images and documents that requests only point at, for
// providers that are to get them inline.
//
// The addresses come from clients, so nothing but public hosts is called: each
// address is checked when it is dialled, after the name was resolved and after
// every redirect. No credential, cookie or header of anybody is sent, time and
// size are bounded for all of a request together, and so is what is fetched at
// the same time. Nothing is kept.
package media

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/outbound"
)

// Bounds of what is fetched.
const (
	usualTimeout  = 10 * time.Second
	usualMaxBytes = 20 << 20
	usualParallel = 8
)

// Errors of a fetch.
var (
	errAddress  = errors.New("the address is not of http or https, or holds a credential")
	errTooLarge = errors.New("it is too large")
	errKind     = errors.New("it is neither an image nor a document")
)

// Options are what a Fetcher is made of; zero values take the usual bounds.
type Options struct {
	// Policy says which addresses may be called; that of the zero value are public
	// ones alone.
	Policy   outbound.Policy
	Timeout  time.Duration // of all that a request points at
	MaxBytes int64         // of the same
	Parallel int           // requests that are served at the same time
	Logger   *slog.Logger
}

// Fetcher fetches media. Safe for concurrent use. Close it when done.
type Fetcher struct {
	o      Options
	client *outbound.Client
	seats  chan struct{}
}

// New makes a fetcher.
func New(o Options) (*Fetcher, error) {
	if o.Timeout <= 0 {
		o.Timeout = usualTimeout
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = usualMaxBytes
	}
	if o.Parallel <= 0 {
		o.Parallel = usualParallel
	}
	client, err := outbound.New(outbound.Options{Policy: o.Policy, Wander: true})
	if err != nil {
		return nil, err
	}
	return &Fetcher{o: o, client: client, seats: make(chan struct{}, o.Parallel)}, nil
}

// Close drops idle connections.
func (f *Fetcher) Close() { f.client.Close() }

// Fetch gets what is at the addresses, one after another, as long as there is
// time and room. What cannot be had is missing in the result.
func (f *Fetcher) Fetch(ctx context.Context, addresses []string) map[string]neutral.Media {
	ctx, cancel := context.WithTimeout(ctx, f.o.Timeout)
	defer cancel()
	found := make(map[string]neutral.Media, len(addresses))
	select {
	case f.seats <- struct{}{}:
		defer func() { <-f.seats }()
	case <-ctx.Done():
		return found
	}
	room := f.o.MaxBytes
	for _, address := range addresses {
		kind, data, err := f.one(ctx, address, room)
		if err != nil {
			f.o.Logger.DebugContext(ctx, "remote media was not fetched", slog.String("error", err.Error()))
			continue
		}
		room -= int64(len(data))
		found[address] = neutral.Media{Mime: kind, Data: base64.StdEncoding.EncodeToString(data)}
	}
	return found
}

// one gets what is at an address. Errors do not quote it: it may hold a token.
func (f *Fetcher) one(ctx context.Context, address string, room int64) (kind string, data []byte, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", nil, errAddress
	}
	res, err := f.client.Do(ctx, http.MethodGet, u, http.Header{"User-Agent": {"claude-code-hub"}, "Accept": {"image/*, application/pdf, text/plain"}}, nil)
	if err != nil {
		if bare := (*url.Error)(nil); errors.As(err, &bare) {
			err = bare.Err
		}
		return "", nil, fmt.Errorf("call %s: %w", u.Hostname(), err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("call %s: status %d", u.Hostname(), res.StatusCode)
	}
	if data, err = io.ReadAll(io.LimitReader(res.Body, room+1)); err != nil {
		return "", nil, fmt.Errorf("read from %s: %w", u.Hostname(), err)
	}
	if int64(len(data)) > room {
		return "", nil, errTooLarge
	}
	if kind = kindOf(res.Header.Get("Content-Type"), data); kind == "" || len(data) == 0 {
		return "", nil, errKind
	}
	return kind, data, nil
}

// kindOf is the media type of data, by what the host says and, if that tells
// nothing, by how it begins. It is empty for what no model takes, as a page.
func kindOf(said string, data []byte) string {
	kind, _, err := mime.ParseMediaType(said)
	if err != nil || kind == "application/octet-stream" || kind == "binary/octet-stream" {
		kind, _, _ = mime.ParseMediaType(http.DetectContentType(data))
	}
	switch {
	case strings.HasPrefix(kind, "image/"), kind == "application/pdf", kind == "text/plain", kind == "text/markdown", kind == "text/csv":
		return kind
	}
	return ""
}
