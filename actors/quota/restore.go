package quota

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

// ledgerPage is how many rows are read at once, and how many of the newest are
// looked at, without a snapshot, for what requests cost lately.
const ledgerPage = 1000

// memory is what the store knows of a user when an activation begins.
type memory struct {
	epoch  int64
	saved  record // zero without a snapshot
	fresh  bool   // there was no snapshot, or none that can be read
	damage error  // what was wrong with it
	rows   []domain.LedgerRow
	// Without a snapshot:
	seq     int64        // of the newest row
	charged domain.Money // in all
	lately  []domain.LedgerRow
	spends  windows // of money, up to the snapshot or that row
	err     error   // the store did not answer; nothing else is set
}

// recall claims the user's ledger and reads what was counted: the snapshot and
// the rows that came after it. The claim comes first, so that no row of an
// earlier activation arrives behind its back.
func recall(ctx context.Context, o *Options, user domain.UserID, now time.Time) (m memory) {
	if m.epoch, m.err = o.Ledger.Claim(ctx, user, o.Node, now); m.err != nil {
		return m
	}
	snapshot, err := o.Snapshots.Load(ctx, KindName, strconv.FormatInt(int64(user), 10))
	switch {
	case domain.IsKind(err, domain.KindNotFound):
		m.fresh = true
	case err != nil:
		return memory{err: err}
	default:
		if m.saved, m.damage = decode(user, snapshot.Data); m.damage != nil {
			m.fresh = true
		}
	}
	if m.fresh {
		m.err = m.sumUp(ctx, o, user)
	} else {
		m.rows, m.err = rowsAfter(ctx, o, user, m.saved.Seq)
	}
	if m.err == nil {
		m.spends, m.err = m.windows(ctx, o, user, now)
	}
	return m
}

// sumUp reads what a missing snapshot would tell.
func (m *memory) sumUp(ctx context.Context, o *Options, user domain.UserID) (err error) {
	if m.seq, err = o.Ledger.LastSeq(ctx, user); err != nil || m.seq == 0 {
		return err
	}
	if m.lately, err = o.Ledger.After(ctx, user, max(0, m.seq-ledgerPage), ledgerPage); err != nil {
		return err
	}
	m.charged, err = o.Ledger.Sum(ctx, user, 0, time.Time{}, m.seq)
	return err
}

func rowsAfter(ctx context.Context, o *Options, user domain.UserID, seq int64) (rows []domain.LedgerRow, err error) {
	for {
		page, err := o.Ledger.After(ctx, user, seq, ledgerPage)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page...)
		if len(page) < ledgerPage {
			return rows, nil
		}
		seq = page[len(page)-1].UserSeq
	}
}

// load reads the user's memory on a goroutine.
func (a *Actor) load(c *kit.Context) {
	o, user, now := &a.o, a.state.user, a.now
	c.Go(loadDeadline, func(ctx context.Context) any { return recall(ctx, o, user, now) })
}

// restore takes the memory in and opens the door. While the store does not
// answer the door stays shut and whoever asks is told so, to decide without us;
// the store is asked again and again.
func (a *Actor) restore(c *kit.Context, m memory) {
	if a.ready {
		return
	}
	defer c.Unstash()
	if m.err != nil {
		c.Logger().Warn("ledger and snapshot not read, trying again", slog.Any("error", m.err))
		a.shut, a.loadAt = true, a.now.Add(loadAgain)
		return
	}
	if m.damage != nil {
		c.Logger().Error("snapshot is damaged and will be replaced", slog.Any("error", m.damage))
	}
	if err := a.state.restore(&m, a.now); err != nil {
		c.Logger().Error("snapshot was taken in only in part", slog.Any("error", err))
	}
	a.ready, a.shut, a.saved = true, false, a.now
	a.changes += len(m.rows)
}

// restore makes the state what it was: the snapshot, less what it counted of
// rows that never arrived, and the rows that came after it.
func (s *state) restore(m *memory, now time.Time) error {
	err := s.restoreRecord(&m.saved, m.spends, now)
	s.book = book{
		epoch: m.epoch, seq: max(m.saved.Seq, m.seq), charged: domain.Money(m.saved.Charged) + m.charged,
	}
	for i := range m.lately {
		s.learn(&m.lately[i], time.UnixMilli(m.lately[i].SettledAt))
	}
	counted := make(map[domain.SettleKey]domain.LedgerRow, len(m.saved.Open))
	for i := range m.saved.Open {
		row := m.saved.Open[i].row()
		counted[row.SettleKey] = row
	}
	for i := range m.rows {
		row := &m.rows[i]
		s.book.seq = max(s.book.seq, row.UserSeq)
		s.settled.Add(row.ID(), now.Add(settledFor), now)
		if row.IsFinal {
			s.finishRequest(row.ReqID, now)
		}
		if _, ok := counted[row.SettleKey]; ok {
			delete(counted, row.SettleKey)
			continue
		}
		s.apply(row, now)
	}
	for _, row := range counted {
		back := reversed(row)
		s.apply(&back, now)
	}
	return err
}

func (o *openRecord) row() domain.LedgerRow {
	return domain.LedgerRow{
		SettleKey: domain.SettleKey{ReqID: domain.RequestID(o.ReqID), Attempt: o.Attempt, Kind: o.Kind, N: o.N},
		KeyID:     domain.KeyID(o.KeyID), AdmittedAt: o.T, Charge: domain.Money(o.Charge),
	}
}

// decode reads a stored snapshot, whole or not at all.
func decode(user domain.UserID, data []byte) (r record, err error) {
	err = msgpack.Unmarshal(data, &r)
	for i := 0; err == nil && i < len(r.Keys); i++ {
		err = r.Keys[i].Spend.check()
	}
	if err == nil {
		err = r.Spend.check()
	}
	if err != nil {
		return record{}, fmt.Errorf("read snapshot of quota %d: %w", user, err)
	}
	return r, nil
}

func (r *spendRecord) check() error {
	if r == nil {
		return nil
	}
	_, err := r.state()
	return err
}
