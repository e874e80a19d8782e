package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Fsync says when written records are brought to the disk. The process may die
// at any moment in all modes without loss; the mode bounds what a power failure
// takes.
type Fsync string

// The modes.
const (
	FsyncInterval Fsync = "interval" // once a second
	FsyncAlways   Fsync = "always"   // before the callbacks
	FsyncNever    Fsync = "never"    // when the system likes
)

// Defaults of Options.
const (
	DefaultSegmentBytes = 64 << 20
	DefaultMaxBytes     = 8 << 30
)

// Errors of Append.
var (
	ErrFull     = errors.New("the journal is full")
	ErrClosed   = errors.New("the journal is closed")
	ErrTooLarge = errors.New("the record is too large for the journal")
)

// Options say where and how to keep a journal.
type Options struct {
	Dir          string // created if missing
	Fsync        Fsync  // "" = interval
	SegmentBytes int64  // 0 = DefaultSegmentBytes
	MaxBytes     int64  // 0 = DefaultMaxBytes; see Append
	Logger       *slog.Logger
}

// Journal is an open journal.
type Journal struct {
	o    Options
	lock *os.File

	mu       sync.Mutex
	queue    group // waits to be written
	closed   bool
	segments []segment // oldest first; the last one is being written
	end      int64     // position after the last written record
	mark     int64     // checkpoint
	unsaved  bool      // the checkpoint on disk is older
	dead     int       // records that were buried
	spare    bool      // space for one more segment is reserved
	alerted  bool
	skipped  int64 // damaged bytes met while reading

	wake chan struct{} // something waits
	stop chan struct{} // closed by Close
	done chan struct{} // closed when the writer ended
	w    writer        // belongs to the writing goroutine

	saving sync.Mutex // of the checkpoint's file
	burial sync.Mutex // of the dead segment
}

// group is what one write(2) takes.
type group struct {
	bytes   []byte
	waiters []waiter
}

type waiter struct {
	size int64 // of the record on disk
	done func(end int64, err error)
}

// maxWaiting bounds the memory of a journal whose disk does not answer.
const maxWaiting = 64 << 20

// Open opens or creates a journal and starts its goroutine, which ends with Close.
func Open(o Options) (*Journal, error) {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Fsync == "" {
		o.Fsync = FsyncInterval
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, deadFolder), 0o700); err != nil {
		return nil, fmt.Errorf("create the journal folder: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		o: o, lock: lock,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if err := j.recover(); err != nil {
		return nil, errors.Join(err, unlock(lock))
	}
	go j.run(time.NewTicker(time.Second))
	return j, nil
}

// recover finds where the last process stopped and begins a segment there.
// Whatever lies behind the last valid record was never acknowledged.
func (j *Journal) recover() error {
	var err error
	if j.mark, err = readCheckpoint(j.o.Dir); err != nil {
		return err
	}
	if j.segments, err = listSegments(j.o.Dir); err != nil {
		return err
	}
	if err := ReadDead(j.o.Dir, func([]byte) { j.dead++ }); err != nil {
		return err
	}
	j.end = j.mark
	if len(j.segments) > 0 {
		last := j.segments[len(j.segments)-1]
		if j.end, err = endOf(last, j.mark); err != nil {
			return err
		}
		if j.mark > j.end {
			// The checkpoint is beyond what the disk kept. Nothing behind it is
			// needed, and no position may be given twice.
			j.end = j.mark
		}
		if last.base == j.end { // empty: it is begun anew
			j.segments = j.segments[:len(j.segments)-1]
		}
	}
	file, err := j.firstSegment()
	if err != nil {
		return err
	}
	j.segments = append(j.segments, segment{base: j.end, path: segmentPath(j.o.Dir, j.end)})
	j.w.file = file
	j.prepareSpare()
	return nil
}

// firstSegment begins the segment after what the last process left. On a full
// disk no space is reserved for it: what is there can be read all the same.
func (j *Journal) firstSegment() (*os.File, error) {
	file, err := takeSpare(j.o.Dir, j.end, j.o.SegmentBytes)
	if !errors.Is(err, errNoSpace) {
		return file, err
	}
	j.o.Logger.Error("journal has no room for a segment, new requests are refused", "error", err)
	return beginSegment(j.o.Dir, j.end)
}

