package domain

import (
	"encoding/json"
	"time"
)

// RequestFilter changes requests before they are sent to a provider.
type RequestFilter struct {
	ID       RequestFilterID
	Version  int
	Name     string
	Enabled  bool
	Priority int // the smallest goes first, then the smallest id
	Binding  FilterBinding
	// Providers and Groups are those it is bound to, by Binding.
	Providers []ProviderID
	Groups    []GroupID
	Phase     FilterPhase
	Mode      FilterMode

	// A simple filter does one thing.
	Scope       FilterScope
	Action      FilterAction
	MatchType   MatchType       // of text_replace: contains, exact or regex
	Target      string          // a header's name, a path, or the text to find
	Replacement json.RawMessage // a JSON value; empty = none

	// An advanced one does these things, in their order.
	Operations []FilterOperation

	CreatedAt time.Time
	UpdatedAt time.Time
}

// MaxRequestFilters is how many request filters there may be.
const MaxRequestFilters = 200

// FilterBinding says whose requests a filter changes.
type FilterBinding string

// The bindings.
const (
	FilterGlobal    FilterBinding = "global"
	FilterProviders FilterBinding = "providers" // to any of them
	FilterGroups    FilterBinding = "groups"    // to a provider in any of them
)

// FilterPhase says when a filter has its turn.
type FilterPhase string

// The phases.
const (
	FilterGuard FilterPhase = "guard" // what the client sent, before anything else is made of it
	FilterFinal FilterPhase = "final" // what is about to be sent, in the provider's format
)

// FilterMode says in which form a filter is written down.
type FilterMode string

// The modes.
const (
	FilterSimple   FilterMode = "simple"
	FilterAdvanced FilterMode = "advanced"
)

// FilterScope is the part of a request that is changed.
type FilterScope string

// The scopes.
const (
	FilterHeader FilterScope = "header"
	FilterBody   FilterScope = "body"
)

// FilterAction is what a simple filter does.
type FilterAction string

// The actions.
const (
	FilterRemove      FilterAction = "remove"       // of a header
	FilterSet         FilterAction = "set"          // of a header
	FilterJSONPath    FilterAction = "json_path"    // a value is written into the body
	FilterTextReplace FilterAction = "text_replace" // in all strings of the body
)

// FilterOperation is one step of an advanced filter. Only set and remove know
// headers.
type FilterOperation struct {
	Op    FilterOp    `json:"op"`
	Scope FilterScope `json:"scope,omitempty"` // empty = body
	// Path is a.b[0].c, empty = the body itself; or the name of a header.
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"` // set, merge, insert

	WriteMode FilterWrite    `json:"writeMode,omitempty"` // set; empty = overwrite
	Matcher   *FilterMatcher `json:"matcher,omitempty"`   // remove: only what matches

	Position        FilterPosition `json:"position,omitempty"` // insert; empty = end
	Anchor          *FilterMatcher `json:"anchor,omitempty"`   // before and after it
	OnAnchorMissing FilterPosition `json:"onAnchorMissing,omitempty"`
	Dedupe          *FilterDedupe  `json:"dedupe,omitempty"`
}

// FilterOp is what an operation does.
type FilterOp string

// The operations.
const (
	OpSet    FilterOp = "set"
	OpRemove FilterOp = "remove"
	OpMerge  FilterOp = "merge"  // of an object; null deletes
	OpInsert FilterOp = "insert" // into an array
)

// FilterWrite says what becomes of a value that is there already.
type FilterWrite string

// The ways to write.
const (
	WriteOver      FilterWrite = "overwrite"
	WriteIfMissing FilterWrite = "if_missing"
)

// FilterPosition is where an element is put.
type FilterPosition string

// The positions. Skip is one of an anchor that is not there: nothing is put in.
const (
	PositionStart  FilterPosition = "start"
	PositionEnd    FilterPosition = "end"
	PositionBefore FilterPosition = "before"
	PositionAfter  FilterPosition = "after"
	PositionSkip   FilterPosition = "skip"
)

// FilterMatcher tells which values are meant.
type FilterMatcher struct {
	Field     string          `json:"field,omitempty"` // path inside an element; empty = the element
	Value     json.RawMessage `json:"value"`
	MatchType MatchType       `json:"matchType,omitempty"` // exact, contains or regex; empty = exact
}

// FilterDedupe keeps an element from being put in twice.
type FilterDedupe struct {
	ByFields []string `json:"byFields,omitempty"` // paths that have to be equal; none = the whole element
}
