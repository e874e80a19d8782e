package protocol

import "github.com/claude-code-hub/cch/actors/wire"

// maxState is how long a QuotaState may be, in bytes: a user may have thousands
// of keys with limits of their own.
const maxState = 4 << 20

// Wire is the table of the messages that cross nodes. A number is never given to
// another message, not even when its own is no more.
func Wire() *wire.Table {
	return wire.NewTable(
		wire.Of[SessionResolve](1),
		wire.Of[SessionView](2),
		wire.Of[SessionBind](3),
		wire.Of[SessionEnd](4),
		wire.Of[QuotaReserve](5),
		wire.Of[QuotaGrant](6),
		wire.Of[QuotaWait](7),
		wire.Of[QuotaSettle](8),
		wire.Of[QuotaSettled](9),
		wire.Of[QuotaRead](10),
		wire.Of[QuotaForget](33),
		wire.Of[SlotAcquire](12),
		wire.Of[SlotGrant](13),
		wire.Of[SlotReport](14),
		wire.Of[BreakerSet](15),
		wire.Of[LeaseRenew](16),
		wire.Of[LeaseRenewed](17),
		wire.Of[LeaseRelease](18),
		wire.Of[ProviderHealth](20),
		wire.Of[ConfigChanged](21),
		wire.Of[QuotaState](24).UpTo(maxState),
		wire.Of[SessionRead](25),
		wire.Of[SessionEnded](26),
		wire.Of[QuotaForgotten](27),
		wire.Of[BreakerDone](28),
		wire.Of[ProviderRead](29),
		wire.Of[HealthRead](30),
		wire.Of[AccountObserved](31),
		wire.Of[AccountDone](32),
	)
}