// Append hands a record over. done is called from the journal's goroutine once
// it is written, with the position after it, or with an error if it could not
// be; callbacks come in the order of the records and must not block. When
// Append itself fails done is not called.
//
// At MaxBytes, or when no space can be reserved for another segment, Append
// fails with ErrFull for all records but those marked urgent, which have one
// segment more. Append copies the record and may be called concurrently.
func (j *Journal) Append(record []byte, urgent bool, done func(end int64, err error)) error {
	if len(record) == 0 || len(record) > MaxRecord {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(record))
	}
	j.mu.Lock()
	err := j.enqueue(record, urgent, done)
	j.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case j.wake <- struct{}{}:
	default: // the writer is awake already
	}
	return nil
}

func (j *Journal) enqueue(record []byte, urgent bool, done func(end int64, err error)) error {
	switch {
	case j.closed:
		return ErrClosed
	case len(j.queue.bytes) > maxWaiting,
		!urgent && j.full(),
		j.used() > j.o.MaxBytes+j.o.SegmentBytes:
		return ErrFull
	}
	j.queue.bytes = appendRecord(j.queue.bytes, record)
	j.queue.waiters = append(j.queue.waiters, waiter{size: int64(headerSize + len(record)), done: done})
	return nil
}

// Full tells whether the journal takes only urgent records.
func (j *Journal) Full() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.full()
}

func (j *Journal) full() bool { return !j.spare || j.used() >= j.o.MaxBytes }

// used counts the bytes on disk and those about to be.
func (j *Journal) used() int64 {
	return j.end - j.segments[0].base + int64(len(j.queue.bytes))
}

// Stats are figures for the operator.
type Stats struct {
	Used, Max    int64 // bytes
	Segments     int
	Full         bool
	DamagedBytes int64 // skipped while reading since Open
	Dead         int   // buried records
}

// Stats reads the figures.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Stats{
		Used: j.used(), Max: j.o.MaxBytes, Segments: len(j.segments), Full: j.full(),
		DamagedBytes: j.skipped, Dead: j.dead,
	}
}

// Checkpointed is the position up to which records are no longer needed.
func (j *Journal) Checkpointed() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.mark
}

// End is the position after the last written record.
func (j *Journal) End() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.end
}

// Checkpoint says that no record up to a position is needed any more, and
// deletes the segments that hold nothing else. A lower position than before
// changes nothing. When it fails the journal tries again by itself.
func (j *Journal) Checkpoint(position int64) error {
	j.mu.Lock()
	if position <= j.mark {
		j.mu.Unlock()
		return nil
	}
	j.mark, j.unsaved = position, true
	j.mu.Unlock()
	return j.saveCheckpoint()
}

// saveCheckpoint brings the checkpoint to the disk. Segments go first: a full
// disk may have no room for anything before, and without them no more is read
// again than is needed.
func (j *Journal) saveCheckpoint() error {
	j.saving.Lock()
	defer j.saving.Unlock()
	j.mu.Lock()
	position, unsaved := j.mark, j.unsaved
	j.unsaved = false
	j.mu.Unlock()
	if !unsaved {
		return nil
	}
	err := errors.Join(j.deleteBelow(position), writeCheckpoint(j.o.Dir, position))
	if err != nil {
		j.mu.Lock()
		j.unsaved = true
		j.mu.Unlock()
	}
	return err
}

func (j *Journal) deleteBelow(position int64) error {
	j.mu.Lock()
	keep := 0
	for keep < len(j.segments)-1 && j.segments[keep+1].base <= position {
		keep++
	}
	old := slices.Clone(j.segments[:keep])
	j.segments = slices.Clone(j.segments[keep:])
	if j.alerted && j.used() < j.o.MaxBytes/2 {
		j.alerted = false
	}
	j.mu.Unlock()
	var errs []error
	for _, s := range old {
		errs = append(errs, os.Remove(s.path))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("delete journal segments: %w", err)
	}
	return nil
}

// Close writes what waits, brings it to the disk and ends the goroutine.
func (j *Journal) Close() error {
	j.mu.Lock()
	closed := j.closed
	j.closed = true
	j.mu.Unlock()
	if closed {
		return nil
	}
	close(j.stop)
	<-j.done
	return errors.Join(j.w.err, unlock(j.lock))
}
