package filter

import (
	"maps"
	"net/textproto"
	"slices"
	"strings"
)

// headerOp sets a header, or removes it.
type headerOp struct {
	name      string // canonical
	value     string
	remove    bool
	ifMissing bool
	matcher   *matcher // of values to remove; nil = all
}

func (o *headerOp) changes(h map[string][]string) bool {
	values, found := h[o.name]
	switch {
	case !o.remove && o.ifMissing:
		return !found
	case !o.remove:
		return len(values) != 1 || values[0] != o.value
	case o.matcher == nil:
		return found
	}
	return slices.ContainsFunc(values, o.matcher.text)
}

// apply changes h; slices in it stay as they are.
func (o *headerOp) apply(h map[string][]string) {
	switch {
	case !o.remove:
		h[o.name] = []string{o.value}
		return
	case o.matcher != nil:
		kept := slices.DeleteFunc(slices.Clone(h[o.name]), o.matcher.text)
		if len(kept) > 0 {
			h[o.name] = kept
			return
		}
	}
	delete(h, o.name)
}

func clone(h map[string][]string) map[string][]string {
	if c := maps.Clone(h); c != nil {
		return c
	}
	return make(map[string][]string)
}

// Protected tells whether no filter may change a header: those of the transport,
// and those that hold credentials, which belong to the provider.
func Protected(name string) bool {
	switch name = textproto.CanonicalMIMEHeaderKey(name); name {
	case "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Expect", "Content-Length", "Content-Encoding", "Accept-Encoding",
		"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Cookie":
		return true
	}
	return strings.HasPrefix(name, "X-Cch-")
}
