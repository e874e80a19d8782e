package recorder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Journal keeps records on disk. Positions are the ends of records and only
// grow; callbacks of Append come in their order, from one goroutine.
type Journal interface {
	Append(record []byte, urgent bool, done func(end int64, err error)) error
	Read(from int64, visit func(record []byte, end int64) bool) error
	Checkpoint(position int64) error
	Checkpointed() int64
	End() int64
	Full() bool
	Bury(record []byte) error
}

// Store keeps rows. Writing a row again changes nothing. An error that has a
// method Rejected() bool giving true lies in the rows, any other in the moment.
type Store interface {
	WriteBatch(ctx context.Context, batch domain.LogBatch) error
	// Open returns rows that are open, behind an id and by their ids.
	Open(ctx context.Context, after domain.RequestID, limit int) ([]domain.OpenLog, error)
	// FollowLedger sets the costs of rows to what the ledger says.
	FollowLedger(ctx context.Context, ids []domain.RequestID) error
}

// Ledger keeps what was spent. Append tells for each row what became of it and
// does not hold on to the rows; its errors are like those of Store.
type Ledger interface {
	Append(ctx context.Context, rows []domain.LedgerRow) ([]error, error)
}

// Options are what a recorder is made of; Journal, Store, Ledger, Quota, System
// and Now must be set.
type Options struct {
	Journal Journal
	Store   Store
	Ledger  Ledger
	Quota   func(user domain.UserID) kit.Ref // who settles for a user
	System  *kit.System
	Now     func() time.Time
	Logger  *slog.Logger // nil = discard
	// Lost looks which requests that are open are nobody's any more, where others
	// write into the same store; nil = all that an earlier process left.
	Lost func(ctx context.Context) (func(domain.RequestID) bool, error)
	// Batch bounds; 0 = 2,000 records, 2 MiB, 250 ms and 10,000 records.
	BatchRecords int
	BatchBytes   int
	BatchDelay   time.Duration
	MaxPending   int // records kept in memory; what is beyond is read back from the journal
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.BatchRecords == 0 {
		o.BatchRecords = 2000
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = 2 << 20
	}
	if o.BatchDelay == 0 {
		o.BatchDelay = 250 * time.Millisecond
	}
	if o.MaxPending == 0 {
		o.MaxPending = 10_000
	}
	if o.Lost == nil {
		o.Lost = func(context.Context) (func(domain.RequestID) bool, error) {
			return func(domain.RequestID) bool { return true }, nil
		}
	}
	return o
}

// Recorder takes records of requests. Its methods are safe for concurrent use.
type Recorder struct {
	o        Options
	queue    *queue
	progress *progress
	settler  *settler
	appender *appender
	buffers  sync.Pool // *encoder
	stats    counters
	traffic  traffic
	cancel   context.CancelFunc // of the worker and the appender
	done     chan struct{}      // closed when the worker ended
}

// counters are read by Stats.
type counters struct {
	written, retries, buried, appended, shed atomic.Int64
}

// New makes a recorder. Recover must be called before anything is recorded.
func New(o Options) *Recorder {
	o = o.withDefaults()
	at := o.Journal.Checkpointed()
	r := &Recorder{
		o:        o,
		queue:    newQueue(o, at),
		progress: newProgress(at),
		done:     make(chan struct{}),
	}
	r.buffers.New = func() any { return newEncoder() }
	r.settler = newSettler(o, r.progress)
	r.appender = newAppender(r)
	return r
}

// Full tells whether new requests must be turned away: Started would fail.
func (r *Recorder) Full() bool { return r.o.Journal.Full() }

// Started records that a request began. done is called exactly once, from
// another goroutine, when the record can no longer be lost, or with an error,
// which is a fault of KindOverloaded while the journal is full.
// The row belongs to the recorder from now on.
func (r *Recorder) Started(row *domain.RequestLog, done func(error)) {
	r.hand(item{started: row}, false, done)
}

// Begun records that an upstream has begun to answer. Should the process die,
// the request's estimate is due. What it is given belongs to the recorder from
// now on.
func (r *Recorder) Begun(b *domain.BegunLog) {
	r.hand(item{begun: b}, false, func(err error) {
		if err != nil {
			r.o.Logger.Warn("the beginning of an answer was not recorded", "request_id", b.ID.String(), "error", err)
		}
	})
}

// Finish records how a request ended and what it owes. done is called exactly
// once, from another goroutine, when the record can no longer be lost, or with
// an error. The record belongs to the recorder from now on.
func (r *Recorder) Finish(rec *protocol.LogRecord, done func(error)) {
	r.hand(item{finished: rec}, true, done)
}

