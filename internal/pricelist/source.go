package pricelist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/claude-code-hub/cch/internal/outbound"
)

const (
	// Timeout bounds a download.
	Timeout = 30 * time.Second
	// MaxBytes bounds a list; the public one has about 10 MB.
	MaxBytes = 32 << 20

	maxETag = 256
)

// Why a download failed.
var (
	ErrTooLarge = errors.New("the list is larger than 32 MiB")
	ErrEmpty    = errors.New("the list is empty")
)

// Source is the address of a list. Safe for concurrent use.
type Source struct {
	client *outbound.Client
	url    *url.URL
}

// Fetched is what came of a download.
type Fetched struct {
	Data       []byte
	ETag       string
	Unmodified bool // the server knows our list as the present one; Data is empty
}

// NewSource is a list at an http or https URL.
func NewSource(address string, policy outbound.Policy) (*Source, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the URL of the price list is not an http or https URL")
	}
	client, err := outbound.New(outbound.Options{Policy: policy})
	if err != nil {
		return nil, err
	}
	return &Source{client: client, url: u}, nil
}

// URL is where the list is, without credentials.
func (s *Source) URL() string { return s.url.Redacted() }

// Close drops idle connections.
func (s *Source) Close() { s.client.Close() }

// Fetch downloads the list unless the server says that it is still the one of
// the tag. Redirects to other hosts are not followed.
func (s *Source) Fetch(ctx context.Context, etag string) (Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	header := http.Header{"Accept": {"application/json, application/toml;q=0.9, */*;q=0.1"}}
	if etag != "" {
		header.Set("If-None-Match", etag)
	}
	res, err := s.client.Do(ctx, http.MethodGet, s.url, header, nil)
	if err != nil {
		return Fetched{}, fmt.Errorf("fetch the price list: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNotModified && etag != "":
		return Fetched{ETag: etag, Unmodified: true}, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return Fetched{}, fmt.Errorf("fetch the price list: it redirects to another host (%d), which is not followed", res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return Fetched{}, fmt.Errorf("fetch the price list: the server answered %d", res.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, MaxBytes+1))
	switch {
	case err != nil:
		return Fetched{}, fmt.Errorf("read the price list: %w", err)
	case len(data) > MaxBytes:
		return Fetched{}, ErrTooLarge
	case len(data) == 0:
		return Fetched{}, ErrEmpty
	}
	tag := res.Header.Get("ETag")
	if len(tag) > maxETag {
		tag = ""
	}
	return Fetched{Data: data, ETag: tag}, nil
}
