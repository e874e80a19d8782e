package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	snapshotPrefix = "cch:snap:"
	// filledKey is there as long as Redis has every snapshot of the SQL store: a
	// server that lost its memory lost it too.
	filledKey = "cch:snap-filled"

	fillPage = 200
)

// SQL keeps snapshots for good. Load of an unknown one is a fault of KindNotFound.
type SQL interface {
	Save(ctx context.Context, snapshots []domain.Snapshot) error
	Load(ctx context.Context, kind, id string) (domain.Snapshot, error)
	List(ctx context.Context, kind, behind string, limit int) ([]domain.Snapshot, error)
}

// Snapshots keeps snapshots of actors in Redis and in the SQL store: whichever
// of the two is away, the other has them. Where both have one, the newer epoch
// counts, and of the same epoch what was saved last. Safe for concurrent use.
type Snapshots struct {
	client *Client
	sql    SQL
	kinds  []string
	now    func() time.Time
	write  *goredis.Script // the fenced write
	filled atomic.Bool     // Redis has what the SQL store has
	missed atomic.Bool     // it does not, since it was filled last
	late   atomic.Bool     // it is filled as soon as the SQL store answers
}

const (
	// fillPatience is how long Redis, being back, waits for a first answer of the
	// SQL store before it is used without what that has.
	fillPatience = 2 * time.Second
	firstRefill  = time.Second // between two tries to bring that
	lastRefill   = 30 * time.Second
)

// NewSnapshots makes the layer over an SQL store. kinds are all kinds of actors
// that save snapshots. It must be made before the client is started.
func NewSnapshots(c *Client, sql SQL, kinds []string, now func() time.Time) *Snapshots {
	s := &Snapshots{client: c, sql: sql, kinds: kinds, now: now, write: fencedWrite()}
	s.missed.Store(true)
	c.onReturn(s.welcome)
	return s
}

// Save writes snapshots to both. It fails only when the SQL store does: Redis is
// made good when it is back. One of an older epoch than what is stored changes
// nothing: its actor has been replaced.
func (s *Snapshots) Save(ctx context.Context, snapshots []domain.Snapshot) error {
	stamped := make([]domain.Snapshot, len(snapshots))
	for i, snap := range snapshots {
		snap.SavedAt = s.now()
		stamped[i] = snap
	}
	shared := make(chan struct{})
	go func() {
		defer close(shared)
		s.share(ctx, stamped)
	}()
	err := s.sql.Save(ctx, stamped)
	<-shared
	return err
}

// share writes snapshots to Redis, as far as it answers.
func (s *Snapshots) share(ctx context.Context, snapshots []domain.Snapshot) {
	if err := s.put(ctx, snapshots); err != nil {
		s.missed.Store(true)
		s.filled.Store(false)
	}
}

// put is one call of the fenced write.
func (s *Snapshots) put(ctx context.Context, snapshots []domain.Snapshot) error {
	if len(snapshots) == 0 {
		return nil
	}
	keys := make([]string, len(snapshots))
	args := make([]any, 0, 4*len(snapshots))
	for i, snap := range snapshots {
		keys[i] = snapshotKey(snap.Kind, snap.ID)
		args = append(args, snap.Epoch, snap.SavedAt.UnixMilli(), snap.Data, millis(snap.ExpiresAt))
	}
	err := s.client.call(ctx, s.client.o.Timeout, func(ctx context.Context) error {
		return s.write.Run(ctx, s.client.lib, keys, args...).Err()
	})
	if err != nil {
		return fmt.Errorf("share %d snapshots: %w", len(snapshots), err)
	}
	return nil
}

