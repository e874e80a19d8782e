package domain

import (
	"fmt"
	"strings"
	"time"
)

// Text says in a language which limit refused and how far it is used; an unknown
// language is English. Languages are en, zh-CN, zh-TW, ja and ru.
func (l *LimitFault) Text(language string) string {
	words, known := limitTexts()[language]
	if !known {
		words = limitTexts()["en"]
	}
	key := l.key()
	text, known := words[key]
	if !known {
		text = limitTexts()["en"][key]
	}
	current, limit := fmt.Sprintf("%.0f", l.Current), fmt.Sprintf("%.0f", l.Limit)
	if l.Type.Money() {
		current, limit = fmt.Sprintf("%.4f", l.Current), fmt.Sprintf("%.4f", l.Limit)
	}
	text = strings.NewReplacer("{current}", current, "{limit}", limit).Replace(text)
	if !l.ResetAt.IsZero() {
		text += strings.ReplaceAll(words["RESETS_AT"], "{resetTime}", l.ResetAt.UTC().Format(time.RFC3339))
	}
	return text
}

// key names the text for the limit.
func (l *LimitFault) key() string {
	switch {
	case l.Reserved:
		return "RATE_LIMIT_BUDGET_RESERVED"
	case l.TooLarge:
		return "RATE_LIMIT_BUDGET_TOO_SMALL"
	case l.Rolling && l.Type == Limit5h:
		return "RATE_LIMIT_5H_ROLLING_EXCEEDED"
	case l.Rolling && l.Type == LimitDaily:
		return "RATE_LIMIT_DAILY_ROLLING_EXCEEDED"
	}
	return map[LimitType]string{
		LimitRPM: "RATE_LIMIT_RPM_EXCEEDED", Limit5h: "RATE_LIMIT_5H_EXCEEDED", LimitDaily: "RATE_LIMIT_DAILY_QUOTA_EXCEEDED",
		LimitWeekly: "RATE_LIMIT_WEEKLY_EXCEEDED", LimitMonthly: "RATE_LIMIT_MONTHLY_EXCEEDED",
		LimitTotal:              "RATE_LIMIT_TOTAL_EXCEEDED",
		LimitConcurrentSessions: "RATE_LIMIT_CONCURRENT_SESSIONS_EXCEEDED",
		LimitConcurrentRequests: "RATE_LIMIT_CONCURRENT_REQUESTS_EXCEEDED",
	}[l.Type]
}

