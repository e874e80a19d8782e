package neutral

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

type geminiOracle struct {
	last     Usage
	seen     bool
	searches int64
	images   int64
	calls    bool
}

func (g *geminiOracle) frame(t *oracle, data string) Verdict {
	return g.body(t, gjson.Parse(data))
}

func (g *geminiOracle) body(t *oracle, root gjson.Result) Verdict {
	if inner := root.Get("response"); inner.IsObject() {
		root = inner
	}
	if u, ok := oracleGeminiUsage(root.Get("usageMetadata")); ok {
		g.last, g.seen = u, true
	}
	if oracleHasError(root.Get("error")) {
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

func (g *geminiOracle) candidate(t *oracle, c gjson.Result, v Verdict) Verdict {
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

func (g *geminiOracle) parts(t *oracle, parts gjson.Result) bool {
	found := false
	List(parts).ForEach(func(_, part gjson.Result) bool {
		part.ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "text":
				found = t.text(value) || found
			case "functionCall":
				g.calls, found = true, true
				t.tally.chars += int64(utf8.RuneCountInString(value.Get("args").Raw))
			case "inlineData":
				found = true
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

func (g *geminiOracle) usage() ([]Usage, bool) {
	u := g.last
	u.WebSearchCalls, u.ImagesOut = g.searches, g.images
	return []Usage{u}, g.seen
}

func oracleGeminiUsage(m gjson.Result) (Usage, bool) {
	prompt, hasPrompt := oracleCount(m.Get("promptTokenCount"))
	tool, hasTool := oracleCount(m.Get("toolUsePromptTokenCount"))
	answer, hasAnswer := oracleCount(m.Get("candidatesTokenCount"))
	thoughts, hasThoughts := oracleCount(m.Get("thoughtsTokenCount"))
	if !hasPrompt && !hasTool && !hasAnswer && !hasThoughts {
		return Usage{}, false
	}
	in, out := oracleModalities(m.Get("promptTokensDetails")), oracleModalities(m.Get("candidatesTokensDetails"))
	used, cached := oracleModalities(m.Get("toolUsePromptTokensDetails")), oracleModalities(m.Get("cacheTokensDetails"))
	u := Usage{
		InputImage:     max(0, in.image+used.image-cached.image),
		InputAudio:     max(0, in.audio+used.audio-cached.audio),
		OutputImage:    out.image,
		OutputAudio:    out.audio,
		Reasoning:      thoughts,
		ReasoningKnown: hasThoughts,
	}
	u.CacheRead, _ = oracleCount(m.Get("cachedContentTokenCount"))
	u.Input = max(0, prompt+tool-u.CacheRead-u.InputImage-u.InputAudio)
	u.Output = max(0, answer-u.OutputImage-u.OutputAudio) + thoughts
	return u, true
}

type oracleModal struct{ image, audio int64 }

func oracleModalities(list gjson.Result) (m oracleModal) {
	List(list).ForEach(func(_, e gjson.Result) bool {
		n, _ := oracleCount(e.Get("tokenCount"))
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
