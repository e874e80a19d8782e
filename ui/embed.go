// Package ui carries the web dashboard inside the binary and serves it.
//
// It owns the embedded files, the one HTML document with its boot data, and
// everything HTTP about static files: content types, precompressed variants,
// validators, cache lifetimes and the content security policy. It knows nothing
// of sessions, settings or the management API: the caller hands in what the
// page needs through Options.
//
// The built dashboard lives in web/dist, which is not in version control. A
// checkout that never ran the web build still compiles; the handler then serves
// fallback.html, which says so. Start reading at Handler.
package ui

import (
	"embed"
	"io/fs"
)

// dist holds the output of the web build. The all: prefix admits .gitkeep, so
// that the pattern matches in a fresh checkout too.
//
//go:embed all:web/dist
var dist embed.FS

// fallbackPage is what a binary without a built dashboard shows.
//
//go:embed fallback.html
var fallbackPage []byte

// indexFile is the document that every route of the single-page app receives.
const indexFile = "index.html"

// Assets returns the embedded output of the web build, rooted so that
// "index.html" and "assets/…" are top-level names. In a checkout without a
// built dashboard it holds no index.html; see Built.
func Assets() fs.FS {
	sub, err := fs.Sub(dist, "web/dist")
	if err != nil { // the embed directive above guarantees the folder
		panic("ui: embedded web/dist: " + err.Error())
	}
	return sub
}

// Built reports whether this binary contains the built dashboard.
func Built() bool {
	_, err := fs.Stat(Assets(), indexFile)
	return err == nil
}
