package provider

import (
	"time"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

// accountRecord is the stored form of an upstream account. Times are Unix ms.
type accountRecord struct {
	Quotas    []quotaRecord `msgpack:"quotas"`
	Status    string        `msgpack:"status"`
	Error     string        `msgpack:"error"`
	FetchedAt int64         `msgpack:"fetched"`
	LastOKAt  int64         `msgpack:"ok"`
	Refusals  int           `msgpack:"refusals"`
	PollAt    int64         `msgpack:"poll"`
	Level     uint8         `msgpack:"level"`
}

type quotaRecord struct {
	Kind       string  `msgpack:"kind"`
	Label      string  `msgpack:"label"`
	Model      string  `msgpack:"model"`
	Used       float64 `msgpack:"used"`
	LengthMs   int64   `msgpack:"len"`
	Refills    bool    `msgpack:"refills"`
	Remaining  float64 `msgpack:"left"`
	Limit      float64 `msgpack:"limit"`
	Unit       string  `msgpack:"unit"`
	USDPerUnit float64 `msgpack:"rate"`
	Unlimited  bool    `msgpack:"unlimited"`
	ResetAt    int64   `msgpack:"reset"`
	Status     string  `msgpack:"status"`
	ObservedAt int64   `msgpack:"at"`
	Source     string  `msgpack:"source"`
	Spent      int64   `msgpack:"spent"` // nano-USD
	PerUSD     float64 `msgpack:"per_usd"`
	Until      int64   `msgpack:"until"`
	Holds      int     `msgpack:"holds"`
}

func (u *upstream) record() accountRecord {
	p := &u.polling
	r := accountRecord{
		Status: string(p.Status), Error: p.Error, FetchedAt: toMs(p.FetchedAt), LastOKAt: toMs(p.LastOKAt),
		Refusals: p.Refusals, PollAt: toMs(p.At), Level: uint8(u.level),
	}
	for i := range u.account.Entries {
		r.Quotas = append(r.Quotas, quotaToRecord(&u.account.Entries[i]))
	}
	return r
}

// restore takes in a record unless the account has spoken since.
func (u *upstream) restore(r *accountRecord) {
	if len(u.account.Entries) > 0 || !u.polling.FetchedAt.IsZero() {
		return
	}
	u.polling = account.Polling{
		Status: domain.AccountStatus(r.Status), Error: r.Error, FetchedAt: fromMs(r.FetchedAt), LastOKAt: fromMs(r.LastOKAt),
		Refusals: r.Refusals, At: fromMs(r.PollAt),
	}
	u.level = account.Level(r.Level)
	for i := range r.Quotas {
		u.account.Entries = append(u.account.Entries, r.Quotas[i].entry())
	}
	u.stale = true
}

func quotaToRecord(e *account.Entry) quotaRecord {
	return quotaRecord{
		Kind: string(e.Kind), Label: e.Label, Model: e.Model, Used: e.Used, LengthMs: e.Length.Milliseconds(),
		Refills: e.Refills, Remaining: e.Remaining, Limit: e.Limit, Unit: e.Unit, USDPerUnit: e.USDPerUnit,
		Unlimited: e.Unlimited, ResetAt: toMs(e.ResetAt), Status: string(e.Status), ObservedAt: toMs(e.ObservedAt),
		Source: string(e.Source), Spent: int64(e.Spent), PerUSD: e.PerUSD, Until: toMs(e.Until), Holds: e.Holds,
	}
}

func (r *quotaRecord) entry() account.Entry {
	return account.Entry{
		ProviderQuota: domain.ProviderQuota{
			Kind: domain.QuotaKind(r.Kind), Label: r.Label, Model: r.Model, Used: r.Used,
			Length: time.Duration(r.LengthMs) * time.Millisecond, Refills: r.Refills, Remaining: r.Remaining, Limit: r.Limit,
			Unit: r.Unit, USDPerUnit: r.USDPerUnit, Unlimited: r.Unlimited, ResetAt: fromMs(r.ResetAt),
			Status: domain.QuotaStatus(r.Status), ObservedAt: fromMs(r.ObservedAt), Source: domain.QuotaSource(r.Source),
		},
		Spent: domain.Money(r.Spent), PerUSD: r.PerUSD, Until: fromMs(r.Until), Holds: r.Holds,
	}
}
