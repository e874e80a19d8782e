package problem_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

type refusalVector struct {
	Name       string          `json:"name"`
	Format     domain.Protocol `json:"client_format"`
	Originator string          `json:"originator"`
	Refusal    struct {
		LimitType domain.LimitType `json:"limit_type"`
		Reason    string           `json:"reason"`
		Scope     domain.Scope     `json:"scope"`
		Current   string           `json:"current"`
		Limit     string           `json:"limit"`
		Now       time.Time        `json:"now"`
		ResetAt   *time.Time       `json:"reset_at"`
		RequestID string           `json:"request_id"`
	} `json:"refusal"`
	Expect struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"expect"`
}

func (v *refusalVector) fault(t *testing.T) *domain.Fault {
	t.Helper()
	number := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return f
	}
	r := &v.Refusal
	l := &domain.LimitFault{Type: r.LimitType, Scope: r.Scope, Current: number(r.Current), Limit: number(r.Limit)}
	f := domain.NewFault(domain.KindQuotaExceeded, domain.Code(r.LimitType), "")
	if r.LimitType == domain.LimitRPM {
		f.Kind = domain.KindRateLimited
	}
	if r.Reason == "budget_reserved" {
		l.Reserved, f.Kind, f.Code, f.RetryAfter = true, domain.KindRateLimited, domain.CodeBudgetReserved, 2*time.Second
	}
	if r.ResetAt != nil {
		l.ResetAt = *r.ResetAt
		f.RetryAfter = r.ResetAt.Sub(r.Now)
	}
	f.Limit, f.Detail = l, l.Text("en")
	return f
}

func TestRefusalVectors(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", "refusals.json"))
	require.NoError(t, err)
	var file struct {
		Cases []refusalVector `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(data, &file))
	require.Len(t, file.Cases, 8)
	for _, v := range file.Cases {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			res := httptest.NewRecorder()
			problem.Write(res, v.Format, v.fault(t), problem.Meta{
				RequestID: v.Refusal.RequestID, Now: v.Refusal.Now, Codex: strings.HasPrefix(v.Originator, "codex"),
			})
			require.Equal(t, v.Expect.Status, res.Code)
			for _, name := range []string{"Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "x-should-retry"} {
				require.Equal(t, v.Expect.Headers[name], res.Header().Get(name), name)
			}
			require.JSONEq(t, string(v.Expect.Body), res.Body.String())
		})
	}
	t.Logf("%d refusal vectors", len(file.Cases))
}

func TestRefusalsSpeakTheClientsLanguage(t *testing.T) {
	t.Parallel()
	f := limit(domain.LimitRPM, 17*time.Second)
	for accept, want := range map[string]string{
		"":                         "limit rpm reached",
		"fr, en;q=0.5":             "limit rpm reached",
		"zh-CN,zh;q=0.9":           "请求频率超限：每分钟 60 次（限制：60），将于 2026-11-05T12:00:17Z 重置",
		"zh-Hant-TW":               "請求頻率超限：每分鐘 60 次（限制：60），將於 2026-11-05T12:00:17Z 重設",
		"fr;q=0.9, ja;q=0.8":       "レート制限を超えました：毎分 60 件（上限：60）。2026-11-05T12:00:17Z にリセットされます",
		"ru-RU":                    "Превышена частота запросов: 60 в минуту (лимит: 60). Сброс: 2026-11-05T12:00:17Z",
		"  ZH-cn;q=0.1 , en;q=0.9": "请求频率超限：每分钟 60 次（限制：60），将于 2026-11-05T12:00:17Z 重置",
	} {
		res := httptest.NewRecorder()
		m := meta()
		m.Language = domain.LimitLanguage(accept)
		problem.Write(res, domain.ProtocolClaude, f, m)
		var body struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		require.NoError(t, json.Unmarshal(res.Body.Bytes(), &body))
		require.Equal(t, want, body.Error.Message, accept)
	}
	require.Equal(t, "limit rpm reached", f.Detail, "the fault stays as it was, for the log")
}
