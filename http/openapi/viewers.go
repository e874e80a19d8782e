package openapi

import (
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gorilla/mux"
)

// viewerFiles are our own pages and, in dist, the published files of Swagger UI
// and Scalar as scripts/build-viewers.sh fetched them. The all: prefix admits
// .gitkeep, so that the pattern matches in a fresh checkout too.
//
//go:embed viewers/*.html viewers/*.js all:viewers/dist
var viewerFiles embed.FS

// viewerPolicy lets the viewers run and nothing leave this host. Both set
// styles from scripts; nothing else is laxer than for any other page.
const viewerPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// viewer is one way to look at the document.
type viewer struct {
	path  string // below the base; its files lie under it
	page  string
	needs string // the file without which the page is of no use
	files []string
}

func viewers() []viewer {
	return []viewer{
		{"/docs", "swagger.html", "swagger-ui.js", []string{
			"swagger-ui.js", "swagger-ui.css", "swagger.init.js", "swagger-ui.license.txt", "swagger-ui.notice.txt",
		}},
		{"/scalar", "scalar.html", "scalar.js", []string{"scalar.js", "scalar.init.js"}},
	}
}

// MountViewers serves Swagger UI at base/docs and Scalar at base/scalar, both
// over the document at base/openapi.json and entirely from the binary. In a
// binary that was built without them a page says so.
func MountViewers(r *mux.Router, base string) error {
	files, err := fs.Sub(viewerFiles, "viewers")
	if err != nil {
		return fmt.Errorf("open the API viewers: %w", err)
	}
	return mountViewers(r, base, files)
}

func mountViewers(r *mux.Router, base string, files fs.FS) error {
	for _, v := range viewers() {
		page := v.page
		if _, err := fs.Stat(files, "dist/"+v.needs+".gz"); errors.Is(err, fs.ErrNotExist) {
			page = "absent.html"
		}
		if err := mountFile(r, base+v.path, files, page); err != nil {
			return err
		}
		for _, name := range v.files {
			err := mountFile(r, base+v.path+"/"+name, files, name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func mountFile(r *mux.Router, at string, files fs.FS, name string) error {
	f, err := loadViewerFile(files, name)
	if err != nil {
		return fmt.Errorf("read %s of the API viewers: %w", name, err)
	}
	r.Path(at).Methods(http.MethodGet).Handler(f)
	return nil
}

// viewerFile is one file as it is served: compressed if it came so. Its bytes are
// read when they are asked for: the binary holds them anyway.
type viewerFile struct {
	files       fs.FS
	name        string
	contentType string
	etag        string
	compressed  bool
}

// loadViewerFile reads one of our own files, else a compressed one of dist.
func loadViewerFile(files fs.FS, name string) (*viewerFile, error) {
	f := &viewerFile{files: files, name: name}
	body, err := fs.ReadFile(files, f.name)
	if errors.Is(err, fs.ErrNotExist) {
		f.name, f.compressed = "dist/"+name+".gz", true
		body, err = fs.ReadFile(files, f.name)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	f.etag = `"` + hex.EncodeToString(sum[:8]) + `"`
	switch path.Ext(name) {
	case ".html":
		f.contentType = "text/html; charset=utf-8"
	case ".js":
		f.contentType = "text/javascript; charset=utf-8"
	case ".css":
		f.contentType = "text/css; charset=utf-8"
	default:
		f.contentType = "text/plain; charset=utf-8"
	}
	return f, nil
}

func (f *viewerFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Security-Policy", viewerPolicy)
	h.Set("Cache-Control", "no-cache") // another binary may have other files
	h.Set("ETag", f.etag)
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	file, err := f.files.Open(f.name)
	if err != nil { // it was there at the start, and is part of the binary
		http.Error(w, "the file could not be read", http.StatusInternalServerError)
		return
	}
	defer file.Close()
	var body io.Reader = file
	if f.compressed {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
		} else if plain, err := gzip.NewReader(body); err == nil {
			body = plain
		}
	}
	_, _ = io.Copy(w, body) // the client may be gone
}
