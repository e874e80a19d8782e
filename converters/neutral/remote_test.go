package neutral_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

func TestRemoteMediaIsPutInline(t *testing.T) {
	t.Parallel()
	image := func(url string) neutral.Part {
		return neutral.Part{Kind: neutral.Image, URL: url, Detail: "low", Cache: `{"type":"ephemeral"}`}
	}
	doc := func(url string) neutral.Part { return neutral.Part{Kind: neutral.Doc, URL: url, Title: "t"} }
	request := func() *neutral.Request {
		return &neutral.Request{Size: 10, Messages: []neutral.Message{
			{Parts: []neutral.Part{image("https://a/1.png"), {Kind: neutral.Text, Text: rawjson.Plain("see")}, doc("http://a/2.pdf")}},
			{Parts: []neutral.Part{{Kind: neutral.Result, ID: "c", Parts: []neutral.Part{image("https://a/3.png"), image("https://a/1.png")}}}},
			{Parts: []neutral.Part{image("gs://a/4.png"), {Kind: neutral.Video, URL: "https://a/5.mp4"}, doc("https://a/6.txt"), doc("https://a/7.docx")}},
			{Parts: []neutral.Part{image("https://a/8.png")}},
		}}
	}
	r := request()
	require.Equal(t, []string{"https://a/1.png", "http://a/2.pdf", "https://a/3.png", "https://a/6.txt", "https://a/7.docx", "https://a/8.png"}, r.Remote())

	out := r.Inline(map[string]neutral.Media{
		"https://a/1.png": {Mime: "image/webp", Data: "AAAA"}, "http://a/2.pdf": {Mime: "application/pdf", Data: "UERG"},
		"https://a/6.txt": {Mime: "text/plain", Data: "aGk="}, "https://a/7.docx": {Mime: "application/zip", Data: "UEsD"},
		"https://a/8.png": {Mime: "application/pdf", Data: "UERG"},
	})
	require.Equal(t, request(), r, "others may get it as it came")
	inlined := neutral.Part{Kind: neutral.Image, Mime: "image/webp", Data: "AAAA", Detail: "low", Cache: `{"type":"ephemeral"}`}
	want := request()
	want.Messages[0].Parts[0] = inlined
	want.Messages[0].Parts[2] = neutral.Part{Kind: neutral.Doc, Mime: "application/pdf", Data: "UERG", Title: "t"}
	want.Messages[1].Parts[0].Parts[1] = inlined
	want.Messages[2].Parts[2] = neutral.Part{Kind: neutral.Doc, Text: rawjson.Plain("hi"), Title: "t"}
	require.Equal(t, want.Messages, out.Messages)
	require.Equal(t, neutral.Drops{"remote_media"}, out.Drops, "that which keeps its address")
	require.Greater(t, out.Size, r.Size)
}
