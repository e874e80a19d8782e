package scan

import "bytes"

// Volume is how much there is to read in a document, judged by its string
// values. Names, numbers and punctuation are not counted.
type Volume struct {
	Text   int64 // bytes, as they stand in the document; encoded media is no text
	Images int64
	PDF    int64 // bytes of documents, decoded
}

// volume counts while the cursor walks.
type volume struct {
	text, pdf       int64
	embedded, named int64 // images inside the document, and members that announce one
}

// Volume is what the cursor has passed so far.
func (c *Cursor) Volume() Volume {
	v := &c.volume
	// What announces an image may hold it or name its address.
	return Volume{Text: v.text, Images: max(v.embedded, v.named), PDF: v.pdf}
}

// minMedia is shorter than any picture or document in base64.
const minMedia = 100

// count takes in one string value.
func (v *volume) count(raw []byte) {
	switch n := len(raw); {
	case n >= minMedia:
		v.long(raw)
	case n == len("image") && string(raw) == "image", // claude
		n == len("image_url") && string(raw) == "image_url",     // chat
		n == len("input_image") && string(raw) == "input_image": // responses
		v.named++
	default:
		v.text += int64(n)
	}
}

func (v *volume) long(raw []byte) {
	switch data, kind := media(raw); kind {
	case noMedia:
		v.text += int64(len(raw))
	case image:
		v.embedded++
	case pdf:
		v.pdf += int64(len(data)) / 4 * 3
	case otherMedia:
	}
}

type mediaKind uint8

const (
	noMedia mediaKind = iota
	image
	pdf
	otherMedia // of which nobody can say what it costs
)

// media tells what a long string encodes: by the type in a data URL, else by
// the first bytes of the formats that models take.
func media(raw []byte) (data []byte, kind mediaKind) {
	if comma := bytes.IndexByte(raw[:minMedia], ','); comma > 0 && begins(raw, "data:") {
		head, data := raw[:comma], raw[comma+1:]
		switch {
		case !bytes.HasSuffix(head, []byte(";base64")):
			return nil, noMedia
		case begins(head, "data:image"):
			return data, image
		case bytes.Contains(head, []byte("pdf")):
			return data, pdf
		}
		return data, otherMedia
	}
	switch {
	case begins(raw, "iVBORw0KGgo"), // PNG
		begins(raw, "/9j/"), begins(raw, `\/9j\/`), // JPEG
		begins(raw, "R0lGOD"), // GIF
		begins(raw, "UklGR"):  // WebP
		return raw, image
	case begins(raw, "JVBERi0"):
		return raw, pdf
	}
	return nil, noMedia
}

func begins(raw []byte, with string) bool {
	return len(raw) >= len(with) && string(raw[:len(with)]) == with
}
