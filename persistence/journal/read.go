package journal

import (
	"errors"
	"io"
	"slices"
)

// Read visits the records after a position, up to the last one written when
// Read began, until visit returns false. from must be the end of a record (or
// Checkpointed). The record is valid during the visit only. Damaged records are
// skipped and counted. Read may run while others append.
func (j *Journal) Read(from int64, visit func(record []byte, end int64) bool) error {
	j.mu.Lock()
	segments, to := slices.Clone(j.segments), j.end
	j.mu.Unlock()
	for i, s := range segments {
		limit := to
		if i+1 < len(segments) {
			limit = segments[i+1].base
		}
		if limit <= from {
			continue
		}
		more, err := j.readSegment(s, max(from, s.base), limit, visit)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func (j *Journal) readSegment(s segment, from, to int64, visit func([]byte, int64) bool) (more bool, err error) {
	scan, file, err := openScanner(s.path, s.base, from, to)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }() // it was only read
	for {
		record, end, err := scan.next()
		if errors.Is(err, io.EOF) {
			j.noteDamage(s, scan.damaged)
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if !visit(record, end) {
			j.noteDamage(s, scan.damaged)
			return false, nil
		}
	}
}

func (j *Journal) noteDamage(s segment, bytes int64) {
	if bytes == 0 {
		return
	}
	j.mu.Lock()
	j.skipped += bytes
	j.mu.Unlock()
	j.o.Logger.Error("journal segment is damaged", "path", s.path, "skipped_bytes", bytes)
}
