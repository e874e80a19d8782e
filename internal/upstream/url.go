package upstream

import (
	"errors"
	"net/url"
	"strings"
)

// endpointRoots are path ends at which a configured URL already names an API.
// Longer ones first, so that /audio/translations is not taken for another.
func endpointRoots() [9]string {
	return [...]string{
		"/audio/transcriptions", "/audio/translations", "/chat/completions", "/embeddings",
		"/responses", "/messages", "/images", "/models", "/files",
	}
}

// parseBase reads a provider's base URL. A scheme that is no network, such as
// "demo:", is its own host. The error does not quote the URL: it may hold
// credentials.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("the provider's URL cannot be parsed")
	}
	if u.Host == "" && u.Scheme != "http" && u.Scheme != "https" {
		u.Host, u.Opaque = u.Scheme, ""
	}
	if u.Host == "" {
		return nil, errors.New("the provider's URL names no host")
	}
	return u, nil
}

// target joins a provider's base URL and the path a client called:
//
//  1. a path that equals or extends the base path stands on the base's host;
//  2. a base that ends in an endpoint root gets what the path has beyond it;
//  3. a base that ends in a version gets the path without its own version;
//  4. any other base is put before the path.
//
// The query is the client's without its credential, then the base's own.
func target(base *url.URL, path, rawQuery string) *url.URL {
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: joinPath(base.Path, path)}
	u.RawQuery = joinQuery(stripKey(rawQuery), base.RawQuery)
	return u
}

func joinPath(base, path string) string {
	base = strings.TrimSuffix(base, "/")
	if base == "" || path == base || strings.HasPrefix(path, base+"/") {
		return path
	}
	for _, root := range endpointRoots() {
		if !strings.HasSuffix(base, root) {
			continue
		}
		bare := stripVersion(path)
		if rest, ok := strings.CutPrefix(bare, root); ok && (rest == "" || rest[0] == '/') {
			return base + rest
		}
		return base
	}
	if isVersion(base[strings.LastIndexByte(base, '/')+1:]) {
		return base + stripVersion(path)
	}
	return base + path
}

// stripVersion takes a leading version segment off a path.
func stripVersion(path string) string {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if isVersion(first) {
		return "/" + rest
	}
	return path
}

// isVersion tells v1, v4 and v1beta from names like v1api.
func isVersion(s string) bool {
	if len(s) < 2 || s[0] != 'v' {
		return false
	}
	digits := 1
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits == 1 {
		return false
	}
	tail := strings.TrimRight(s[digits:], "0123456789")
	return tail == "" || tail == "alpha" || tail == "beta"
}

func joinQuery(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "&" + b
}

// stripKey takes the credential out of a query and leaves the rest as it was.
func stripKey(raw string) string {
	if !strings.Contains(raw, "key=") {
		return raw
	}
	kept := make([]string, 0, 4)
	for part := range strings.SplitSeq(raw, "&") {
		if !strings.HasPrefix(part, "key=") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}
