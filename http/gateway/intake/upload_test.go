package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestUploadPassesOnceAsItCame(t *testing.T) {
	t.Parallel()
	in, c := newIntake(), new(conn)
	u, err := in.Stream(request(strings.NewReader("hello"), 5, "gzip"), c)
	require.NoError(t, err)
	require.EqualValues(t, 5, u.Len())
	require.False(t, u.Spent())
	r := u.Open()
	require.True(t, u.Spent())
	require.Nil(t, u.Open(), "there is no second time")
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, "hello", string(got), "whatever its encoding")
	require.False(t, u.Broken())
	require.Zero(t, in.InUse(), "nothing is held")
}

func TestUploadOfNothingIsNeverSpent(t *testing.T) {
	t.Parallel()
	u, err := newIntake().Stream(request(strings.NewReader(""), 0), new(conn))
	require.NoError(t, err)
	_ = u.Open()
	require.False(t, u.Spent())
}

func TestUploadThatBreaks(t *testing.T) {
	t.Parallel()
	u, err := newIntake().Stream(request(iotest.ErrReader(errors.New("gone")), -1), new(conn))
	require.NoError(t, err)
	_, err = io.ReadAll(u.Open())
	require.Error(t, err)
	require.True(t, u.Broken())
}

func TestUploadLimits(t *testing.T) {
	t.Parallel()
	in := intake.New(intake.Limits{Raw: 4, Plain: 4, Memory: 1}, nil)
	_, err := in.Stream(request(strings.NewReader("hello"), 5), new(conn))
	requireFault(t, err, domain.CodeBodyTooLarge)
}