// fencedWrite sets each snapshot (KEYS) to epoch, time of saving, data and
// expiry (four ARGV each; 0 = never) unless a newer one is there.
func fencedWrite() *goredis.Script {
	return goredis.NewScript(`
for i, key in ipairs(KEYS) do
	local at = 4 * (i - 1)
	local epoch, saved, expires = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 4]
	local kept = redis.call('HMGET', key, 'epoch', 'saved_at')
	local kept_epoch, kept_saved = tonumber(kept[1] or -1), tonumber(kept[2] or -1)
	if epoch > kept_epoch or epoch == kept_epoch and saved >= kept_saved then
		redis.call('HSET', key, 'epoch', ARGV[at + 1], 'saved_at', ARGV[at + 2], 'data', ARGV[at + 3], 'expires_at', expires)
		if expires == '0' then
			redis.call('PERSIST', key)
		else
			redis.call('PEXPIREAT', key, expires)
		end
	end
end
return 0`)
}

// Load reads a snapshot, from Redis if it answers in time and has them all. What
// it has of others is better than nothing while the SQL store is away.
func (s *Snapshots) Load(ctx context.Context, kind, id string) (domain.Snapshot, error) {
	snap, err := s.look(ctx, kind, id)
	if err == nil || errors.Is(err, errUnknown) {
		return snap, found(err, kind, id)
	}
	snap, err = s.sql.Load(ctx, kind, id)
	if err == nil || domain.IsKind(err, domain.KindNotFound) {
		return snap, err
	}
	if kept, _, lookErr := s.ask(ctx, kind, id); lookErr == nil && s.lives(kept) {
		return kept, nil
	}
	return snap, err
}

func found(err error, kind, id string) error {
	if err != nil {
		return domain.NotFound("snapshot of "+kind, id)
	}
	return nil
}

var (
	errUnknown   = errors.New("there is no such snapshot")
	errForgetful = errors.New("redis does not have all snapshots")
)

// look reads a snapshot from Redis. errUnknown says that nobody has it.
func (s *Snapshots) look(ctx context.Context, kind, id string) (snap domain.Snapshot, err error) {
	if s.missed.Load() || !s.filled.Load() {
		return snap, errForgetful
	}
	snap, all, err := s.ask(ctx, kind, id)
	switch {
	case err == nil && s.lives(snap):
		return snap, nil
	case err != nil && !errors.Is(err, errUnknown):
		s.filled.Store(false)
		return domain.Snapshot{}, err
	case !all: // the server lost its memory
		s.missed.Store(true)
		s.filled.Store(false)
		s.client.shut()
		return domain.Snapshot{}, errForgetful
	}
	return domain.Snapshot{}, errUnknown
}

// ask reads a snapshot as Redis has it, and whether that has them all.
func (s *Snapshots) ask(ctx context.Context, kind, id string) (snap domain.Snapshot, all bool, err error) {
	var fields *goredis.SliceCmd
	var filled *goredis.IntCmd
	err = s.client.call(ctx, s.client.o.Patience, func(ctx context.Context) error {
		pipe := s.client.lib.Pipeline()
		fields = pipe.HMGet(ctx, snapshotKey(kind, id), "epoch", "data", "expires_at", "saved_at")
		filled = pipe.Exists(ctx, filledKey)
		_, err := pipe.Exec(ctx)
		return err
	})
	if err != nil {
		return snap, false, err
	}
	snap, err = readFields(kind, id, fields.Val())
	return snap, filled.Val() > 0, err
}

func (s *Snapshots) lives(snap domain.Snapshot) bool {
	return snap.ExpiresAt.IsZero() || s.now().Before(snap.ExpiresAt)
}

func readFields(kind, id string, fields []any) (domain.Snapshot, error) {
	text := make([]string, len(fields))
	for i, f := range fields {
		text[i], _ = f.(string)
	}
	if len(text) < 4 || text[0] == "" {
		return domain.Snapshot{}, errUnknown
	}
	var numbers [3]int64
	for i, at := range []int{0, 2, 3} {
		n, err := strconv.ParseInt(text[at], 10, 64)
		if err != nil {
			return domain.Snapshot{}, fmt.Errorf("read snapshot %s/%s: %w", kind, id, err)
		}
		numbers[i] = n
	}
	return domain.Snapshot{
		Kind: kind, ID: id, Epoch: numbers[0], Data: []byte(text[1]),
		ExpiresAt: instant(numbers[1]), SavedAt: instant(numbers[2]),
	}, nil
}

