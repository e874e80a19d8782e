package gateway

import (
	"io"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// evidence is the call as it went out, for the record of its failure: what an
// operator needs to repeat it, without credentials. Nil before there is one.
func (c *call) evidence() *domain.RequestErrorDetails {
	if c.sent == nil {
		return nil
	}
	d := &domain.RequestErrorDetails{Method: c.sent.Method}
	d.URL, d.Headers = upstream.Describe(c.sent)
	d.URL = secrets.Redact(d.URL)
	for name, value := range d.Headers {
		d.Headers[name] = clip(secrets.Redact(value), maxHeaderValue)
	}
	d.Body, d.BodyTruncated = c.sentExcerpt()
	return d
}

// maxHeaderValue bounds a header in the record.
const maxHeaderValue = 500

// sentExcerpt is the beginning of the body that was sent, as long as there is
// one in memory: after the answer has begun it is gone.
func (c *call) sentExcerpt() (text string, truncated bool) {
	body := c.sent.Body
	if body == nil || c.x.upload != nil || c.x.body == nil {
		return "", body != nil
	}
	r := body.Open()
	if r == nil {
		return "", true
	}
	defer r.Close()
	head, _ := io.ReadAll(io.LimitReader(r, 2*maxExcerpt))
	if !utf8.Valid(head[:max(0, len(head)-utf8.UTFMax)]) {
		return "", true // sound or pictures
	}
	text = clip(secrets.Redact(string(head)), maxExcerpt)
	return text, body.Len() > int64(len(head)) || len(head) > maxExcerpt
}

// blames tells whether a class of outcome is a failure that somebody will want
// to understand.
func blames(class domain.AttemptClass) bool {
	return class != domain.ClassOK && class != domain.ClassClientAbort
}

// systemDetails is what the network said about a call that broke.
func systemDetails(f *upstream.Failure) *domain.SystemErrorDetails {
	d := &domain.SystemErrorDetails{ErrorType: string(f.Kind)}
	d.ErrorName, d.ErrorCode, d.ErrorSyscall = f.System()
	return d
}
