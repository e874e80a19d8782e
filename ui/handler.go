package ui

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Options configure Handler. All functions must be safe for concurrent use.
type Options struct {
	// BasePath is the mount point with a leading slash, "/gw" for example; empty
	// means "/". Requests must arrive with it still in their path.
	BasePath string
	// Boot returns the data for one page view. Its BasePath is overwritten. Nil
	// serves a page without any.
	Boot func(*http.Request) Boot
	// SignedIn decides where "/" leads. A guess from the cookie's presence is
	// enough: the dashboard itself goes to the sign-in page when the API says 401.
	// Nil always leads to the dashboard.
	SignedIn func(*http.Request) bool
	// NotFound answers what is not the dashboard's: unknown paths below the API
	// prefixes, missing files, other methods than GET and HEAD. Nil is a plain 404.
	NotFound http.Handler
	// Assets replaces the embedded files, in tests. Nil uses Assets().
	Assets fs.FS
}

// isForeign reports whether a first path segment belongs to the gateway or the
// management API; an unknown path there must never look like a page. Gemini
// clients put a method behind a colon: /v1internal:generateContent.
func isForeign(segment string) bool {
	name, _, _ := strings.Cut(segment, ":")
	switch name {
	case "api", "install", "metrics", "v1", "v1beta", "v1internal":
		return true
	}
	return false
}

const immutableCache = "public, max-age=31536000, immutable"

// handler serves the dashboard. It is read-only after construction.
type handler struct {
	opts   Options
	base   string // with leading and trailing slash
	assets map[string]*asset
	index  []byte // nil if the dashboard was not built
	absent []byte // the page that says so
}

// Handler returns the dashboard's handler. It reads all files once; an error
// means that the embedded files are damaged. Mount it last, for every path that
// nothing else claims.
func Handler(opts Options) (http.Handler, error) {
	files := opts.Assets
	if files == nil {
		files = Assets()
	}
	if opts.NotFound == nil {
		opts.NotFound = http.NotFoundHandler()
	}
	assets, err := loadAssets(files)
	if err != nil {
		return nil, err
	}
	h := &handler{opts: opts, base: cleanBase(opts.BasePath), assets: assets}
	h.absent = []byte(withBase(string(fallbackPage), h.base))
	h.index, err = fs.ReadFile(files, indexFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return h, nil
	case err != nil:
		return nil, fmt.Errorf("dashboard document: %w", err)
	}
	if _, err := render(h.index, Boot{}); err != nil {
		return nil, fmt.Errorf("dashboard document: %w", err)
	}
	return h, nil
}

// cleanBase turns "", "gw", "/gw" and "/gw/" into a path with both slashes.
func cleanBase(p string) string {
	p = path.Clean("/" + p)
	if p == "/" {
		return p
	}
	return p + "/"
}

// ServeHTTP answers "/" with a redirect, files from memory and every other path
// with the document: the routes live in the browser.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, inside := strings.CutPrefix(r.URL.Path+"/", h.base)
	name = strings.TrimSuffix(name, "/")
	first, _, _ := strings.Cut(name, "/")
	switch {
	case !inside || r.Method != http.MethodGet && r.Method != http.MethodHead || isForeign(first):
		h.opts.NotFound.ServeHTTP(w, r)
	case name == "":
		h.serveRoot(w, r)
	case h.assets[name] != nil:
		h.serveAsset(w, r, h.assets[name])
	case first == "assets" || contentType(name) != "":
		h.opts.NotFound.ServeHTTP(w, r)
	default:
		h.servePage(w, r)
	}
}

// serveRoot sends browsers on. HEAD gets a plain 200: Claude Code probes its
// base URL with HEAD / before the first request.
func (h *handler) serveRoot(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	target := "dashboard"
	if h.opts.SignedIn != nil && !h.opts.SignedIn(r) {
		target = "login"
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, h.base+target, http.StatusFound)
}

// serveAsset writes one embedded file in the best encoding.
func (h *handler) serveAsset(w http.ResponseWriter, r *http.Request, a *asset) {
	file, encoding := a.pick(r.Header.Get("Accept-Encoding"))
	body, err := fs.ReadFile(a.files, file)
	if err != nil { // it was there at the start, and is part of the binary
		http.Error(w, "the file could not be read", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if a.immutable {
		header.Set("Cache-Control", immutableCache)
	}
	if a.brotli || a.gzip {
		header.Set("Vary", "Accept-Encoding")
	}
	tag := a.hash
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
		tag += "-" + encoding // other bytes, other strong validator
	}
	writeBody(w, r, `"`+tag+`"`, body)
}

// servePage writes the document, or the page that explains its absence.
func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	page := Page{HTML: h.absent}
	if h.index != nil {
		boot := Boot{}
		if h.opts.Boot != nil {
			boot = h.opts.Boot(r)
		}
		boot.BasePath = h.base
		rendered, err := render(h.index, boot)
		if err != nil { // Handler rendered the same document before
			http.Error(w, "the dashboard could not be rendered", http.StatusInternalServerError)
			return
		}
		page = rendered
	}
	header := w.Header()
	header.Set("Content-Type", contentType(indexFile))
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Security-Policy", policy(page.ScriptHash))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	sum := sha256.Sum256(page.HTML)
	writeBody(w, r, `"`+hex.EncodeToString(sum[:12])+`"`, page.HTML)
}

// policy is the content security policy of the document. Inline styles are
// allowed because bar widths and virtual rows are positioned by style attributes;
// inline scripts are not, but for the boot script by its hash.
func policy(scriptHash string) string {
	script := "script-src 'self'"
	if scriptHash != "" {
		script += " '" + scriptHash + "'"
	}
	return "default-src 'self'; " + script + "; img-src 'self' data:; style-src 'self' 'unsafe-inline'; " +
		"connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
}

// writeBody sends body with its validator, or 304 if the client has it.
func writeBody(w http.ResponseWriter, r *http.Request, etag string, body []byte) {
	w.Header().Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client left; there is nobody to tell
	}
}

// matches implements the weak comparison that RFC 9110, 13.1.2 asks for.
func matches(header, etag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == etag {
			return true
		}
	}
	return false
}
