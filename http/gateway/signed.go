package gateway

import (
	"bytes"

	"github.com/tidwall/gjson"

	anthropic "github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/internal/domain"
)

// signed finds out which model of Anthropic's made an answer: its thinking is
// signed, and unlike the name in the answer a relay cannot choose what is signed.
type signed struct {
	watches bool // the answer is a Claude's
	any     bool // a signature came
	hidden  bool // thinking came that nobody is to see: it has no signature
	model   string
}

// leastSigned is shorter than any frame with a signature or with thinking that
// nobody is to see: both are some hundred characters. Most frames are shorter.
const leastSigned = 160

//nolint:gochecknoglobals // read-only texts
var (
	signatureEvent  = []byte(`"signature_delta"`)
	signatureMember = []byte(`"signature"`)
	hiddenThinking  = []byte(`"redacted_thinking"`)
)

// frame looks at the data of an event.
func (d *signed) frame(data []byte) {
	switch {
	case !d.watches || d.model != "" || len(data) < leastSigned:
	case bytes.Contains(data, signatureEvent):
		d.take(gjson.GetBytes(data, "delta.signature"))
	default:
		d.hidden = d.hidden || bytes.Contains(data, hiddenThinking)
	}
}

// document looks at a whole answer.
func (d *signed) document(body []byte) {
	if !d.watches {
		return
	}
	d.hidden = bytes.Contains(body, hiddenThinking)
	if !bytes.Contains(body, signatureMember) {
		return
	}
	gjson.GetBytes(body, "content.#.signature").ForEach(func(_, signature gjson.Result) bool {
		d.take(signature)
		return d.model == ""
	})
}

func (d *signed) take(signature gjson.Result) {
	if signature.Type == gjson.String && signature.Str != "" {
		d.any, d.model = true, anthropic.SignedModel(signature.Str)
	}
}

// tellSigned notes who made a complete answer, if it was signed, and that it was
// not though the model was told to think.
func (c *call) tellSigned() {
	d := &c.signed
	source := domain.SignedModelFound
	switch {
	case !d.watches, d.model == "" && !d.any && (d.hidden || !c.thinks):
		return
	case d.model == "":
		source = domain.SignedModelAbsent
	}
	c.special(domain.SpecialSetting{
		Type: domain.SpecialSignedModel, Source: source, ModelSigned: &domain.ModelSigned{Asked: clip(c.a.Model, maxModel), Found: d.model, Any: d.any},
	})
}

// maxModel bounds the name of a model in the record, in bytes.
const maxModel = 200
