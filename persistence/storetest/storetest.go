// Package storetest is the conformance suite of the store: every engine must
// behave the same under it. It owns no fixtures of a particular engine; open
// gives it a fresh, migrated store for each test.
//
// Start with Run.
package storetest

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Open makes a fresh store with Sealer as its sealer and closes it when the
// test ends.
type Open func(t *testing.T) *store.Store

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, part := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"users", testUsers},
		{"vendors and endpoints", testVendorsAndEndpoints},
		{"resource bindings", testResourceBindings},
		{"expiry of users", testExpiry},
		{"keys", testKeys},
		{"groups", testGroups},
		{"error rules", testErrorRules},
		{"providers", testProviders},
		{"request filters", testRequestFilters},
		{"settings", testSettings},
		{"model prices", testModelPrices},
		{"prices to come", testPricesToCome},
		{"price batches", testPriceBatches},
		{"model aliases", testModelAliases},
		{"prices are read once", testPricesAreReadOnce},
		{"configuration", testConfiguration},
		{"auth sessions", testAuthSessions},
		{"access ends", testAccessEnds},
		{"login throttle", testLoginThrottle},
		{"preferences", testPreferences},
		{"provider accounts", testProviderAccounts},
		{"snapshots", testSnapshots},
		{"breaker events", testBreakerEvents},
		{"request logs", testRequestLogs},
		{"leases", testLeases},
		{"log idempotence", testLogIdempotence},
		{"open logs are listed", testOpenLogsAreListed},
		{"log filters", testLogFilters},
		{"log paging", testLogPaging},
		{"log models", testLogModels},
		{"log facets", testLogFacets},
		{"log retention", testLogRetention},
		{"log clean-up", testLogCleanup},
		{"sessions", testSessions},
		{"purge", testPurge},
		{"tables", testTables},
		{"tables undone", testTablesUndone},
		{"ledger", testLedger},
		{"ledger fence", testLedgerFence},
		{"unsettled requests", testUnsettled},
		{"ledger duplicates", testLedgerDuplicates},
		{"replays", testReplays},
		{"ledger sums", testLedgerSums},
		{"ledger sessions", testLedgerSessions},
		{"ledger roll-ups", testLedgerRollups},
		{"usage", testUsage},
		{"concurrency", testConcurrency},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, open)
		})
	}
}

// Sealer stands in for encryption: it is readable in a test, yet a value
// opens only in the place it was sealed for.
type Sealer struct{}

var errSealer = errors.New("sealed for another place")

// Seal puts the place in front of the value.
func (Sealer) Seal(plain domain.Secret, aad string) ([]byte, error) {
	return []byte("sealed|" + aad + "|" + plain.Reveal()), nil
}

// Open checks the place.
func (Sealer) Open(sealed []byte, aad string) (domain.Secret, error) {
	plain, ok := strings.CutPrefix(string(sealed), "sealed|"+aad+"|")
	if !ok {
		return "", errSealer
	}
	return domain.Secret(plain), nil
}

// requireFault asserts that err carries a fault of the kind.
func requireFault(t *testing.T, err error, kind domain.Kind) {
	t.Helper()
	require.Error(t, err)
	require.True(t, domain.IsKind(err, kind), "want a fault of kind %v, got: %v", kind, err)
}

func user(name string) domain.User {
	return domain.User{Name: name, Role: domain.RoleUser, Enabled: true, CostMultiplier: domain.MultiplierOne}
}

func key(owner domain.UserID, credential string) domain.Key {
	return domain.Key{
		UserID: owner, Name: "laptop", Hash: sha256.Sum256([]byte(credential)),
		Prefix: "sk-abcde", Last4: "wxyz", Enabled: true,
	}
}

func provider(name string) domain.Provider {
	return domain.Provider{
		Name: name, Type: domain.TypeClaude, URL: "https://upstream.example",
		Key: "upstream-credential-0001", Enabled: true,
		Routing: domain.Routing{Weight: 1, CostMultiplier: domain.MultiplierOne},
		Breaker: domain.DefaultBreakerSettings(),
	}
}

// ProviderWithSecrets is a provider with every field that must be sealed.
func ProviderWithSecrets() domain.Provider {
	p := provider("sealed")
	p.Transport.ProxyURL = "http://proxy.example:8080"
	p.Transport.CustomHeaders = map[string]domain.Secret{"x-extra": "value"}
	return p
}