// hand gives a record to the journal and, once it is there, to the worker and
// the settler.
func (r *Recorder) hand(it item, urgent bool, done func(error)) {
	r.journal(&it, urgent, func(err error) {
		if err == nil {
			r.queue.push(it)
		}
		done(err)
	})
}

// keep is hand for a record that the caller brings to the store itself.
func (r *Recorder) keep(it *item, done func(error)) { r.journal(it, true, done) }

// journal writes a record to the journal. When it is there its settlements are
// owed, and done is called in the order of the records. What is only there to
// be looked at is left out while the journal is full, or when it is too large.
func (r *Recorder) journal(it *item, urgent bool, done func(error)) {
	if r.o.Journal.Full() {
		r.shed(it)
	}
	err := r.append(it, urgent, done)
	if err != nil && r.shed(it) {
		err = r.append(it, urgent, done)
	}
	if err == nil {
		return
	}
	if !urgent && r.o.Journal.Full() {
		err = domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "the request log is full").Because(err)
	}
	go done(wrap(err)) // the caller may hold what done needs
}

// append gives a record to the journal. When it fails done is not called.
func (r *Recorder) append(it *item, urgent bool, done func(error)) error {
	enc, _ := r.buffers.Get().(*encoder)
	defer r.buffers.Put(enc)
	record, err := enc.encode(*it)
	if err != nil {
		return err
	}
	it.size = len(record)
	return r.o.Journal.Append(record, urgent, func(end int64, err error) {
		if err == nil {
			it.end = end
			if debt := r.progress.journaled(end, it.settles()); debt != nil {
				r.settler.owe(debt)
			}
		}
		done(wrap(err))
	})
}

// shed drops the bulky part of a record; false if it has none. Its row and its
// settlements stay.
func (r *Recorder) shed(it *item) bool {
	if it.finished == nil || it.finished.Detail.Bare() {
		return false
	}
	it.finished.Detail = domain.RequestDetail{RequestID: it.finished.Log.ID}
	r.stats.shed.Add(1)
	return true
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("record a request: %w", err)
}

// Recover does again what the last process may not have finished, closes the
// rows it left open and starts the recorder. It returns when all rows are
// readable; settlements follow.
func (r *Recorder) Recover(ctx context.Context) error {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go r.appender.run(run)
	r.settler.start()
	w := &worker{r: r}
	err := w.replay(ctx)
	if err == nil {
		err = w.closeInterrupted(ctx)
	}
	if err != nil {
		r.appender.close(ctx, cancel)
		cancel()
		return fmt.Errorf("take up what the last process left: %w", err)
	}
	r.cancel = cancel
	go func() {
		defer close(r.done)
		w.run(run)
	}()
	return nil
}

// Close writes what is pending and ends the recorder. When ctx ends first, the
// rest stays in the journal for the next process. Nothing may be recorded any
// more; the actor system must still run.
func (r *Recorder) Close(ctx context.Context) error {
	if r.cancel == nil {
		return nil // never started
	}
	r.queue.close()
	var err error
	select {
	case <-r.done:
	case <-ctx.Done():
		r.cancel()
		<-r.done
		err = fmt.Errorf("write pending request logs: %w", ctx.Err())
	}
	err = errors.Join(err, r.progress.await(ctx))
	r.appender.close(ctx, r.cancel)
	r.cancel()
	return errors.Join(err, r.checkpoint())
}

// checkpoint tells the journal what is done.
func (r *Recorder) checkpoint() error {
	return r.o.Journal.Checkpoint(r.progress.done())
}

// Stats are figures for the operator.
type Stats struct {
	Pending   int   // records in memory that are not in the store yet
	Behind    bool  // more of them are in the journal only
	Written   int64 // records the store took
	Retries   int64 // batches it did not take at once
	Buried    int64 // records it will never take
	Shed      int64 // records whose details were left out for want of room
	Unsettled int   // records whose settlements are not acknowledged
	Appending int   // ledger rows that wait for the database
	Appended  int64 // ledger rows the database took
}

// Stats reads the figures.
func (r *Recorder) Stats() Stats {
	pending, behind := r.queue.length()
	return Stats{
		Pending: pending, Behind: behind, Unsettled: r.progress.unsettled(),
		Written: r.stats.written.Load(), Retries: r.stats.retries.Load(), Buried: r.stats.buried.Load(), Shed: r.stats.shed.Load(),
		Appending: r.appender.length(), Appended: r.stats.appended.Load(),
	}
}
