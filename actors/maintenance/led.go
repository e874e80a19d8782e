package maintenance

import "context"

// Leader tells whether this node does what one of several is to do.
type Leader interface {
	// Lead returns a context that ends when another node may take over; done must
	// be called. false = another node leads.
	Lead(ctx context.Context) (led context.Context, done context.CancelFunc, ok bool)
}

// Led are chores that one node at a time does: the others skip their turns.
// Without a leader every node does them.
func Led(leader Leader, jobs ...Job) []Job {
	if leader == nil {
		return jobs
	}
	led := make([]Job, len(jobs))
	for i, job := range jobs {
		run := job.Run
		job.Run = func(ctx context.Context) (int, error) {
			ctx, done, ok := leader.Lead(ctx)
			if !ok {
				return 0, nil
			}
			defer done()
			return run(ctx)
		}
		led[i] = job
	}
	return led
}
