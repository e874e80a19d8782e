package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// busyPool has no connection to give.
type busyPool struct{ driver.Connector }

func (busyPool) Connect(ctx context.Context) (driver.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNobodyWaitsForEverForAConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := turn{Connector: busyPool{}, within: 15 * time.Second}.Connect(context.Background())
		require.ErrorIs(t, err, errNoTurn)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 15*time.Second, time.Since(began))
	})
}

func TestACallerMayGiveUpItsTurn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("gone"))
	_, err := turn{Connector: busyPool{}, within: time.Hour}.Connect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, errNoTurn)
}
