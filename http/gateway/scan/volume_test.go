package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/gateway/scan"
)

func TestVolumeTellsTextFromMedia(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 400)
	for _, tc := range []struct {
		doc  string
		want scan.Volume
	}{
		{`{"messages":[{"role":"user","content":"hello"}],"n":12345}`, scan.Volume{Text: 9}},
		{`{"a":["x",{"b":"yz"}],"c":"` + long + `"}`, scan.Volume{Text: 403}},
		// Claude
		{`{"type":"image","source":{"type":"base64","data":"iVBORw0KGgo` + long + `"}}`, scan.Volume{Text: 6, Images: 1}},
		{`{"type":"image","source":{"type":"url","url":"https://x.y/z.png"}}`, scan.Volume{Text: 20, Images: 1}},
		{`{"type":"document","source":{"type":"base64","data":"JVBERi0x` + long + `"}}`, scan.Volume{Text: 14, PDF: 306}},
		// Chat and Responses
		{`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + long + `"}}`, scan.Volume{Images: 1}},
		{`{"type":"input_image","image_url":"data:image\/jpeg;base64,` + long + `"}`, scan.Volume{Images: 1}},
		{`{"file_data":"data:application/pdf;base64,` + long + `"}`, scan.Volume{PDF: 300}},
		{`{"input_audio":{"data":"data:audio/wav;base64,` + long + `"}}`, scan.Volume{}},
		// Gemini
		{`{"inlineData":{"mimeType":"","data":"/9j/` + long + `"},"b":{"data":"R0lGOD` + long + `"}}`, scan.Volume{Images: 2}},
		// Texts that are none of it
		{`{"a":"data:, ` + long + `"}`, scan.Volume{Text: 407}},
		{`{"a":"data:image/svg+xml,` + long + `"}`, scan.Volume{Text: 419}},
	} {
		skipped := scan.New([]byte(tc.doc))
		skipped.Skip()
		require.NoError(t, skipped.End())
		require.Equal(t, tc.want, skipped.Volume(), tc.doc)

		read := scan.New([]byte(tc.doc))
		read.Watch("type", "x")
		for range read.Members() {
			if read.Kind() == scan.String {
				read.Text()
			}
		}
		require.Equal(t, tc.want, read.Volume(), fmt.Sprint("read: ", tc.doc))
	}
}
