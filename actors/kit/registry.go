package kit

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// registryBuckets is how many buckets hold the addresses of a system's actors. A
// bucket is 32 maps, each with a lock.
const registryBuckets = 32

// narrow leaves the registry of a new system so many buckets. The library makes
// 1,024, and as every request's actor has an address, each of the 32,768 maps is
// used sooner or later and keeps its table: 13 MB that every collection of
// garbage looks through.
func narrow(r *actor.ProcessRegistryValue) {
	wide := r.LocalPIDs.LocalPIDs
	r.LocalPIDs = &actor.SliceMap{LocalPIDs: slices.Clone(wide[:registryBuckets])}
	for _, bucket := range wide {
		if bucket.IsEmpty() {
			continue
		}
		for id, process := range bucket.Items() {
			r.LocalPIDs.GetBucket(id).Set(id, process)
		}
	}
}
