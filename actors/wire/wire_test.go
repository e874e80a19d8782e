package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/wire"
)

type greeting struct {
	Text  string
	Times int
}

type farewell struct{ Text string }

func TestMessagesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	table := wire.NewTable(wire.Of[greeting](1), wire.Of[farewell](7))
	number, body, err := table.Pack(&greeting{Text: "hi", Times: 3})
	require.NoError(t, err)
	require.EqualValues(t, 1, number)
	msg, err := table.Unpack(number, body)
	require.NoError(t, err)
	require.Equal(t, &greeting{Text: "hi", Times: 3}, msg)
}

func TestAFieldThatIsNotKnownIsSkipped(t *testing.T) {
	t.Parallel()
	newer, older := wire.NewTable(wire.Of[greeting](1)), wire.NewTable(wire.Of[farewell](1))
	_, body, err := newer.Pack(&greeting{Text: "hi", Times: 3})
	require.NoError(t, err)
	msg, err := older.Unpack(1, body)
	require.NoError(t, err)
	require.Equal(t, &farewell{Text: "hi"}, msg)
}

func TestWhatIsNotInTheTableDoesNotTravel(t *testing.T) {
	t.Parallel()
	table := wire.NewTable(wire.Of[greeting](1))
	_, _, err := table.Pack(&farewell{})
	require.ErrorIs(t, err, wire.ErrUnknown)
	_, _, err = table.Pack(greeting{})
	require.ErrorIs(t, err, wire.ErrUnknown, "messages travel as pointers")
	_, err = table.Unpack(2, nil)
	require.ErrorIs(t, err, wire.ErrUnknown)
	_, err = table.Unpack(1, []byte{0xc1})
	require.Error(t, err)
}

func TestLongMessagesAreRefusedOnBothEnds(t *testing.T) {
	t.Parallel()
	long := &greeting{Text: strings.Repeat("x", wire.MaxBody)}
	table := wire.NewTable(wire.Of[greeting](1))
	_, _, err := table.Pack(long)
	require.ErrorIs(t, err, wire.ErrTooLong)
	wide := wire.NewTable(wire.Of[greeting](1).UpTo(2 * wire.MaxBody))
	_, body, err := wide.Pack(long)
	require.NoError(t, err)
	_, err = table.Unpack(1, body)
	require.ErrorIs(t, err, wire.ErrTooLong)
}

func TestANumberIsGivenOnce(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { wire.NewTable(wire.Of[greeting](1), wire.Of[farewell](1)) })
	require.Panics(t, func() { wire.NewTable(wire.Of[greeting](1), wire.Of[greeting](2)) })
	require.Panics(t, func() { wire.NewTable(wire.Of[greeting](0)) })
}
