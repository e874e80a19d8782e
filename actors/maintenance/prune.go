package maintenance

import (
	"context"
	"time"
)

// Pruner forgets what ended before an instant.
type Pruner interface {
	Prune(ctx context.Context, before time.Time) error
}

// Prune is the hourly chore of having something forgotten as soon as it has
// been over for so long.
func Prune(name string, p Pruner, kept time.Duration, now func() time.Time) Job {
	return Job{
		Name: name, Every: time.Hour, Within: time.Minute,
		Run: func(ctx context.Context) (int, error) { return 0, p.Prune(ctx, now().Add(-kept)) },
	}
}
