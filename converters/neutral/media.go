package neutral

import (
	"encoding/base64"
	"path"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// CutDataURL splits data:<mime>;base64,<data>; false for any other URL.
func CutDataURL(url string) (mime, data string, ok bool) {
	rest, ok := strings.CutPrefix(url, "data:")
	if !ok {
		return "", "", false
	}
	mime, data, ok = strings.Cut(rest, ";base64,")
	mime, _, _ = strings.Cut(mime, ";")
	return mime, data, ok
}

// DataURLField writes base64 data as a member that is a URL, without a copy of
// the data in between.
func DataURLField(w *rawjson.Writer, name, mime, data string) {
	w.Key(name)
	w.B = append(w.B, `"data:`...)
	w.B = append(rawjson.AppendEscaped(w.B, mime), ";base64,"...)
	w.B = append(rawjson.AppendEscaped(w.B, data), '"')
}

// ImageOf is an image part from a URL that may hold the data itself.
func ImageOf(url, detail string) Part {
	if mime, data, ok := CutDataURL(url); ok {
		return Part{Kind: Image, Mime: mime, Data: data, Detail: detail}
	}
	return Part{Kind: Image, URL: url, Detail: detail}
}

// MediaOf is a part for data of any media type: an image, sound, video, or a
// document. Text is decoded, so that every format can show it.
func MediaOf(mime, data, title string) Part {
	switch kind, _, _ := strings.Cut(mime, "/"); kind {
	case "image":
		return Part{Kind: Image, Mime: mime, Data: data}
	case "audio":
		return Part{Kind: Audio, Mime: mime, Data: data}
	case "video":
		return Part{Kind: Video, Mime: mime, Data: data}
	case "text":
		if raw, err := base64.StdEncoding.DecodeString(data); err == nil && len(raw) > 0 {
			return Part{Kind: Doc, Text: rawjson.Plain(string(raw)), Title: title}
		}
	}
	return Part{Kind: Doc, Mime: mime, Data: data, Title: title}
}

// MimeByName guesses a media type from the end of a name or URL, fallback if
// it tells nothing.
func MimeByName(name, fallback string) string {
	name, _, _ = strings.Cut(name, "?")
	switch strings.ToLower(path.Ext(name)) {
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".heic":
		return "image/heic"
	case ".pdf":
		return "application/pdf"
	case ".txt":
		return "text/plain"
	case ".mp4":
		return "video/mp4"
	case ".mp3":
		return "audio/mp3"
	case ".wav":
		return "audio/wav"
	}
	return fallback
}

// Needs is what a target must be able to carry for this part.
func (p *Part) Needs() Caps {
	switch p.Kind {
	case Image:
		return NeedImage
	case Audio:
		return NeedAudio
	case Video:
		return NeedVideo
	case Doc:
		switch {
		case !p.Text.Empty():
			return 0
		case p.Mime == "application/pdf" || p.URL != "":
			return NeedPDF
		default:
			return NeedDocumentType
		}
	case Text, Think, Call, Result:
	}
	return 0
}

// FlatLocation is the place of a web search as Anthropic and Responses write
// it, from OpenAI Chat's nested form; a flat one is returned as is.
func FlatLocation(r gjson.Result) string {
	inner := r.Get("approximate")
	if !inner.IsObject() {
		return ObjectOf(r)
	}
	w := rawjson.Writer{}
	w.Obj()
	w.StrField("type", "approximate")
	inner.ForEach(func(k, v gjson.Result) bool {
		w.RawField(k.Str, v.Raw)
		return true
	})
	w.End()
	return string(w.B)
}

// NestedLocation is the place of a web search as OpenAI Chat writes it.
func NestedLocation(flat string) string {
	w := rawjson.Writer{}
	w.Obj()
	w.StrField("type", "approximate")
	w.OpenObj("approximate")
	gjson.Parse(flat).ForEach(func(k, v gjson.Result) bool {
		if k.Str != "type" {
			w.RawField(k.Str, v.Raw)
		}
		return true
	})
	w.End()
	w.End()
	return string(w.B)
}

// TitleOr is a document's title, or a name for formats that demand one.
func (p *Part) TitleOr(fallback string) string {
	if p.Title != "" {
		return p.Title
	}
	return fallback
}

// ErrorText marks the text of a failed tool for formats without a flag for it.
func ErrorText(t rawjson.Str) rawjson.Str {
	text := t.String()
	if len(text) >= 5 && strings.EqualFold(text[:5], "error") {
		return t
	}
	return rawjson.Plain("Error: " + text)
}
