package balance

import (
	"net/url"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// oauthKey begins the access tokens of Claude subscriptions.
const oauthKey = "sk-ant-oat"

// detect chooses a connector by the provider's type and host; empty if none is
// known for it. Relays look like anybody else and have to be named.
func detect(p *domain.Provider) domain.AccountAdapter {
	u, err := url.Parse(p.URL)
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Hostname()) {
	case "api.anthropic.com":
		if p.Type == domain.TypeClaudeAuth || strings.HasPrefix(p.Key.Reveal(), oauthKey) {
			return domain.AdapterAnthropicOAuth
		}
	case "chatgpt.com":
		if p.Type == domain.TypeCodex {
			return domain.AdapterCodex
		}
	case "cloudcode-pa.googleapis.com":
		if p.Type == domain.TypeGeminiCLI {
			return domain.AdapterCodeAssist
		}
	case "api.deepseek.com":
		return domain.AdapterDeepSeek
	case "openrouter.ai":
		return domain.AdapterOpenRouter
	case "api.siliconflow.cn", "api.siliconflow.com":
		return domain.AdapterSiliconFlow
	case "api.moonshot.cn", "api.moonshot.ai":
		return domain.AdapterMoonshot
	}
	return ""
}