// limitTexts are the texts by language and key.
func limitTexts() map[string]map[string]string {
	return map[string]map[string]string{
		"en": {
			"RATE_LIMIT_RPM_EXCEEDED":                 "Rate limit exceeded: {current} requests per minute (limit: {limit})",
			"RATE_LIMIT_5H_EXCEEDED":                  "5-hour spending limit exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_5H_ROLLING_EXCEEDED":          "Spending limit of the last 5 hours exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_DAILY_QUOTA_EXCEEDED":         "Daily quota exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_DAILY_ROLLING_EXCEEDED":       "Spending limit of the last 24 hours exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_WEEKLY_EXCEEDED":              "Weekly spending limit exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_MONTHLY_EXCEEDED":             "Monthly spending limit exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_TOTAL_EXCEEDED":               "Total spending limit exceeded: ${current} USD (limit: ${limit} USD)",
			"RATE_LIMIT_CONCURRENT_SESSIONS_EXCEEDED": "Concurrent session limit exceeded: {current} sessions (limit: {limit})",
			"RATE_LIMIT_CONCURRENT_REQUESTS_EXCEEDED": "Concurrent request limit exceeded: {current} requests (limit: {limit})",
			"RATE_LIMIT_BUDGET_RESERVED":              "Budget held by requests in flight: ${current} USD (limit: ${limit} USD). Try again shortly",
			"RATE_LIMIT_BUDGET_TOO_SMALL":             "The request may cost more than the budget has left: ${current} USD used (limit: ${limit} USD)",
			"RESETS_AT":                               ". Resets at {resetTime}",
		},
		"zh-CN": {
			"RATE_LIMIT_RPM_EXCEEDED":                 "请求频率超限：每分钟 {current} 次（限制：{limit}）",
			"RATE_LIMIT_5H_EXCEEDED":                  "5 小时消费超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_5H_ROLLING_EXCEEDED":          "最近 5 小时消费超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_DAILY_QUOTA_EXCEEDED":         "每日额度超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_DAILY_ROLLING_EXCEEDED":       "最近 24 小时消费超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_WEEKLY_EXCEEDED":              "每周消费超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_MONTHLY_EXCEEDED":             "每月消费超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_TOTAL_EXCEEDED":               "总消费超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_CONCURRENT_SESSIONS_EXCEEDED": "并发会话数超限：{current}（限制：{limit}）",
			"RATE_LIMIT_CONCURRENT_REQUESTS_EXCEEDED": "并发请求数超限：{current}（限制：{limit}）",
			"RATE_LIMIT_BUDGET_RESERVED":              "预算正被进行中的请求占用：${current} 美元（限制：${limit} 美元），请稍后重试",
			"RATE_LIMIT_BUDGET_TOO_SMALL":             "该请求的费用可能超过剩余预算：已用 ${current} 美元（限制：${limit} 美元）",
			"RESETS_AT":                               "，将于 {resetTime} 重置",
		},
		"zh-TW": {
			"RATE_LIMIT_RPM_EXCEEDED":                 "請求頻率超限：每分鐘 {current} 次（限制：{limit}）",
			"RATE_LIMIT_5H_EXCEEDED":                  "5 小時消費超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_5H_ROLLING_EXCEEDED":          "最近 5 小時消費超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_DAILY_QUOTA_EXCEEDED":         "每日額度超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_DAILY_ROLLING_EXCEEDED":       "最近 24 小時消費超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_WEEKLY_EXCEEDED":              "每週消費超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_MONTHLY_EXCEEDED":             "每月消費超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_TOTAL_EXCEEDED":               "總消費超限：${current} 美元（限制：${limit} 美元）",
			"RATE_LIMIT_CONCURRENT_SESSIONS_EXCEEDED": "並行工作階段數超限：{current}（限制：{limit}）",
			"RATE_LIMIT_CONCURRENT_REQUESTS_EXCEEDED": "並行請求數超限：{current}（限制：{limit}）",
			"RATE_LIMIT_BUDGET_RESERVED":              "預算正被進行中的請求佔用：${current} 美元（限制：${limit} 美元），請稍後重試",
			"RATE_LIMIT_BUDGET_TOO_SMALL":             "該請求的費用可能超過剩餘預算：已用 ${current} 美元（限制：${limit} 美元）",
			"RESETS_AT":                               "，將於 {resetTime} 重設",
		},
		"ja": {
			"RATE_LIMIT_RPM_EXCEEDED":                 "レート制限を超えました：毎分 {current} 件（上限：{limit}）",
			"RATE_LIMIT_5H_EXCEEDED":                  "5 時間の利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_5H_ROLLING_EXCEEDED":          "直近 5 時間の利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_DAILY_QUOTA_EXCEEDED":         "1 日の利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_DAILY_ROLLING_EXCEEDED":       "直近 24 時間の利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_WEEKLY_EXCEEDED":              "週間の利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_MONTHLY_EXCEEDED":             "月間の利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_TOTAL_EXCEEDED":               "総利用上限を超えました：${current} USD（上限：${limit} USD）",
			"RATE_LIMIT_CONCURRENT_SESSIONS_EXCEEDED": "同時セッション数の上限を超えました：{current}（上限：{limit}）",
			"RATE_LIMIT_CONCURRENT_REQUESTS_EXCEEDED": "同時リクエスト数の上限を超えました：{current}（上限：{limit}）",
			"RATE_LIMIT_BUDGET_RESERVED":              "予算は処理中のリクエストに確保されています：${current} USD（上限：${limit} USD）。少し待って再試行してください",
			"RATE_LIMIT_BUDGET_TOO_SMALL":             "このリクエストの費用は残りの予算を超える可能性があります：使用済み ${current} USD（上限：${limit} USD）",
			"RESETS_AT":                               "。{resetTime} にリセットされます",
		},
		"ru": {
			"RATE_LIMIT_RPM_EXCEEDED":                 "Превышена частота запросов: {current} в минуту (лимит: {limit})",
			"RATE_LIMIT_5H_EXCEEDED":                  "Превышен лимит расходов за 5 часов: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_5H_ROLLING_EXCEEDED":          "Превышен лимит расходов за последние 5 часов: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_DAILY_QUOTA_EXCEEDED":         "Превышен дневной лимит: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_DAILY_ROLLING_EXCEEDED":       "Превышен лимит расходов за последние 24 часа: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_WEEKLY_EXCEEDED":              "Превышен недельный лимит расходов: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_MONTHLY_EXCEEDED":             "Превышен месячный лимит расходов: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_TOTAL_EXCEEDED":               "Превышен общий лимит расходов: ${current} USD (лимит: ${limit} USD)",
			"RATE_LIMIT_CONCURRENT_SESSIONS_EXCEEDED": "Превышено число одновременных сессий: {current} (лимит: {limit})",
			"RATE_LIMIT_CONCURRENT_REQUESTS_EXCEEDED": "Превышено число одновременных запросов: {current} (лимит: {limit})",
			"RATE_LIMIT_BUDGET_RESERVED":              "Бюджет занят выполняемыми запросами: ${current} USD (лимит: ${limit} USD). Повторите немного позже",
			"RATE_LIMIT_BUDGET_TOO_SMALL":             "Запрос может стоить больше остатка бюджета: израсходовано ${current} USD (лимит: ${limit} USD)",
			"RESETS_AT":                               ". Сброс: {resetTime}",
		},
	}
}

// LimitLanguage picks the language of a limit's text from an Accept-Language
// header: the first that there is, weights left aside.
func LimitLanguage(accept string) string {
	for tag := range strings.SplitSeq(accept, ",") {
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), ";")
		first, rest, _ := strings.Cut(tag, "-")
		switch first {
		case "en", "ja", "ru":
			return first
		case "zh":
			if strings.HasPrefix(rest, "tw") || strings.HasPrefix(rest, "hk") || strings.HasPrefix(rest, "hant") {
				return "zh-TW"
			}
			return "zh-CN"
		}
	}
	return "en"
}
