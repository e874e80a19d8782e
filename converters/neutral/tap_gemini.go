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

func (g *geminiTap) frame(t *Tap, root piece) Verdict { return g.body(t, root) }

// geminiAnswer are the members of a chunk or a whole answer that matter here.
type geminiAnswer struct {
	response                 piece // an envelope's
	err, id, model, tier     piece
	block, candidates, usage piece
	figures                  geminiUsage
}

func (a *geminiAnswer) read(root piece) {
	w := root.walk()
	for name := range w.members() {
		switch name {
		case "response":
			w.first(&a.response)
		case "usageMetadata":
			a.readUsage(w.take())
		case "error":
			w.first(&a.err)
		case "responseId":
			w.first(&a.id)
		case "modelVersion":
			w.first(&a.model)
		case "serviceTier":
			w.first(&a.tier)
		case "promptFeedback":
			w.firstIn("blockReason", &a.block)
		case "candidates":
			w.first(&a.candidates)
		}
	}
}

// readUsage takes the figures of the first usage there is.
func (a *geminiAnswer) readUsage(u piece) {
	if a.usage.raw == "" {
		a.usage = u
		a.figures.read(u)
		return
	}
	a.figures.tier.or(u.get("serviceTier"))
}

func (g *geminiTap) body(t *Tap, root piece) Verdict {
	var a geminiAnswer
	a.read(root)
	if inner := a.response; inner.isObject() {
		a = geminiAnswer{}
		a.read(inner)
	}
	if u, ok := a.figures.usage(); ok {
		g.last, g.seen = u, true
	}
	if a.err.isError() {
		return Failure
	}
	t.identify(a.id, a.model)
	t.served(a.tier)
	t.served(a.figures.tier)
	v := Neutral
	if a.block.says() {
		t.complete, v = true, Content
	}
	w := a.candidates.walk()
	for range w.elements() {
		v = max(v, g.candidate(t, &w, v))
	}
	return v
}

// geminiCandidate is what matters of a candidate.
type geminiCandidate struct {
	finish, queries piece
	listed          bool // its parts were read
	found           bool // there is content among them
}

func (g *geminiTap) candidate(t *Tap, w *walk, v Verdict) Verdict {
	var c geminiCandidate
	for name := range w.members() {
		switch name {
		case "content":
			g.content(t, w, &c)
		case "groundingMetadata":
			w.firstIn("webSearchQueries", &c.queries)
		case "finishReason":
			w.first(&c.finish)
		}
	}
	if c.found {
		v = Content
	}
	g.searches = max(g.searches, c.queries.length())
	reason := c.finish.str()
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

func (g *geminiTap) content(t *Tap, w *walk, c *geminiCandidate) {
	for name := range w.members() {
		if name != "parts" || c.listed {
			continue
		}
		c.listed = true
		for range w.elements() {
			c.found = g.part(t, w) || c.found
		}
	}
}

// part reads the part that the walk stands before and says whether it is content.
func (g *geminiTap) part(t *Tap, w *walk) bool {
	found := false
	for name := range w.members() {
		switch name {
		case "text":
			found = t.text(w.take()) || found
		case "functionCall":
			g.calls, found = true, true
			t.alike.counts()
			t.tally.chars += int64(utf8.RuneCountInString(w.take().get("args").raw))
		case "inlineData":
			found = true
			t.alike.counts()
			if strings.HasPrefix(w.take().get("mimeType").str(), "image/") {
				g.images++
			}
		case "executableCode", "codeExecutionResult":
			found = true
		}
	}
	return found
}

func (g *geminiTap) usage() ([]Usage, bool) {
	u := g.last
	u.WebSearchCalls, u.ImagesOut = g.searches, g.images
	return []Usage{u}, g.seen
}

// GeminiUsage reads usageMetadata; false when it holds no figure. Cached tokens
// are inside the prompt figure and inside its list by modality, thoughts are
// outside the candidates figure. A modality list names parts of its figure; what
// it leaves out is text.
func GeminiUsage(m gjson.Result) (Usage, bool) {
	var u geminiUsage
	u.read(piece{raw: m.Raw})
	return u.usage()
}

// geminiUsage are the members of usageMetadata.
type geminiUsage struct {
	prompt, tool, answer, thoughts, cached, tier piece
	in, out, used, kept                          piece // lists by modality
}

func (m *geminiUsage) read(u piece) {
	w := u.walk()
	for name := range w.members() {
		if to := m.member(name); to != nil {
			w.first(to)
		}
	}
}

func (m *geminiUsage) member(name string) *piece {
	switch name {
	case "promptTokenCount":
		return &m.prompt
	case "toolUsePromptTokenCount":
		return &m.tool
	case "candidatesTokenCount":
		return &m.answer
	case "thoughtsTokenCount":
		return &m.thoughts
	case "cachedContentTokenCount":
		return &m.cached
	case "serviceTier":
		return &m.tier
	case "promptTokensDetails":
		return &m.in
	case "candidatesTokensDetails":
		return &m.out
	case "toolUsePromptTokensDetails":
		return &m.used
	case "cacheTokensDetails":
		return &m.kept
	}
	return nil
}

func (m *geminiUsage) usage() (Usage, bool) {
	prompt, hasPrompt := m.prompt.count()
	tool, hasTool := m.tool.count()
	answer, hasAnswer := m.answer.count()
	thoughts, hasThoughts := m.thoughts.count()
	if !hasPrompt && !hasTool && !hasAnswer && !hasThoughts {
		return Usage{}, false
	}
	in, out, used, kept := modalities(m.in), modalities(m.out), modalities(m.used), modalities(m.kept)
	u := Usage{
		InputImage:     max(0, in.image+used.image-kept.image),
		InputAudio:     max(0, in.audio+used.audio-kept.audio),
		OutputImage:    out.image,
		OutputAudio:    out.audio,
		Reasoning:      thoughts,
		ReasoningKnown: hasThoughts,
	}
	u.CacheRead, _ = m.cached.count()
	u.Input = max(0, prompt+tool-u.CacheRead-u.InputImage-u.InputAudio)
	u.Output = max(0, answer-u.OutputImage-u.OutputAudio) + thoughts
	return u, true
}

type modal struct{ image, audio int64 }

func modalities(list piece) (m modal) {
	w := list.walk()
	for range w.elements() {
		var tokens, modality piece
		for name := range w.members() {
			switch name {
			case "tokenCount":
				w.first(&tokens)
			case "modality":
				w.first(&modality)
			}
		}
		n, _ := tokens.count()
		switch modality.str() {
		case "IMAGE":
			m.image += n
		case "AUDIO":
			m.audio += n
		}
	}
	return m
}
