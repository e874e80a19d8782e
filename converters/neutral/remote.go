package neutral

import (
	"slices"
	"strings"
)

// Media is data of a media type, in base64.
type Media struct{ Mime, Data string }

// Remote lists the addresses of the images and documents that a request only
// points at, each once, in the order in which they come. They are copies: whoever
// calls them may still hold them when the body of the request is gone.
func (r *Request) Remote() []string {
	var out []string
	for i := range r.Messages {
		out = appendRemote(out, r.Messages[i].Parts)
	}
	return out
}

func appendRemote(out []string, parts []Part) []string {
	for i := range parts {
		p := &parts[i]
		if p.remote() && !slices.Contains(out, p.URL) {
			out = append(out, strings.Clone(p.URL))
		}
		out = appendRemote(out, p.Parts)
	}
	return out
}

func (p *Part) remote() bool {
	return (p.Kind == Image || p.Kind == Doc) &&
		(strings.HasPrefix(p.URL, "https://") || strings.HasPrefix(p.URL, "http://"))
}

// Inline is the request with media in place of the addresses they were found at.
// What was not found, or turns out to be of another kind, keeps its address and
// is noted. The request itself is not changed.
func (r *Request) Inline(found map[string]Media) *Request {
	out := *r
	out.Drops = slices.Clone(r.Drops)
	out.Messages = make([]Message, len(r.Messages))
	for i, m := range r.Messages {
		m.Parts = out.inline(m.Parts, found)
		out.Messages[i] = m
	}
	return &out
}

func (r *Request) inline(parts []Part, found map[string]Media) []Part {
	parts = slices.Clone(parts)
	for i := range parts {
		p := &parts[i]
		p.Parts = r.inline(p.Parts, found)
		if !p.remote() {
			continue
		}
		m := found[p.URL]
		got := MediaOf(m.Mime, m.Data, p.Title)
		if m.Data == "" || got.Kind != p.Kind || got.Kind == Doc && got.Text.Empty() && got.Mime != "application/pdf" {
			r.Drops.Add(DropRemoteMedia)
			continue
		}
		got.Detail, got.Cache = p.Detail, p.Cache
		*p = got
		r.Size += len(m.Data)
	}
	return parts
}
