package system

import (
	"context"
	"fmt"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// ReadProvider returns the state of a provider's limits.
func (o *Operator) ReadProvider(ctx context.Context, id domain.ProviderID) (*protocol.QuotaState, error) {
	state, err := ask[*protocol.QuotaState](ctx, o.providers.Ref(providerKey(id)), &protocol.ProviderRead{ProviderID: id})
	if err != nil {
		return nil, fmt.Errorf("read limits of provider %d: %w", id, err)
	}
	return state, nil
}
