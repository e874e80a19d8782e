// Package capability knows what models can take: how they think, whether they
// sample, see, hear and search.
//
// It owns the built-in table (models.json) and turns a row of it, or a row that
// an operator typed or a price table brought, into the neutral.Model that the
// writers of requests go by. Names that nobody listed take the rules of their
// family, and those count as guesses: only a row that says no refuses a
// request. Start with [Builtin].
package capability

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
)

//go:embed models.json
var builtin []byte

// Row is what is known of one model, as it is written in models.json and in the
// capabilities of a price row. Members left out take the table's defaults.
type Row struct {
	Thinking         *neutral.Thinking `json:"thinking,omitempty"`
	Efforts          []string          `json:"efforts,omitempty"`
	Off              *bool             `json:"off,omitempty"`
	MinBudget        int64             `json:"min_budget,omitempty"`
	MaxBudget        int64             `json:"max_budget,omitempty"`
	Sampling         *bool             `json:"sampling,omitempty"`
	StructuredOutput *bool             `json:"structured_output,omitempty"`
	MaxOutputTokens  int64             `json:"max_output_tokens,omitempty"`
	Vision           *bool             `json:"vision,omitempty"`
	PDF              *bool             `json:"pdf,omitempty"`
	Audio            *bool             `json:"audio,omitempty"`
	Video            *bool             `json:"video,omitempty"`
	WebSearch        []string          `json:"web_search,omitempty"`
	MidSystem        *bool             `json:"mid_system,omitempty"`
	Guessed          []string          `json:"guessed,omitempty"`
}

// Table is a set of rows with rules for the names it does not list. It is
// immutable and safe for concurrent use.
type Table struct {
	models   map[string]Row
	families []family
	unknown  Row
}

type family struct {
	match *regexp.Regexp
	set   Row
}

// Builtin parses the table that comes with the program.
func Builtin() (*Table, error) { return Parse(builtin) }

// Parse reads a table in the form of models.json.
func Parse(raw []byte) (*Table, error) {
	var file struct {
		Unknown  Row `json:"unknown"`
		Families []struct {
			Match string `json:"match"`
			Set   Row    `json:"set"`
		} `json:"families"`
		Models map[string]Row `json:"models"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("parse capability table: %w", err)
	}
	t := &Table{models: file.Models, unknown: file.Unknown}
	for _, f := range file.Families {
		re, err := regexp.Compile(f.Match)
		if err != nil {
			return nil, fmt.Errorf("parse capability family: %w", err)
		}
		t.families = append(t.families, family{re, f.Set})
	}
	return t, nil
}

// Model is what is known of a model by its name. A vendor in front of the name,
// as aggregators write it, is overlooked.
func (t *Table) Model(name string) neutral.Model {
	if row, ok := t.models[name]; ok {
		return row.Model()
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return t.Model(name[i+1:])
	}
	for _, f := range t.families {
		if f.match.MatchString(name) {
			return guess(f.set)
		}
	}
	return guess(t.unknown)
}

// guess is a row by analogy, which refuses nothing.
func guess(r Row) neutral.Model {
	m := r.Model()
	m.NoImage, m.NoPDF, m.NoAudio, m.NoVideo = false, false, false, false
	return m
}

// ParseRow reads the capabilities of a price row; false if there are none.
func ParseRow(raw []byte) (Row, bool) {
	var r Row
	if len(raw) == 0 || json.Unmarshal(raw, &r) != nil || r.Thinking == nil {
		return Row{}, false
	}
	return r, true
}

// Model is the row as the writers of requests go by it.
func (r *Row) Model() neutral.Model {
	thinking := neutral.ThinkingNone
	if r.Thinking != nil {
		thinking = *r.Thinking
	}
	none := func(field string, has *bool) bool {
		return !is(has, true) && !slices.Contains(r.Guessed, field)
	}
	gemini3 := thinking == neutral.ThinkingLevel
	return neutral.Model{
		Thinking: thinking, Efforts: r.Efforts, CanOff: is(r.Off, true), MinBudget: r.MinBudget, MaxBudget: r.MaxBudget,
		MaxOutput: r.MaxOutputTokens, NoSampling: is(r.Sampling, false), StructuredOutput: is(r.StructuredOutput, true),
		MidSystem: is(r.MidSystem, true), WebSearch: slices.Contains(r.WebSearch, string(neutral.Chat)),
		SearchBesideTools: gemini3, MediaInResults: gemini3,
		NoImage: none("vision", r.Vision), NoPDF: none("pdf", r.PDF), NoAudio: none("audio", r.Audio), NoVideo: none("video", r.Video),
	}
}

func is(flag *bool, value bool) bool { return flag != nil && *flag == value }
