package problem

import "github.com/claude-code-hub/cch/internal/domain"

// localized is the fault with its text in the client's language, where there is
// one for it. What an upstream said stays as it said it.
func localized(f *domain.Fault, language string) *domain.Fault {
	text := ""
	switch {
	case language == "" || language == "en":
	case f.Limit != nil:
		text = f.Limit.Text(language)
	case language == "zh-CN":
		text = chinese(f)
	}
	if text == "" {
		return f
	}
	translated := *f
	translated.Detail = text
	return &translated
}

// chinese is the text of a fault of our own; empty where the code does not tell
// all that there is to say.
func chinese(f *domain.Fault) string {
	switch f.Code {
	case domain.CodeAuthMissing:
		return "请求未携带 API 密钥"
	case domain.CodeAuthConflict:
		return "请求携带了多个不同的 API 密钥"
	case domain.CodeInvalidAPIKey:
		return "API 密钥无效"
	case domain.CodeKeyDisabled:
		return "该 API 密钥已被禁用"
	case domain.CodeKeyExpired:
		return "该 API 密钥已过期"
	case domain.CodeUserDisabled:
		return "用户已被禁用"
	case domain.CodeUserExpired:
		return "用户账号已过期"
	case domain.CodeTooManyAuthFailures:
		return "认证失败次数过多，请稍后再试"
	case domain.CodeModelNotAllowed:
		return "该 API 密钥不允许使用此模型"
	case domain.CodeClientNotAllowed, domain.CodeClientBlocked:
		return "不允许使用此客户端"
	case domain.CodeModelRequired:
		return "缺少必填字段 model"
	case domain.CodeBodyTooLarge:
		return "请求体过大"
	case domain.CodeUnsupportedEncoding:
		return "不支持的请求体编码"
	default:
		return chineseOutcome(f)
	}
}

// chineseOutcome words why nobody served the request.
func chineseOutcome(f *domain.Fault) string {
	switch f.Code {
	case domain.CodeGroupEmpty:
		return "该 API 密钥所属分组内没有供应商"
	case domain.CodeNoAvailableProviders:
		return "没有可处理此类请求的供应商"
	case domain.CodeAllRateLimited:
		return "所有供应商均已达到限额"
	case domain.CodeAllCircuitsOpen:
		return "所有供应商均处于故障熔断状态"
	case domain.CodeMixedUnavailable:
		return "所有供应商均故障或已达到限额"
	case domain.CodeQuotaUnavailable:
		return "暂时无法检查该 API 密钥的限额"
	case domain.CodeOverloaded:
		return "网关过载，请稍后重试"
	case domain.CodeServerShutdown:
		return "网关正在关闭，请稍后重试"
	case domain.CodeInternalError:
		return "内部错误"
	case domain.CodeStreamAborted:
		return "供应商中断了响应"
	case domain.CodeStreamIdleTimeout:
		return "供应商停止了响应"
	default:
		return ""
	}
}
