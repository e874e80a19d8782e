package pricing

import (
	"slices"
	"strings"
)

// maxCandidates bounds the names tried for one model.
const maxCandidates = 12

// What clients, gateways and clouds hang on a model's name.
//
//nolint:gochecknoglobals // read-only tables
var (
	callSuffixes = []string{"free", "thinking", "extended", "online", "nitro", "floor", "exacto"}
	regions      = []string{"us", "us-gov", "eu", "apac", "ap", "jp", "au", "ca", "global"}
	cloudVendors = []string{
		"anthropic", "amazon", "meta", "mistral", "cohere", "deepseek", "ai21", "openai", "qwen",
		"moonshot", "minimax", "google", "zai",
	}
)

// candidates appends name and what is left of it when its decorations are taken
// off one after the other.
func candidates(dst []string, name string) []string {
	dst = append(dst, name)
	step := func(next string) {
		if next != name && next != "" && len(dst) < maxCandidates {
			name = next
			dst = append(dst, name)
		}
	}
	step(cutContext(name))
	step(cutCall(name))
	for range strings.Count(name, "/") {
		_, rest, _ := strings.Cut(name, "/")
		step(rest)
	}
	if bare := cutCloud(name); bare != name {
		step(bare)
		step(cutVersion(name))
	}
	step(cutDate(name))
	return dst
}

// cutContext takes off the mark by which Claude Code asks for a long context.
func cutContext(name string) string {
	if n := len(name) - len("[1m]"); n >= 0 && strings.EqualFold(name[n:], "[1m]") {
		return name[:n]
	}
	return name
}

// cutCall takes off how a gateway is to make the call: name:thinking.
func cutCall(name string) string {
	if i := strings.LastIndexByte(name, ':'); i >= 0 && slices.Contains(callSuffixes, strings.ToLower(name[i+1:])) {
		return name[:i]
	}
	return name
}

// cutCloud takes off region and vendor as Amazon writes them: us.anthropic.name.
func cutCloud(name string) string {
	rest := name
	if region, after, ok := strings.Cut(rest, "."); ok && slices.Contains(regions, strings.ToLower(region)) {
		rest = after
	}
	if vendor, after, ok := strings.Cut(rest, "."); ok && slices.Contains(cloudVendors, strings.ToLower(vendor)) {
		return after
	}
	return name
}

// cutVersion takes off the version that comes with such a name: name-v1:0.
func cutVersion(name string) string {
	i := strings.LastIndex(name, "-v")
	if i < 0 {
		return name
	}
	major, minor, pair := strings.Cut(name[i+len("-v"):], ":")
	if !digits(major) || pair && !digits(minor) {
		return name
	}
	return name[:i]
}

// cutDate takes off a date of this century: name-20260131, name@20260131 or
// name-2026-01-31.
func cutDate(name string) string {
	const plain, dashed = len("-20060102"), len("-2006-01-02")
	if n := len(name) - plain; n > 0 && (name[n] == '-' || name[n] == '@') && year(name[n+1:]) && digits(name[n+1:]) {
		return name[:n]
	}
	if n := len(name) - dashed; n > 0 && (name[n] == '-' || name[n] == '@') && year(name[n+1:]) {
		if d := name[n+1:]; d[4] == '-' && d[7] == '-' && digits(d[:4]) && digits(d[5:7]) && digits(d[8:]) {
			return name[:n]
		}
	}
	return name
}

func year(s string) bool { return strings.HasPrefix(s, "20") }

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
