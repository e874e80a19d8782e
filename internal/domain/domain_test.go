package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	s := domain.Secret("sk-very-secret-value")
	p := domain.Provider{Name: "x", Key: s, Transport: domain.Transport{ProxyURL: s, CustomHeaders: map[string]domain.Secret{"X-A": s}}}
	asJSON, err := json.Marshal(p) //nolint:musttag // whatever its keys, no value may show
	require.NoError(t, err)
	for _, out := range []string{
		fmt.Sprint(s), fmt.Sprintf("%s %v %q %#v", s, s, s, s), fmt.Sprintf("%v %+v %#v", p, p, p), string(asJSON),
		s.LogValue().String(),
	} {
		require.NotContains(t, out, "very-secret")
	}
	_, err = msgpack.Marshal(p)
	require.ErrorIs(t, err, domain.ErrSecretEncoding, "a secret must not enter a message or snapshot")
	require.Equal(t, "alue", s.Last4())
	require.Empty(t, domain.Secret("short").Last4())
}

func TestMoneyRoundsHalfToEven(t *testing.T) {
	t.Parallel()
	require.Equal(t, domain.Money(1_500_000_000), domain.MoneyFromUSD(1.5))
	require.Equal(t, domain.Money(2), domain.MoneyFromUSD(2.5e-9))
	require.InDelta(t, 0.000000001, domain.Money(1).USD(), 1e-18)
	require.Equal(t, domain.Multiplier(12345), domain.MultiplierFromFloat(1.2345))
	require.InDelta(t, 1.0, domain.MultiplierOne.Float(), 0)
}

func TestRequestIDsNeverGoBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.UnixMilli(1_790_000_000_000)
		ids := domain.NewRequestIDs(rapid.IntRange(0, 1023).Draw(t, "node"), 0)
		var last domain.RequestID
		for _, step := range rapid.SliceOfN(rapid.Int64Range(-5000, 5000), 1, 200).Draw(t, "clock") {
			start = start.Add(time.Duration(step) * time.Millisecond)
			id := ids.Next(start)
			if id <= last {
				t.Fatalf("%d after %d", id, last)
			}
			if !id.Time().Before(start.Add(25 * time.Second * 1000)) {
				t.Fatalf("id lies in the future: %v", id.Time())
			}
			last = id
		}
	})
}

func TestRequestIDsContinueAfterARestart(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_790_000_000_000)
	before := domain.NewRequestIDs(0, 0).Next(now.Add(time.Hour))
	after := domain.NewRequestIDs(0, before).Next(now)
	require.Greater(t, after, before, "the clock went back an hour while the process was down")
}

func TestRequestIDTextRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := domain.RequestID(rapid.Int64Range(0, 1<<63-1).Draw(t, "id"))
		back, err := domain.ParseRequestID(id.String())
		if err != nil || back != id {
			t.Fatalf("%v became %v, %v", id, back, err)
		}
	})
	for _, bad := range []string{"", "req_", "req_00000000000000", "req_zzzzzzzzzzzzz", "req_000000000000u", "abc_0000000000000"} {
		_, err := domain.ParseRequestID(bad)
		require.ErrorIs(t, err, domain.ErrRequestID, bad)
	}
	at := time.UnixMilli(1_790_000_000_123)
	require.Equal(t, at, domain.FirstRequestIDAt(at).Time())
	require.Zero(t, domain.FirstRequestIDAt(time.Unix(0, 0)))
}

func TestCredentialFaultNamesTheFirstReason(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	key := domain.Key{Enabled: true}
	user := domain.User{Enabled: true}
	require.Nil(t, domain.CredentialFault(&key, &user, now))
	user.ExpiresAt = now
	require.Equal(t, domain.CodeUserExpired, domain.CredentialFault(&key, &user, now).Code)
	user.Enabled = false
	require.Equal(t, domain.CodeUserDisabled, domain.CredentialFault(&key, &user, now).Code)
	key.ExpiresAt = now.Add(-time.Second)
	require.Equal(t, domain.CodeKeyExpired, domain.CredentialFault(&key, &user, now).Code)
	key.Enabled = false
	require.Equal(t, domain.CodeKeyDisabled, domain.CredentialFault(&key, &user, now).Code)
}

