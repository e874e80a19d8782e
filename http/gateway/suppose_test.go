package gateway_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
)

// A filter that writes the model has it routed by that name in every protocol
// whose bodies name it, whatever is known of the body.
func TestSupposedRequestsAreFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.config.Filters = []*domain.RequestFilter{{
			ID: 1, Name: "renames", Enabled: true, Binding: domain.FilterGlobal, Phase: domain.FilterGuard, Mode: domain.FilterSimple,
			Scope: domain.FilterBody, Action: domain.FilterJSONPath, Target: "model", Replacement: json.RawMessage(`"written"`),
		}}
	})
	for name, c := range map[string]struct {
		protocol domain.Protocol
		class    domain.CallClass
		body     string
		want     string // empty = nobody would look into it
	}{
		"claude":          {domain.ProtocolClaude, domain.CallGenerate, "", "written"},
		"with a body":     {domain.ProtocolClaude, domain.CallGenerate, `{"model":"other"}`, "written"},
		"chat":            {domain.ProtocolChat, domain.CallGenerate, "", "written"},
		"responses":       {domain.ProtocolResponses, domain.CallGenerate, "", "written"},
		"gemini":          {domain.ProtocolGemini, domain.CallGenerate, "", "asked"},
		"counting":        {domain.ProtocolClaude, domain.CallCount, "", "asked"},
		"counting, body":  {domain.ProtocolResponses, domain.CallCount, `{"model":"other"}`, "other"},
		"counting, chat":  {domain.ProtocolChat, domain.CallCount, "", ""},
		"counting, path":  {domain.ProtocolGemini, domain.CallCount, "", "asked"},
		"passing through": {domain.ProtocolClaude, domain.CallResource, "", ""},
	} {
		supposed := domain.Supposed{Protocol: c.protocol, Class: c.class, Model: "asked"}
		if c.body != "" {
			supposed.Body = []byte(c.body)
		}
		s, err := w.gateway.Suppose(domain.NewCatalog(w.config), &supposed)
		require.NoError(t, err, name)
		require.Equal(t, c.want != "", s != nil, name)
		if s != nil {
			require.Equal(t, c.want, s.Model(), name)
			s.Close()
		}
	}
	_, err := w.gateway.Suppose(domain.NewCatalog(w.config), &domain.Supposed{
		Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Body: []byte(`{"model":"a","model":"b"}`),
	})
	require.Equal(t, domain.CodeBadJSON, domain.AsFault(err).Code)
	require.Zero(t, w.gateway.Stats().BodyBytes, "its memory is given back")
}

// What a supposed request points at is not fetched, even for a provider that
// would get it inline; of a body in another format no edits are told.
func TestSupposedRequestsCallNobody(t *testing.T) {
	t.Parallel()
	media := &shelf{}
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeGemini)(w)
		w.opts.Media = media
		w.config.Providers[0].Conversion.InlineRemoteMedia = true
		w.config.Providers[0].Overrides = &domain.Overrides{GoogleSearch: domain.ToolEnabled}
	}, func(http.ResponseWriter, *http.Request) { t.Error("it is called") })
	c := domain.NewCatalog(w.config)
	s, err := w.gateway.Suppose(c, &domain.Supposed{Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Body: []byte(pointing)})
	require.NoError(t, err)
	needs, can := s.Needs()
	require.True(t, can)
	require.NotEqual(t, neutral.Caps(0), needs)
	seen := s.Foresee(t.Context(), &domain.SupposedCall{Provider: c.Provider(1), Model: "gemini-2.5-pro", Redirected: true, Converted: true})
	require.Empty(t, seen.Refused)
	require.Nil(t, seen.Edits)
	require.Empty(t, media.asked)
	var told []domain.SpecialType
	for i := range seen.Special {
		told = append(told, seen.Special[i].Type)
	}
	require.Equal(t, []domain.SpecialType{domain.SpecialParameterOverride, domain.SpecialGoogleSearch}, told)
	s.Close()
	require.Zero(t, w.gateway.Stats().BodyBytes)
}

// Without memory for what would be written nothing would be sent.
func TestSupposedRequestsWithoutMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeGemini)(w)
		w.opts.Body = intake.DefaultLimits()
		w.opts.Body.Memory = int64(len(pointing)) + 32
	}, func(http.ResponseWriter, *http.Request) { t.Error("it is called") })
	c := domain.NewCatalog(w.config)
	s, err := w.gateway.Suppose(c, &domain.Supposed{Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Body: []byte(pointing)})
	require.NoError(t, err)
	seen := s.Foresee(t.Context(), &domain.SupposedCall{Provider: c.Provider(1), Model: "gemini-2.5-pro", Converted: true})
	require.NotEmpty(t, seen.Refused)
	s.Close()
	require.Zero(t, w.gateway.Stats().BodyBytes)
}
