package neutral

import (
	"slices"
	"strings"
)

// Drop is the stable code of something a conversion left out. Codes are stored
// and shown; they may carry a detail after a colon, as in "hosted_tool:mcp".
type Drop string

// Codes of drops, in the order in which they are listed.
const (
	DropStopSequences    Drop = "stop_sequences"
	DropStopSequencesCut Drop = "stop_sequences_cut"
	DropTopK             Drop = "top_k"
	DropSampling         Drop = "sampling"
	DropTemperature      Drop = "temperature_clamped"
	DropSeed             Drop = "seed"
	DropPenalties        Drop = "penalties"
	DropParallel         Drop = "parallel_tool_calls"
	DropMaxTokensRaised  Drop = "max_tokens_raised"
	DropHostedTool       Drop = "hosted_tool"
	DropWebSearch        Drop = "web_search"
	DropWebSearchLimits  Drop = "web_search_limits"
	DropThinkingOff      Drop = "thinking_off"
	DropEffortClamped    Drop = "effort_clamped"
	DropBetweenTools     Drop = "between_tools"
	DropServiceTier      Drop = "service_tier"
	DropMetadata         Drop = "metadata"
	DropUser             Drop = "user"
	DropDocumentURL      Drop = "document_url"
	DropIsError          Drop = "is_error"
	DropVerbosity        Drop = "verbosity"
	DropFinishReason     Drop = "finish_reason"
	DropOutputMedia      Drop = "output_media"
	DropRemoteMedia      Drop = "remote_media"
)

var dropOrder = []Drop{ //nolint:gochecknoglobals // a read-only table
	DropStopSequences, DropStopSequencesCut, DropTopK, DropSampling, DropTemperature, DropSeed, DropPenalties,
	DropParallel, DropMaxTokensRaised, DropHostedTool, DropWebSearch, DropWebSearchLimits, DropThinkingOff,
	DropEffortClamped, DropBetweenTools, DropServiceTier, DropMetadata, DropUser, DropDocumentURL, DropIsError,
	DropVerbosity, DropFinishReason, DropOutputMedia, DropRemoteMedia,
}

// Drops is what a conversion lost, each code once. The zero value is empty.
type Drops []string

// Add notes a drop.
func (d *Drops) Add(code Drop) { d.add(string(code)) }

// AddDetail notes a drop with a detail.
func (d *Drops) AddDetail(code Drop, detail string) { d.add(string(code) + ":" + detail) }

func (d *Drops) add(code string) {
	if !slices.Contains(*d, code) {
		*d = append(*d, code)
	}
}

// Sorted returns the codes in their listed order.
func (d Drops) Sorted() []string {
	out := slices.Clone(d)
	slices.SortStableFunc(out, func(a, b string) int { return dropRank(a) - dropRank(b) })
	return out
}

func dropRank(code string) int {
	name, _, _ := strings.Cut(code, ":")
	return slices.Index(dropOrder, Drop(name))
}

// Caps is a set of capabilities.
type Caps uint32

// Capabilities a request may need, in the order in which the first missing one
// is named.
const (
	NeedN Caps = 1 << iota
	NeedAudio
	NeedAudioOutput
	NeedVideo
	NeedImage
	NeedPDF
	NeedDocumentType
	NeedFileID
	NeedFileURI
	NeedCachedContent
	NeedPreviousResponseID
	NeedConversation
	NeedItemReference
	NeedPrompt
	NeedBackground
	NeedHostedToolChoice
	NeedTokenCount // an endpoint that tells how many tokens a prompt has
)

var capNames = []string{ //nolint:gochecknoglobals // a read-only table
	"n", "audio", "audio_output", "video", "image", "pdf", "document_type", "file_id", "file_uri", "cached_content",
	"previous_response_id", "conversation", "item_reference", "prompt", "background", "hosted_tool_choice",
	"token_count",
}

// First is the name of the first capability in the set, "" if it is empty.
func (c Caps) First() string {
	for i, name := range capNames {
		if c&(1<<i) != 0 {
			return name
		}
	}
	return ""
}

// CapNames are the names of all capabilities.
func CapNames() []string { return slices.Clone(capNames) }

// CapNamed is the capability of that name, 0 for none.
func CapNamed(name string) Caps {
	if i := slices.Index(capNames, name); i >= 0 {
		return 1 << i
	}
	return 0
}

// Missing is the part of what a request needs that a target cannot carry.
func Missing(needs Caps, t *Target) Caps {
	can := NeedImage | NeedPDF | NeedAudio | NeedDocumentType
	switch t.Format {
	case Claude:
		can = can&^(NeedAudio|NeedDocumentType) | NeedTokenCount
	case Responses:
		can = can&^NeedAudio | NeedTokenCount
	case Gemini:
		can |= NeedVideo | NeedTokenCount
	case GeminiCLI: // it counts the messages alone, which is further from the truth than a guess at the whole
		can |= NeedVideo
	case Chat:
	}
	for _, known := range []struct {
		none bool
		need Caps
	}{
		{t.Model.NoImage, NeedImage},
		{t.Model.NoPDF, NeedPDF},
		{t.Model.NoAudio, NeedAudio},
		{t.Model.NoVideo, NeedVideo},
	} {
		if known.none {
			can &^= known.need
		}
	}
	return needs &^ can
}

// AddCode notes a drop by its full code, detail included.
func (d *Drops) AddCode(code string) { d.add(code) }
