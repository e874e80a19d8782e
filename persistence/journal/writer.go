package journal

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// writer is the state of the goroutine that writes. Nobody else touches it.
type writer struct {
	file     *os.File       // the current segment
	used     int64          // bytes of it
	dirty    bool           // written since the last sync
	free     group          // the buffers of the last group, to be filled again
	lastSync chan struct{}  // closed when the last sync of file ended; nil = none yet
	syncs    sync.WaitGroup // goroutines that sync
	err      error          // of the final sync
}

// run is the goroutine of the journal.
func (j *Journal) run(tick *time.Ticker) {
	defer close(j.done)
	defer tick.Stop()
	for {
		select {
		case <-j.wake:
			j.writePending()
		case <-tick.C:
			j.everySecond()
		case <-j.stop:
			j.writePending()
			j.w.syncs.Wait()
			j.w.err = errors.Join(dataSync(j.w.file), j.w.file.Close())
			return
		}
	}
}

// writePending writes everything that waits with one write(2).
func (j *Journal) writePending() {
	j.mu.Lock()
	g := j.queue
	j.queue, j.w.free = j.w.free, group{}
	end := j.end
	j.mu.Unlock()
	if len(g.waiters) == 0 {
		j.w.free = g
		return
	}
	err := j.writeGroup(g.bytes, end)
	if err == nil {
		end += int64(len(g.bytes))
		j.mu.Lock()
		j.end = end
		j.alert()
		j.mu.Unlock()
	}
	at := end - int64(len(g.bytes))
	for i, w := range g.waiters {
		if err != nil {
			w.done(0, err)
		} else {
			at += w.size
			w.done(at, nil)
		}
		g.waiters[i] = waiter{}
	}
	if cap(g.bytes) > maxWaiting/16 { // a burst does not hold its memory for ever
		g.bytes = nil
	}
	j.w.free = group{bytes: g.bytes[:0], waiters: g.waiters[:0]}
}

// writeGroup appends bytes at a position, in a new segment if they would not
// fit into the reserved space of the current one.
func (j *Journal) writeGroup(bytes []byte, at int64) error {
	if j.w.used > 0 && j.w.used+int64(len(bytes)) > j.o.SegmentBytes {
		if err := j.rotate(at); err != nil {
			return err
		}
	}
	if _, err := j.w.file.Write(bytes); err != nil {
		return errors.Join(fmt.Errorf("write to the journal: %w", err), j.rewind(at))
	}
	if j.o.Fsync == FsyncAlways {
		if err := dataSync(j.w.file); err != nil {
			return errors.Join(fmt.Errorf("sync the journal: %w", err), j.rewind(at))
		}
	}
	j.w.used += int64(len(bytes))
	j.w.dirty = true
	return nil
}

// rewind removes what a failed write may have left. Where that fails too, the
// next segment begins at the same position, and readers ignore what the old
// one holds beyond it.
func (j *Journal) rewind(at int64) error {
	err := j.w.file.Truncate(j.w.used)
	if err == nil {
		_, err = j.w.file.Seek(j.w.used, 0)
	}
	if err == nil || j.w.used == 0 {
		return err
	}
	return errors.Join(err, j.rotate(at))
}

// rotate begins the segment that starts at a position.
func (j *Journal) rotate(at int64) error {
	file, err := takeSpare(j.o.Dir, at, j.o.SegmentBytes)
	if err != nil {
		return err
	}
	j.retire()
	j.w.file, j.w.used, j.w.dirty, j.w.lastSync = file, 0, false, nil
	j.mu.Lock()
	j.segments = append(j.segments, segment{base: at, path: segmentPath(j.o.Dir, at)})
	j.mu.Unlock()
	j.prepareSpare()
	return nil
}

// prepareSpare reserves the segment after the current one.
func (j *Journal) prepareSpare() {
	err := makeSpare(j.o.Dir, j.o.SegmentBytes)
	if err != nil {
		j.o.Logger.Error("journal has no spare segment, new requests are refused", "error", err)
	}
	j.mu.Lock()
	j.spare = err == nil
	j.mu.Unlock()
}

// everySecond brings written records to the disk and makes up for a checkpoint
// that could not be written and a spare segment that could not be reserved.
func (j *Journal) everySecond() {
	j.mu.Lock()
	spare, unsaved := j.spare, j.unsaved
	j.mu.Unlock()
	if unsaved {
		if err := j.saveCheckpoint(); err != nil {
			j.o.Logger.Error("journal checkpoint was not written", "error", err)
		}
	}
	if !spare {
		j.prepareSpare()
	}
	if j.o.Fsync != FsyncInterval || !j.w.dirty {
		return
	}
	if j.w.lastSync != nil {
		select {
		case <-j.w.lastSync:
		default:
			return // the last one is still under way
		}
	}
	j.w.dirty = false
	finished, file := make(chan struct{}), j.w.file
	j.w.lastSync = finished
	j.w.syncs.Go(func() { // a slow disk must not hold up writers
		defer close(finished)
		if err := dataSync(file); err != nil {
			j.o.Logger.Error("journal was not synced", "error", err)
		}
	})
}

// retire brings a full segment to the disk and closes it, when the last sync
// of it has ended.
func (j *Journal) retire() {
	file, last := j.w.file, j.w.lastSync
	j.w.syncs.Go(func() {
		if last != nil {
			<-last
		}
		var err error
		if j.o.Fsync != FsyncNever {
			err = dataSync(file)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			j.o.Logger.Error("journal segment was not closed properly", "error", err)
		}
	})
}

// alert warns once when the journal is four fifths full. The lock is held.
func (j *Journal) alert() {
	if !j.alerted && j.used() > j.o.MaxBytes/5*4 {
		j.alerted = true
		j.o.Logger.Error("journal is filling up, the store does not take rows fast enough",
			"used_bytes", j.used(), "max_bytes", j.o.MaxBytes)
	}
}