// welcome brings to Redis what it missed, when it answers again. While the SQL
// store does not, Redis is used for what is saved from now on, and gets the rest
// later: neither waits for the other to recover.
func (s *Snapshots) welcome(ctx context.Context) error {
	err := s.bring(ctx)
	if _, away := errors.AsType[*sqlError](err); away {
		if s.late.CompareAndSwap(false, true) {
			s.client.ended.Go(func() { s.bringLater(ctx) })
		}
		return nil
	}
	return err
}

func (s *Snapshots) bring(ctx context.Context) error {
	complete, err := s.complete(ctx)
	if err == nil && !complete {
		err = s.fill(ctx)
	}
	if err != nil {
		return fmt.Errorf("bring snapshots to redis: %w", err)
	}
	s.filled.Store(true)
	return nil
}

// bringLater tries until the SQL store answers, or Redis does not.
func (s *Snapshots) bringLater(ctx context.Context) {
	defer s.late.Store(false)
	for wait := firstRefill; sleep(ctx, wait) && s.client.up.Load(); wait = min(2*wait, lastRefill) {
		err := s.bring(ctx)
		if err == nil {
			return
		}
		if _, away := errors.AsType[*sqlError](err); !away {
			s.client.shut() // it is looked at again from the start
			return
		}
	}
}

// sqlError says that the SQL store did not answer.
type sqlError struct{ cause error }

func (e *sqlError) Error() string { return "the database does not answer: " + e.cause.Error() }
func (e *sqlError) Unwrap() error { return e.cause }

// complete tells whether Redis missed nothing since it was filled.
func (s *Snapshots) complete(ctx context.Context) (bool, error) {
	if s.missed.Load() {
		s.filled.Store(false) // first, so that no reader sees what is between
		s.missed.Store(false)
		return false, nil
	}
	var all int64
	err := s.client.call(ctx, s.client.o.Timeout, func(ctx context.Context) (err error) {
		all, err = s.client.lib.Exists(ctx, filledKey).Result()
		return err
	})
	return all > 0, err
}

// fill brings to Redis what the SQL store has. What Redis has of it that is
// newer stays.
func (s *Snapshots) fill(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			s.missed.Store(true)
		}
	}()
	if err := s.awaitSQL(ctx); err != nil {
		return err
	}
	for _, kind := range s.kinds {
		for behind := ""; ; {
			page, err := s.sql.List(ctx, kind, behind, fillPage)
			if err != nil {
				return &sqlError{err}
			}
			if err := s.put(ctx, s.living(page)); err != nil {
				return err
			}
			if len(page) < fillPage {
				break
			}
			behind = page[len(page)-1].ID
		}
	}
	return s.client.call(ctx, s.client.o.Timeout, func(ctx context.Context) error {
		return s.client.lib.Set(ctx, filledKey, "1", 0).Err()
	})
}

// awaitSQL asks the SQL store for little, and does not wait long for that.
func (s *Snapshots) awaitSQL(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fillPatience)
	defer cancel()
	for _, kind := range s.kinds[:min(1, len(s.kinds))] {
		if _, err := s.sql.List(ctx, kind, "", 1); err != nil {
			return &sqlError{err}
		}
	}
	return nil
}

// living are the snapshots that have not expired.
func (s *Snapshots) living(page []domain.Snapshot) (left []domain.Snapshot) {
	for _, snap := range page {
		if s.lives(snap) {
			left = append(left, snap)
		}
	}
	return left
}

func snapshotKey(kind, id string) string { return snapshotPrefix + kind + ":" + id }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
