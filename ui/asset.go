package ui

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// asset is one embedded file in all its encodings. Its bytes are read when they
// are asked for: the binary holds them anyway. It never changes after loading
// and is shared by all requests.
type asset struct {
	files        fs.FS
	name         string
	contentType  string
	hash         string // of the identity body, without quotes
	immutable    bool   // the name carries a content hash
	brotli, gzip bool   // the build made these too
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
		sum, err := sumOf(files, name)
		if err != nil {
			return err
		}
		assets[name] = &asset{
			files: files, name: name, contentType: kind, hash: sum, immutable: strings.HasPrefix(name, "assets/"),
			brotli: exists(files, name+".br"), gzip: exists(files, name+".gz"),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load dashboard files: %w", err)
	}
	return assets, nil
}

func sumOf(files fs.FS, name string) (string, error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}

// exists tells of a precompressed file: small files have none.
func exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// pick returns the file of the best body for an Accept-Encoding header and the
// value of Content-Encoding, which is empty for the plain body.
func (a *asset) pick(accept string) (file, encoding string) {
	switch {
	case a.brotli && accepts(accept, "br"):
		return a.name + ".br", "br"
	case a.gzip && accepts(accept, "gzip"):
		return a.name + ".gz", "gzip"
	default:
		return a.name, ""
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
