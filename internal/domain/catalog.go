package domain

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Catalog is one immutable snapshot of all configuration. A request pins the
// catalog it began with for its whole life. Safe for concurrent use; nothing
// reached through it may be changed.
type Catalog struct {
	version   int64
	settings  Settings
	users     map[UserID]*User
	keys      map[KeyID]*Key
	byHash    map[[32]byte]*Key
	providers []*Provider
	byID      map[ProviderID]*Provider
	groups    map[string]*Group
	prices    []*ModelPrice
	readAt    time.Time
	aliases   map[string]string
	zone      *time.Location
	vendors   []*Vendor
	pools     map[PoolKey][]*Endpoint
	endpoints []*Endpoint
	filters   []*RequestFilter
	rules     *ErrorRules
}

// Configuration is what a catalog is made from. NewCatalog takes ownership.
type Configuration struct {
	Version   int64 // newest configuration change it holds
	Settings  Settings
	Users     []*User
	Keys      []*Key
	Providers []*Provider
	Groups    []*Group
	Vendors   []*Vendor
	Endpoints []*Endpoint       // by id
	Filters   []*RequestFilter  // by id
	Prices    []*ModelPrice     // stored ones in force or to come, by id
	Zone      *time.Location    // where the settings name none; nil = UTC
	ReadAt    time.Time         // when it was read; zero = all prices are in force
	Aliases   map[string]string // an operator's other names of models, to model
	Rules     []*ErrorRule      // by id
}

// NewCatalog indexes a configuration.
func NewCatalog(c Configuration) *Catalog {
	slices.SortFunc(c.Providers, func(a, b *Provider) int { return cmp.Compare(a.ID, b.ID) })
	cat := &Catalog{
		version:   c.Version,
		settings:  c.Settings,
		users:     make(map[UserID]*User, len(c.Users)),
		keys:      make(map[KeyID]*Key, len(c.Keys)),
		byHash:    make(map[[32]byte]*Key, len(c.Keys)),
		providers: c.Providers,
		vendors:   c.Vendors,
		pools:     make(map[PoolKey][]*Endpoint),
		byID:      make(map[ProviderID]*Provider, len(c.Providers)),
		groups:    make(map[string]*Group, len(c.Groups)),
		prices:    c.Prices,
		readAt:    c.ReadAt,
		aliases:   c.Aliases,
		filters:   c.Filters,
		zone:      loadZone(c.Settings.Timezone, c.Zone),
	}
	cat.endpoints, cat.rules = c.Endpoints, NewErrorRules(c.Rules)
	for _, e := range c.Endpoints {
		cat.pools[e.Pool()] = append(cat.pools[e.Pool()], e)
	}
	for _, u := range c.Users {
		cat.users[u.ID] = u
	}
	for _, k := range c.Keys {
		cat.keys[k.ID] = k
		cat.byHash[k.Hash] = k
	}
	for _, p := range c.Providers {
		cat.byID[p.ID] = p
	}
	for _, g := range c.Groups {
		cat.groups[g.Name] = g
	}
	return cat
}

// Version is the newest configuration change the catalog holds.
func (c *Catalog) Version() int64 { return c.version }

// Settings are the run-time settings of this snapshot.
func (c *Catalog) Settings() *Settings { return &c.settings }

// Zone is the system's one time zone, in which days and hours are meant: that of
// the settings, else the process's. A loaded zone takes kilobytes, so all users
// of a catalog share it.
func (c *Catalog) Zone() *time.Location { return c.zone }

func loadZone(name string, otherwise *time.Location) *time.Location {
	if name != "" {
		if zone, err := time.LoadLocation(name); err == nil { // it was checked when it was set
			return zone
		}
	}
	if otherwise == nil {
		return time.UTC
	}
	return otherwise
}

// User finds a user, or nil.
func (c *Catalog) User(id UserID) *User { return c.users[id] }

// Key finds a key, or nil.
func (c *Catalog) Key(id KeyID) *Key { return c.keys[id] }

// KeysOf are the keys of a user, in no order. It looks at every key there is.
func (c *Catalog) KeysOf(id UserID) (keys []*Key) {
	for _, k := range c.keys {
		if k.UserID == id {
			keys = append(keys, k)
		}
	}
	return keys
}

// KeyByHash finds the key whose credential has this SHA-256, or nil. The user
// is reached through Key.UserID and exists for every key found here.
func (c *Catalog) KeyByHash(sum [32]byte) *Key {
	k := c.byHash[sum]
	if k == nil || c.users[k.UserID] == nil {
		return nil
	}
	return k
}

// Providers are all providers, by id. The slice is shared: do not change it.
func (c *Catalog) Providers() []*Provider { return c.providers }

// Provider finds a provider, or nil.
func (c *Catalog) Provider(id ProviderID) *Provider { return c.byID[id] }

// Group finds a provider group by name, or nil.
func (c *Catalog) Group(name string) *Group { return c.groups[name] }

// GroupByID finds a provider group, or nil. It looks at every group there is.
func (c *Catalog) GroupByID(id GroupID) *Group {
	for _, g := range c.groups {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// Prices are the stored prices in force or to come, by id. The slice is shared:
// do not change it.
func (c *Catalog) Prices() []*ModelPrice { return c.prices }

// ReadAt is when the catalog was read; zero = all of its prices are in force.
func (c *Catalog) ReadAt() time.Time { return c.readAt }

// Aliases are the operator's own other names of models in price lists. The map
// is shared: do not change it.
func (c *Catalog) Aliases() map[string]string { return c.aliases }

// Vendors are all vendors, by id. The slice is shared: do not change it.
func (c *Catalog) Vendors() []*Vendor { return c.vendors }

// Endpoints are all endpoints of a pool, by id, disabled ones too. The slice is
// shared: do not change it.
func (c *Catalog) Endpoints(k PoolKey) []*Endpoint { return c.pools[k] }

// AllEndpoints are those of all pools, by id. The slice is shared: do not change
// it.
func (c *Catalog) AllEndpoints() []*Endpoint { return c.endpoints }

// Filters are all request filters, by id, disabled ones too. The slice is shared:
// do not change it.
func (c *Catalog) Filters() []*RequestFilter { return c.filters }

// ErrorRules are the enabled error rules, ready to match.
func (c *Catalog) ErrorRules() *ErrorRules { return c.rules }

// WithProviders is the catalog as it would be with other settings of some of
// its providers.
func (c *Catalog) WithProviders(edited ...*Provider) *Catalog {
	next := *c
	next.providers, next.byID = slices.Clone(c.providers), maps.Clone(c.byID)
	for _, p := range edited {
		if i := slices.IndexFunc(next.providers, func(old *Provider) bool { return old.ID == p.ID }); i >= 0 {
			next.providers[i], next.byID[p.ID] = p, p
		}
	}
	return &next
}
