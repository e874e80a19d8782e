package ui

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// asset is one embedded file in all its encodings. It never changes after
// loading and is shared by all requests.
type asset struct {
	contentType string
	hash        string // of the identity body, without quotes
	immutable   bool   // the name carries a content hash
	plain       []byte
	brotli      []byte // nil if the build made none
	gzip        []byte
}

// contentType is the type by file extension, empty for files that are not served.
// The table is closed on purpose: the system's differs between hosts, and nosniff
// makes a wrong type fatal for scripts.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".ico":
		return "image/x-icon"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".json":
		return "application/json"
	case ".png":
		return "image/png"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	return ""
}

// loadAssets reads every servable file once. Hidden files and index.html, which
// is rendered, are left out; .br and .gz files attach to their original.
func loadAssets(files fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		kind := contentType(name)
		if entry.IsDir() || kind == "" || name == indexFile || strings.HasPrefix(path.Base(name), ".") {
			return nil
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		assets[name] = &asset{
			contentType: kind,
			hash:        hex.EncodeToString(sum[:12]),
			immutable:   strings.HasPrefix(name, "assets/"),
			plain:       body,
			brotli:      readVariant(files, name+".br"),
			gzip:        readVariant(files, name+".gz"),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load dashboard files: %w", err)
	}
	return assets, nil
}

// readVariant returns a precompressed file, or nil: small files have none.
func readVariant(files fs.FS, name string) []byte {
	body, err := fs.ReadFile(files, name)
	if err != nil {
		return nil
	}
	return body
}

// pick returns the best body for an Accept-Encoding header and the value of
// Content-Encoding, which is empty for the plain body.
func (a *asset) pick(accept string) (body []byte, encoding string) {
	switch {
	case a.brotli != nil && accepts(accept, "br"):
		return a.brotli, "br"
	case a.gzip != nil && accepts(accept, "gzip"):
		return a.gzip, "gzip"
	default:
		return a.plain, ""
	}
}

// accepts reports whether an Accept-Encoding header admits coding. A quality of
// zero forbids it. The wildcard is ignored: no browser relies on it, and plain
// bodies are always correct.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		value, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
		if !ok {
			return true
		}
		quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return err == nil && quality > 0
	}
	return false
}
