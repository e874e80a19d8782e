package store

import (
	"context"
	"fmt"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Configuration reads all configuration as of one instant, version included.
func (s *Store) Configuration(ctx context.Context) (domain.Configuration, error) {
	c, err := s.configuration(ctx)
	if err != nil {
		return domain.Configuration{}, fmt.Errorf("load the configuration: %w", err)
	}
	return c, nil
}

func (s *Store) configuration(ctx context.Context) (c domain.Configuration, err error) {
	tx, err := s.main.read.BeginTx(ctx, s.main.oneInstant())
	if err != nil {
		return c, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	c.ReadAt = s.now()
	if c.Version, err = configVersion(ctx, tx); err != nil {
		return c, err
	}
	if c.Settings, err = loadSettings(ctx, tx); err != nil {
		return c, err
	}
	users, err := selectUsers(ctx, tx)
	if err != nil {
		return c, err
	}
	keys, err := selectKeys(ctx, tx, everything)
	if err != nil {
		return c, err
	}
	providers, err := s.selectProviders(ctx, tx)
	if err != nil {
		return c, err
	}
	groups, err := listGroups(ctx, tx)
	if err != nil {
		return c, err
	}
	vendors, err := listVendors(ctx, tx)
	if err != nil {
		return c, err
	}
	endpoints, err := listEndpoints(ctx, tx)
	if err != nil {
		return c, err
	}
	filters, err := listRequestFilters(ctx, tx)
	if err != nil {
		return c, err
	}
	rules, err := listErrorRules(ctx, tx)
	if err != nil {
		return c, err
	}
	c.Vendors, c.Endpoints, c.Filters, c.Rules = refs(vendors), refs(endpoints), refs(filters), refs(rules)
	if c.Prices, err = s.livePrices(ctx, tx, c.ReadAt); err != nil {
		return c, err
	}
	if c.Aliases, err = listAliases(ctx, tx); err != nil {
		return c, err
	}
	c.Users, c.Keys, c.Providers, c.Groups = refs(users), refs(keys), refs(providers), refs(groups)
	return c, nil
}

// refs points at the elements of a slice.
func refs[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
