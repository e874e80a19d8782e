package filter

import (
	"encoding/json"
	"net/textproto"
	"regexp"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Bounds of one filter.
const (
	MaxPattern    = 500      // of a target, a path, a field or an expression, bytes
	MaxValue      = 64 << 10 // of a JSON value, bytes
	MaxOperations = 50
	maxFields     = 10
)

// compile makes a filter ready, or says what is wrong with it.
func compile(f *domain.RequestFilter) (*rule, Faults) {
	c := compiler{rule: &rule{name: f.Name}}
	switch f.Mode {
	case domain.FilterSimple:
		c.simple(f)
	case domain.FilterAdvanced:
		c.advanced(f)
	default:
		c.wrong.add(codeChoice, "is simple or advanced", "mode")
	}
	return c.rule, c.wrong
}

type compiler struct {
	rule  *rule
	wrong Faults
}

// simple makes the one thing that a simple filter does.
func (c *compiler) simple(f *domain.RequestFilter) {
	if len(f.Operations) > 0 {
		c.wrong.add(codeNotAllowed, "is for advanced filters", "operations")
	}
	if f.MatchType != "" && f.Action != domain.FilterTextReplace {
		c.wrong.add(codeNotAllowed, "is for text_replace", "matchType")
	}
	switch {
	case f.Scope == domain.FilterHeader && (f.Action == domain.FilterSet || f.Action == domain.FilterRemove):
		op := domain.FilterOperation{Op: domain.FilterOp(f.Action), Scope: f.Scope, Path: f.Target, Value: f.Replacement}
		c.header(&op, "target", "replacement")
	case f.Scope == domain.FilterBody && f.Action == domain.FilterJSONPath:
		if f.Target == "" {
			c.wrong.add(codeRequired, "is required", "target")
			return
		}
		c.rule.body = append(c.rule.body, &setOp{path: c.path(f.Target, "target"), value: c.value(f.Replacement, "replacement").Raw})
	case f.Scope == domain.FilterBody && f.Action == domain.FilterTextReplace:
		c.textReplace(f)
	case f.Scope != domain.FilterHeader && f.Scope != domain.FilterBody:
		c.wrong.add(codeChoice, "is header or body", "scope")
	default:
		c.wrong.add(codeChoice, "is set or remove for a header, json_path or text_replace for a body", "action")
	}
}

func (c *compiler) textReplace(f *domain.RequestFilter) {
	v := c.value(f.Replacement, "replacement")
	if v.Raw != "" && v.Type != gjson.String {
		c.wrong.add(codeType, "is a string for text_replace", "replacement")
	}
	op := &textOp{hint: f.Target}
	switch {
	case f.Target == "":
		c.wrong.add(codeRequired, "is required", "target")
		return
	case len(f.Target) > MaxPattern:
		c.wrong.add(codeTooLong, tooLong, "target")
		return
	}
	switch f.MatchType {
	case domain.MatchContains:
		op.find = replaceAll(f.Target, v.Str)
	case domain.MatchExact:
		op.find = replaceWhole(f.Target, v.Str)
	case domain.MatchRegex:
		op.hint = ""
		op.find = replaceMatches(c.regex(f.Target, "target"), v.Str)
	default:
		c.wrong.add(codeChoice, matchChoice, "matchType")
	}
	c.rule.body = append(c.rule.body, op)
}

// advanced makes what an advanced filter does.
func (c *compiler) advanced(f *domain.RequestFilter) {
	for name, given := range map[string]bool{
		"scope": f.Scope != "", "action": f.Action != "", "matchType": f.MatchType != "", "target": f.Target != "", "replacement": len(f.Replacement) > 0,
	} {
		if given {
			c.wrong.add(codeNotAllowed, "is for simple filters", name)
		}
	}
	switch n := len(f.Operations); {
	case n == 0:
		c.wrong.add(codeRequired, "is required for an advanced filter", "operations")
	case n > MaxOperations:
		c.wrong.add(codeTooLong, "has more than 50 operations", "operations")
		return
	}
	for i := range f.Operations {
		part := compiler{rule: c.rule}
		part.operation(&f.Operations[i])
		c.wrong.within(part.wrong, "operations", i)
	}
}

func (c *compiler) operation(op *domain.FilterOperation) {
	c.strays(op)
	switch op.Scope {
	case domain.FilterHeader:
		if op.Op != domain.OpSet && op.Op != domain.OpRemove {
			c.wrong.add(codeChoice, "is set or remove for a header", "op")
			return
		}
		c.header(op, "path", "value")
		return
	case domain.FilterBody, "":
	default:
		c.wrong.add(codeChoice, "is header or body", "scope")
		return
	}
	path := c.path(op.Path, "path")
	switch op.Op {
	case domain.OpSet:
		c.writeMode(op)
		c.named(op)
		c.rule.body = append(c.rule.body, &setOp{path: path, value: c.value(op.Value, "value").Raw, ifMissing: op.WriteMode == domain.WriteIfMissing})
	case domain.OpRemove:
		c.named(op)
		c.rule.body = append(c.rule.body, &removeOp{path: path, matcher: c.matcher(op.Matcher, "matcher")})
	case domain.OpMerge:
		v := c.value(op.Value, "value")
		if v.Raw != "" && !v.IsObject() {
			c.wrong.add(codeType, "is an object for merge", "value")
		}
		c.rule.body = append(c.rule.body, &mergeOp{path: path, patch: v})
	case domain.OpInsert:
		c.named(op)
		c.insert(op, path)
	default:
		c.wrong.add(codeChoice, "is set, remove, merge or insert", "op")
	}
}

// named wants a path that leads into the body: only merge may mean all of it.
func (c *compiler) named(op *domain.FilterOperation) {
	if op.Path == "" {
		c.wrong.add(codeRequired, "is required", "path")
	}
}

func (c *compiler) writeMode(op *domain.FilterOperation) {
	switch op.WriteMode {
	case "", domain.WriteOver, domain.WriteIfMissing:
	default:
		c.wrong.add(codeChoice, "is overwrite or if_missing", "writeMode")
	}
}

// strays refuses members that mean nothing for the operation.
func (c *compiler) strays(op *domain.FilterOperation) {
	insert := op.Op == domain.OpInsert
	for name, stray := range map[string]bool{
		"value":           len(op.Value) > 0 && op.Op == domain.OpRemove,
		"writeMode":       op.WriteMode != "" && op.Op != domain.OpSet,
		"matcher":         op.Matcher != nil && op.Op != domain.OpRemove,
		"position":        op.Position != "" && !insert,
		"anchor":          op.Anchor != nil && !insert,
		"onAnchorMissing": op.OnAnchorMissing != "" && (!insert || op.Anchor == nil),
		"dedupe":          op.Dedupe != nil && !insert,
	} {
		if stray {
			c.wrong.add(codeNotAllowed, "means nothing here", name)
		}
	}
}

func (c *compiler) insert(op *domain.FilterOperation, path rawjson.Path) {
	out := &insertOp{
		path: path, value: c.value(op.Value, "value"), position: op.Position,
		anchor: c.matcher(op.Anchor, "anchor"), otherwise: op.OnAnchorMissing,
	}
	switch op.Position {
	case "":
		out.position = domain.PositionEnd
		fallthrough
	case domain.PositionStart, domain.PositionEnd:
		if op.Anchor != nil {
			c.wrong.add(codeNotAllowed, "is for the positions before and after", "anchor")
		}
	case domain.PositionBefore, domain.PositionAfter:
		if op.Anchor == nil {
			c.wrong.add(codeRequired, "is required for the positions before and after", "anchor")
		}
	default:
		c.wrong.add(codeChoice, "is start, end, before or after", "position")
	}
	switch op.OnAnchorMissing {
	case "":
		out.otherwise = domain.PositionEnd
	case domain.PositionStart, domain.PositionEnd, domain.PositionSkip:
	default:
		c.wrong.add(codeChoice, "is start, end or skip", "onAnchorMissing")
	}
	if op.Dedupe != nil {
		out.unique = true
		if len(op.Dedupe.ByFields) > maxFields {
			c.wrong.add(codeTooLong, "has more than 10 fields", "dedupe", "byFields")
		}
		for i, field := range op.Dedupe.ByFields {
			if field == "" {
				c.wrong.add(codeRequired, "is empty", "dedupe", "byFields", i)
			}
			out.fields = append(out.fields, c.path(field, "dedupe", "byFields", i))
		}
	}
	c.rule.body = append(c.rule.body, out)
}

// header makes a change of a header, whose fields go by these names.
func (c *compiler) header(op *domain.FilterOperation, pathName, valueName string) {
	out := headerOp{name: textproto.CanonicalMIMEHeaderKey(op.Path), remove: op.Op == domain.OpRemove, ifMissing: op.WriteMode == domain.WriteIfMissing}
	switch {
	case op.Path == "":
		c.wrong.add(codeRequired, "is required", pathName)
	case len(op.Path) > MaxPattern:
		c.wrong.add(codeTooLong, tooLong, pathName)
	case !isToken(op.Path):
		c.wrong.add(codeFormat, "is not the name of a header", pathName)
	case Protected(op.Path):
		c.wrong.add(codeNotAllowed, "is a header that no filter may change", pathName)
	}
	if out.remove {
		if len(op.Value) > 0 && valueName == "replacement" {
			c.wrong.add(codeNotAllowed, "means nothing here", valueName)
		}
		if out.matcher = c.matcher(op.Matcher, "matcher"); out.matcher != nil && len(out.matcher.field) > 0 {
			c.wrong.add(codeNotAllowed, "means nothing for a header", "matcher", "field")
		}
	} else {
		c.writeMode(op)
		v := c.value(op.Value, valueName)
		if v.Raw != "" && (v.Type != gjson.String || !isFieldValue(v.Str)) {
			c.wrong.add(codeFormat, "is a string that a header can hold", valueName)
		}
		out.value = v.Str
	}
	c.rule.header = append(c.rule.header, out)
}

// matcher makes a matcher ready, nil for none.
func (c *compiler) matcher(m *domain.FilterMatcher, at string) *matcher {
	if m == nil {
		return nil
	}
	part := compiler{}
	out := &matcher{kind: m.MatchType, field: part.path(m.Field, "field"), want: part.value(m.Value, "value")}
	switch m.MatchType {
	case "":
		out.kind = domain.MatchExact
	case domain.MatchExact:
	case domain.MatchContains, domain.MatchRegex:
		switch {
		case out.want.Raw == "":
		case out.want.Type != gjson.String || out.want.Str == "":
			part.wrong.add(codeType, "is a string that is not empty, for contains and regex", "value")
		case m.MatchType == domain.MatchRegex:
			out.regex = part.regex(out.want.Str, "value")
		}
	default:
		part.wrong.add(codeChoice, matchChoice, "matchType")
	}
	c.wrong.within(part.wrong, at)
	return out
}

func (c *compiler) path(text string, at ...any) rawjson.Path {
	if len(text) > MaxPattern {
		c.wrong.add(codeTooLong, tooLong, at...)
		return nil
	}
	p, err := rawjson.ParsePath(text)
	if err != nil {
		c.wrong.add(codeFormat, err.Error(), at...)
	}
	return p
}

// value reads a JSON value that has to be there.
func (c *compiler) value(raw json.RawMessage, at string) gjson.Result {
	switch {
	case len(raw) == 0:
		c.wrong.add(codeRequired, "is required", at)
		return gjson.Result{}
	case len(raw) > MaxValue:
		c.wrong.add(codeTooLong, "has more than 64 KiB", at)
		return gjson.Result{}
	case !rawjson.ValidBytes(raw):
		c.wrong.add(codeFormat, "is not JSON, or is nested too deeply", at)
		return gjson.Result{}
	}
	return rawjson.Root(rawjson.Compact(string(raw)))
}

// regex compiles an expression. A broken one matches nothing.
func (c *compiler) regex(text string, at ...any) *regexp.Regexp {
	if len(text) > MaxPattern {
		c.wrong.add(codeTooLong, tooLong, at...)
	} else if re, err := regexp.Compile(text); err == nil {
		return re
	} else {
		c.wrong.add(codeFormat, err.Error(), at...)
	}
	return regexp.MustCompile(`[^\s\S]`)
}
