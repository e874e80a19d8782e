package recorder

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

func fullRecord() *protocol.LogRecord {
	l := storetest.RequestLog(3)
	l.Binding = domain.BindingDropped
	return &protocol.LogRecord{
		Log: l, Detail: storetest.Detail(l.ID),
		Settles: []protocol.QuotaSettle{
			{
				SettleKey: protocol.SettleKey{ReqID: l.ID, Attempt: 2, Kind: "charge", N: 3},
				LeaseID:   domain.LeaseID{1, 2, 15: 16}, UserID: 4, KeyID: 5, SessionID: "s",
				Charge: 6, ProviderCost: 7, State: "billed", T: 8, IsFinal: true, Row: fullFacts(),
			},
			{SettleKey: protocol.SettleKey{ReqID: l.ID, Kind: "adjust"}},
		},
	}
}

// fullFacts are those of a ledger row, but for the session, which is not kept twice.
func fullFacts() domain.LedgerFacts {
	f := storetest.LedgerRow(1, 1).LedgerFacts
	f.SessionID = ""
	return f
}

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	e := newEncoder()
	l := storetest.RequestLog(1)
	for name, want := range map[string]item{
		"started":        {started: &l},
		"begun":          {begun: &domain.BegunLog{ID: 1, Attempt: 2, ProviderID: 3, Model: "m", Estimate: 4, ProviderEstimate: 5}},
		"finished":       {finished: fullRecord()},
		"settle":         {settle: &fullRecord().Settles[0]},
		"buried":         {buried: &Buried{At: time.UnixMilli(5).UTC(), Reason: "why", Record: []byte("what")}},
		"empty started":  {started: &domain.RequestLog{}},
		"empty finished": {finished: &protocol.LogRecord{}},
	} {
		record, err := e.encode(want)
		require.NoError(t, err, name)
		got, err := decode(record)
		require.NoError(t, err, name)
		require.Empty(t, cmp.Diff(want, got, cmp.AllowUnexported(item{})), name)
	}
	_, err := e.encode(item{})
	require.ErrorIs(t, err, errRecord)
}

// Arrays hold as many values as they announce: else other readers go astray.
func TestRecordsAreWellFormed(t *testing.T) {
	t.Parallel()
	record, err := newEncoder().encode(item{finished: fullRecord()})
	require.NoError(t, err)
	rest := bytes.NewReader(record[1:])
	value, err := msgpack.NewDecoder(rest).DecodeSlice()
	require.NoError(t, err)
	require.Zero(t, rest.Len())
	require.Len(t, value, recordValues)
	require.Len(t, value[0], logValues)
	require.Len(t, value[3].([]any)[1], settleValues)
}

func TestRecordsOfOtherVersions(t *testing.T) {
	t.Parallel()
	record, err := newEncoder().encode(item{finished: fullRecord()})
	require.NoError(t, err)
	values, err := msgpack.NewDecoder(bytes.NewReader(record[1:])).DecodeSlice()
	require.NoError(t, err)
	row := values[0].([]any)

	read := func(values []any) *protocol.LogRecord {
		b, err := msgpack.Marshal(values)
		require.NoError(t, err)
		it, err := decode(append([]byte{recordFinished}, b...))
		require.NoError(t, err)
		return it.finished
	}
	older := read([]any{row[:40], values[1]})
	require.Equal(t, fullRecord().Log.Timing, older.Log.Timing)
	require.Zero(t, older.Log.Client)
	require.Equal(t, fullRecord().Detail.Chain, older.Detail.Chain)
	require.Empty(t, older.Settles)

	earlier := slices.Clone(values) // as which texts of JSON were written once
	for _, i := range []int{1, 4, 5} {
		earlier[i] = []byte(earlier[i].(string))
	}
	require.Empty(t, cmp.Diff(fullRecord(), read(earlier)))
	earlier[5] = []byte(nil)
	require.Empty(t, read(earlier).Detail.Special)

	unpriced := read(values[:4])
	require.Len(t, unpriced.Settles, 2)
	require.Empty(t, unpriced.Detail.Cost)

	added := append(slices.Clip(values), map[string]any{"k": 1})
	added[0] = append(slices.Clip(row), "added", []any{1, 2})
	newer := read(added)
	require.Empty(t, cmp.Diff(fullRecord(), newer))
}

// Whatever the journal holds, reading it fails or gives something that can be
// written again.
func FuzzDecode(f *testing.F) {
	for _, it := range []item{{started: storetest.Opened(storetest.RequestLog(1))}, {finished: fullRecord()}} {
		record, err := newEncoder().encode(it)
		require.NoError(f, err)
		f.Add(record)
		f.Add(record[:len(record)/2])
	}
	f.Add([]byte{})
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, record []byte) {
		it, err := decode(record)
		if err != nil {
			return
		}
		_, err = newEncoder().encode(it)
		require.NoError(t, err)
	})
}

func BenchmarkDecode(b *testing.B) {
	record, err := newEncoder().encode(item{finished: fullRecord()})
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		if _, err := decode(record); err != nil {
			b.Fatal(err)
		}
	}
}

// nowhere is a journal that writes nothing.
type nowhere struct {
	Journal
	end int64
}

func (j *nowhere) Append(record []byte, _ bool, done func(int64, error)) error {
	j.end += int64(len(record))
	done(j.end, nil)
	return nil
}

func (j *nowhere) Checkpointed() int64 { return 0 }

func (j *nowhere) Full() bool { return false }

// What the caller pays, but for the journal.
func BenchmarkHand(b *testing.B) {
	r := New(Options{Journal: &nowhere{}, Now: time.Now, MaxPending: 1})
	rec := fullRecord()
	rec.Settles = nil
	b.ReportAllocs()
	for b.Loop() {
		r.Finish(rec, func(error) {})
	}
}

// What a record pays for its place in a batch of the usual length.
func BenchmarkQueue(b *testing.B) {
	o := Options{Now: time.Now}.withDefaults()
	q := newQueue(o, 0)
	it := item{finished: fullRecord(), size: 100}
	b.ReportAllocs()
	for b.Loop() {
		it.end++
		q.push(it)
		if it.end%250 == 0 {
			q.tryTake()
		}
	}
}

// A record of the usual size, but for what becomes of it.
func BenchmarkEncode(b *testing.B) {
	e, it := newEncoder(), item{finished: fullRecord()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.encode(it); err != nil {
			b.Fatal(err)
		}
	}
}
