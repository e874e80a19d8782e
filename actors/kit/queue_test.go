package kit

import (
	"testing"

	"pgregory.net/rapid"
)

func TestQueueAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var q queue
		var model []int
		pushed := 0
		rt.Repeat(map[string]func(*rapid.T){
			"push": func(rt *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(rt, "n") {
					q.push(pushed)
					model = append(model, pushed)
					pushed++
				}
			},
			"pop": func(rt *rapid.T) {
				for range min(rapid.IntRange(1, 150).Draw(rt, "n"), len(model)) {
					if got := q.pop(); got != model[0] {
						rt.Fatalf("popped %v, want %d", got, model[0])
					}
					model = model[1:]
				}
			},
			"": func(rt *rapid.T) {
				if q.n != len(model) {
					rt.Fatalf("length %d, want %d", q.n, len(model))
				}
				if q.n == 0 && len(q.ring) > keptRing {
					rt.Fatalf("an empty queue keeps %d places", len(q.ring))
				}
				held := 0
				for _, m := range q.ring {
					if m != nil {
						held++
					}
				}
				if held != q.n {
					rt.Fatalf("%d messages are held, %d queued", held, q.n)
				}
			},
		})
	})
}
