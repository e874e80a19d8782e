package pricing

import (
	"regexp"
	"strings"
)

// maxCandidates bounds the names tried for one model.
const maxCandidates = 12

// What clients, gateways and clouds hang on a model's name, in the order in
// which it is taken off.
var (
	contextSuffix = regexp.MustCompile(`(?i)\[1m\]$`)
	callSuffix    = regexp.MustCompile(`(?i):(free|thinking|extended|online|nitro|floor|exacto)$`)
	// Bedrock: us.anthropic.claude-…-v1:0; the version goes with the prefix.
	cloudPrefix  = regexp.MustCompile(`(?i)^(?:(?:us-gov|us|eu|apac|ap|jp|au|ca|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|deepseek|ai21|openai|qwen|moonshot|minimax|google|zai)\.`)
	cloudVersion = regexp.MustCompile(`(?i)-v[0-9]+(?::[0-9]+)?$`)
	dateSuffix   = regexp.MustCompile(`[-@](?:20[0-9]{6}|20[0-9]{2}-[0-9]{2}-[0-9]{2})$`)
)

// candidates yields name and what is left of it step by step.
func candidates(dst []string, name string) []string {
	dst = append(dst, name)
	step := func(next string) {
		if next != name && next != "" && len(dst) < maxCandidates {
			name = next
			dst = append(dst, name)
		}
	}
	if strings.HasSuffix(name, "]") {
		step(contextSuffix.ReplaceAllString(name, ""))
	}
	if strings.Contains(name, ":") {
		step(callSuffix.ReplaceAllString(name, ""))
	}
	for range strings.Count(name, "/") {
		_, rest, _ := strings.Cut(name, "/")
		step(rest)
	}
	if strings.Contains(name, ".") {
		if bare := cloudPrefix.ReplaceAllString(name, ""); bare != name {
			step(bare)
			step(cloudVersion.ReplaceAllString(name, ""))
		}
	}
	step(dateSuffix.ReplaceAllString(name, ""))
	return dst
}
