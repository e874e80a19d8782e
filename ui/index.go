package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"strings"
)

// Boot is what the dashboard must know before its first request. It is public:
// the sign-in page carries it too, so nothing in it may depend on who asks.
type Boot struct {
	// BasePath is the path the dashboard is mounted at, with a leading and a
	// trailing slash: "/" or "/gw/".
	BasePath string `json:"basePath"`
	// Version of the binary, compared with the X-App-Version response header.
	Version string `json:"version"`
	// Title of this installation, shown in the tab and on the sign-in page.
	Title string `json:"title"`
	// Origin is the public scheme://host[:port] that clients are told to use;
	// empty means the page's own.
	Origin string `json:"origin,omitempty"`
	// TimeZone is the IANA name in which times are shown; empty means UTC.
	TimeZone string `json:"timezone,omitempty"`
	// Locale is the default language tag; empty lets the browser decide.
	Locale string `json:"locale,omitempty"`
	// Currency is the ISO 4217 code in which money is displayed.
	Currency string `json:"currency,omitempty"`
	// Setup is true while the installation has no provider yet.
	Setup bool `json:"setup"`
}

// Page is a rendered document and what its policy header must allow.
type Page struct {
	HTML []byte
	// ScriptHash is the CSP source ("sha256-…") of the only inline script;
	// empty if there is none.
	ScriptHash string
}

const (
	baseMark     = "<!--base-->"
	scriptOpen   = "<script data-boot>"
	scriptClose  = "</script>"
	bootDataMark = "/*boot*/"
)

// errNoBootScript means that index.html was not made by our web build.
var errNoBootScript = errors.New("ui: index.html has no boot script")

// Index renders the embedded index.html for boot. It fails if the dashboard was
// not built into this binary.
func Index(boot Boot) (Page, error) {
	source, err := fs.ReadFile(Assets(), indexFile)
	if err != nil {
		return Page{}, fmt.Errorf("read embedded dashboard: %w", err)
	}
	return render(source, boot)
}

// render puts the base URL and the boot data into an index.html. The data goes
// into the document's one inline script, whose hash is returned: the policy then
// needs no 'unsafe-inline'. encoding/json escapes <, > and &, so no value can
// close the script.
func render(source []byte, boot Boot) (Page, error) {
	if boot.BasePath == "" {
		boot.BasePath = "/"
	}
	before, rest, ok := bytes.Cut(source, []byte(scriptOpen))
	if !ok {
		return Page{}, errNoBootScript
	}
	script, after, ok := bytes.Cut(rest, []byte(scriptClose))
	if !ok {
		return Page{}, errNoBootScript
	}
	data, err := json.Marshal(boot)
	if err != nil {
		return Page{}, fmt.Errorf("encode boot data: %w", err)
	}
	code := strings.Replace(string(script), bootDataMark, "window.__BOOT__="+string(data)+";", 1)
	head := withBase(string(before), boot.BasePath)
	sum := sha256.Sum256([]byte(code))
	return Page{
		HTML:       []byte(head + scriptOpen + code + scriptClose + string(after)),
		ScriptHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
	}, nil
}

// withBase fills the place of the <base> element, which makes every relative
// address of a document independent of the route it was opened at.
func withBase(document, base string) string {
	return strings.Replace(document, baseMark, `<base href="`+html.EscapeString(base)+`">`, 1)
}
