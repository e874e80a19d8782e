package neutral

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// geminiTap reads Gemini, bare or inside the Code Assist envelope. Every chunk
// may carry the usage so far: the last one counts.
type geminiTap struct {
	last     Usage
	seen     bool
	searches int64
	images   int64
	calls    bool
}

func (g *geminiTap) frame(t *Tap, data string) Verdict {
	return g.body(t, gjson.Parse(data))
}

func (g *geminiTap) body(t *Tap, root gjson.Result) Verdict {
	if inner := root.Get("response"); inner.IsObject() {
		root = inner
	}
	if u, ok := GeminiUsage(root.Get("usageMetadata")); ok {
		g.last, g.seen = u, true
	}
	if HasError(root.Get("error")) {
		return Failure
	}
	t.identify(root.Get("responseId"), root.Get("modelVersion"), root.Get("serviceTier"))
	t.identify(gjson.Result{}, gjson.Result{}, root.Get("usageMetadata.serviceTier"))
	v := Neutral
	if root.Get("promptFeedback.blockReason").Str != "" {
		t.complete, v = true, Content
	}
	List(root.Get("candidates")).ForEach(func(_, c gjson.Result) bool {
		v = max(v, g.candidate(t, c, v))
		return true
	})
	return v
}

func (g *geminiTap) candidate(t *Tap, c gjson.Result, v Verdict) Verdict {
	if g.parts(t, c.Get("content.parts")) {
		v = Content
	}
	if queries := c.Get("groundingMetadata.webSearchQueries"); queries.IsArray() {
		g.searches = max(g.searches, queries.Get("#").Int())
	}
	reason := c.Get("finishReason").Str
	if reason == "" || reason == "FINISH_REASON_UNSPECIFIED" {
		return v
	}
	t.complete = true
	switch {
	case reason != "STOP" || g.calls || v == Content:
		return Content
	default:
		return Terminal
	}
}

func (g *geminiTap) parts(t *Tap, parts gjson.Result) bool {
	found := false
	List(parts).ForEach(func(_, part gjson.Result) bool {
		part.ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "text":
				found = t.text(value) || found
			case "functionCall":
				g.calls, found = true, true
				t.alike.counts()
				t.tally.chars += int64(utf8.RuneCountInString(value.Get("args").Raw))
			case "inlineData":
				found = true
				t.alike.counts()
				if strings.HasPrefix(value.Get("mimeType").Str, "image/") {
					g.images++
				}
			case "executableCode", "codeExecutionResult":
				found = true
			}
			return true
		})
		return true
	})
	return found
}

func (g *geminiTap) usage() ([]Usage, bool) {
	u := g.last
	u.WebSearchCalls, u.ImagesOut = g.searches, g.images
	return []Usage{u}, g.seen
}

// GeminiUsage reads usageMetadata; false when it holds no figure. Cached tokens are inside the prompt figure
// and inside its list by modality, thoughts are outside the candidates figure.
// A modality list names parts of its figure; what it leaves out is text.
func GeminiUsage(m gjson.Result) (Usage, bool) {
	prompt, hasPrompt := count(m.Get("promptTokenCount"))
	tool, hasTool := count(m.Get("toolUsePromptTokenCount"))
	answer, hasAnswer := count(m.Get("candidatesTokenCount"))
	thoughts, hasThoughts := count(m.Get("thoughtsTokenCount"))
	if !hasPrompt && !hasTool && !hasAnswer && !hasThoughts {
		return Usage{}, false
	}
	in, out := modalities(m.Get("promptTokensDetails")), modalities(m.Get("candidatesTokensDetails"))
	used, cached := modalities(m.Get("toolUsePromptTokensDetails")), modalities(m.Get("cacheTokensDetails"))
	u := Usage{
		InputImage:     max(0, in.image+used.image-cached.image),
		InputAudio:     max(0, in.audio+used.audio-cached.audio),
		OutputImage:    out.image,
		OutputAudio:    out.audio,
		Reasoning:      thoughts,
		ReasoningKnown: hasThoughts,
	}
	u.CacheRead, _ = count(m.Get("cachedContentTokenCount"))
	u.Input = max(0, prompt+tool-u.CacheRead-u.InputImage-u.InputAudio)
	u.Output = max(0, answer-u.OutputImage-u.OutputAudio) + thoughts
	return u, true
}

type modal struct{ image, audio int64 }

func modalities(list gjson.Result) (m modal) {
	List(list).ForEach(func(_, e gjson.Result) bool {
		n, _ := count(e.Get("tokenCount"))
		switch e.Get("modality").Str {
		case "IMAGE":
			m.image += n
		case "AUDIO":
			m.audio += n
		}
		return true
	})
	return m
}
