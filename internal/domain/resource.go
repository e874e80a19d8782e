package domain

import "time"

// ResourceKey names something that exists at one provider alone, such as an
// answer that later calls go on from, a file or a batch. Ids mean something only
// together with the key under which they were made.
type ResourceKey struct {
	KeyID KeyID
	ID    string
}

// ResourceBinding says where a resource is.
type ResourceBinding struct {
	Key       ResourceKey
	Provider  ProviderID
	ExpiresAt time.Time
}

// ResourceBindingTTL is how long a binding is kept.
const ResourceBindingTTL = 24 * time.Hour