func TestEffectiveGroups(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"default"}, domain.EffectiveGroups(&domain.Key{}, &domain.User{}))
	require.Equal(t, []string{"u"}, domain.EffectiveGroups(&domain.Key{}, &domain.User{Groups: []string{"u"}}))
	require.Equal(t, []string{"k"}, domain.EffectiveGroups(&domain.Key{Groups: []string{"k"}}, &domain.User{Groups: []string{"u"}}))
}

func TestCatalogFindsOnlyKeysWithAUser(t *testing.T) {
	t.Parallel()
	c := domain.NewCatalog(domain.Configuration{
		Version:   7,
		Users:     []*domain.User{{ID: 1}},
		Keys:      []*domain.Key{{ID: 1, UserID: 1, Hash: [32]byte{1}}, {ID: 2, UserID: 9, Hash: [32]byte{2}}},
		Providers: []*domain.Provider{{ID: 3}, {ID: 1}},
		Groups:    []*domain.Group{{Name: "default"}},
	})
	require.EqualValues(t, 7, c.Version())
	require.NotNil(t, c.KeyByHash([32]byte{1}))
	require.Nil(t, c.KeyByHash([32]byte{2}), "its user is gone")
	require.Nil(t, c.KeyByHash([32]byte{3}))
	require.Equal(t, domain.ProviderID(1), c.Providers()[0].ID, "providers are in order")
	require.NotNil(t, c.Group("default"))
	require.Nil(t, c.Provider(2))
}

func TestFaultKeepsItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk")
	f := domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "try again").Because(cause)
	require.ErrorIs(t, f, cause)
	require.NotContains(t, f.Error(), "disk", "the cause is not shown")
	require.Same(t, f, domain.AsFault(fmt.Errorf("admit: %w", f)))
	require.Equal(t, domain.KindInternal, domain.AsFault(cause).Kind)
	require.True(t, domain.IsKind(domain.NotFound("user", 7), domain.KindNotFound))
}

func TestSessionHashSeparatesKeys(t *testing.T) {
	t.Parallel()
	a := domain.SessionKey{KeyID: 1, ID: "same"}
	b := domain.SessionKey{KeyID: 2, ID: "same"}
	require.NotEqual(t, a.Hash(), b.Hash())
	require.Len(t, a.Hash(), 32)
}

func TestProviderAccepts(t *testing.T) {
	t.Parallel()
	p := domain.Provider{Type: domain.TypeClaudeAuth}
	require.True(t, p.Accepts(domain.ProtocolClaude))
	require.False(t, p.Accepts(domain.ProtocolChat))
	p.Conversion.AcceptFormats = []domain.Protocol{domain.ProtocolChat}
	require.True(t, p.Accepts(domain.ProtocolChat))
	for _, typ := range domain.ProviderTypes() {
		require.NotEmpty(t, typ.Protocol(), typ)
		require.True(t, typ.Valid())
	}
	require.False(t, domain.ProviderType("x").Valid())
}

func TestTheZoneIsThatOfTheSettingsElseOfTheProcess(t *testing.T) {
	t.Parallel()
	process, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	zone := func(name string, process *time.Location) string {
		return domain.NewCatalog(domain.Configuration{Settings: domain.Settings{Timezone: name}, Zone: process}).Zone().String()
	}
	require.Equal(t, "Europe/Berlin", zone("Europe/Berlin", process))
	require.Equal(t, "Asia/Tokyo", zone("", process))
	require.Equal(t, "Asia/Tokyo", zone("nowhere", process))
	require.Equal(t, "UTC", zone("", nil))
}
