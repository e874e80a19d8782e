package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type accountRow struct {
	bun.BaseModel `bun:"table:provider_accounts,alias:a"`

	ProviderID  int64  `bun:"provider_id,pk"`
	Adapter     string `bun:"adapter"`
	ConfigEnc   []byte `bun:"config_enc"`
	Status      string `bun:"status"`
	BalanceNUSD *int64 `bun:"balance_nusd"`
	RawUnit     string `bun:"raw_unit,nullzero"`
	Windows     string `bun:"windows"`
	FetchedAt   int64  `bun:"fetched_at,nullzero"`
	LastOKAt    int64  `bun:"last_ok_at,nullzero"`
	Error       string `bun:"error,nullzero"`
}

func (r *accountRow) place() string {
	return "provider_accounts:config_enc:" + strconv.FormatInt(r.ProviderID, 10)
}

type accountHourRow struct {
	bun.BaseModel `bun:"table:provider_account_history,alias:h"`

	ProviderID int64  `bun:"provider_id,pk"`
	HourNo     int64  `bun:"hour_no,pk"`
	Windows    string `bun:"windows"`
}

// ProviderAccounts keeps how upstream accounts are asked and what was last known
// of them, with a copy for each hour.
type ProviderAccounts struct{ s *Store }

// ProviderAccounts is the repository of upstream accounts.
func (s *Store) ProviderAccounts() ProviderAccounts { return ProviderAccounts{s} }

// Configure sets how a provider's account is asked, which readers find in
// domain.Provider, and returns the new configuration version.
func (r ProviderAccounts) Configure(ctx context.Context, id domain.ProviderID, setup domain.AccountSetup) (int64, error) {
	row := accountRow{
		ProviderID: int64(id), Adapter: string(setup.Adapter), Status: string(domain.AccountUnconfigured), Windows: "[]",
	}
	text, err := json.Marshal(toAccountConfig(&setup.Config))
	if err != nil {
		return 0, fmt.Errorf("encode the account of provider %d: %w", id, err)
	}
	if row.ConfigEnc, err = r.s.sealer.Seal(domain.Secret(text), row.place()); err != nil {
		return 0, fmt.Errorf("seal the account of provider %d: %w", id, err)
	}
	version, err := r.s.change(ctx, "provider", func(tx bun.Tx) (int64, error) {
		if live, err := liveProvider(ctx, tx, row.ProviderID); err != nil || !live {
			return 0, orNotFound(err, id)
		}
		_, err := tx.NewInsert().Model(&row).
			On("CONFLICT (provider_id) DO UPDATE").
			Set("adapter = EXCLUDED.adapter, config_enc = EXCLUDED.config_enc").
			Exec(ctx)
		return row.ProviderID, err
	})
	if err != nil {
		return 0, fmt.Errorf("configure the account of provider %d: %w", id, err)
	}
	return version, nil
}

func orNotFound(err error, id domain.ProviderID) error {
	if err != nil {
		return err
	}
	return domain.NotFound("provider", id)
}

func liveProvider(ctx context.Context, tx bun.Tx, id int64) (bool, error) {
	return tx.NewSelect().TableExpr(tableProviders).Where("id = ? AND deleted_at = 0", id).Exists(ctx)
}

// accountSetups reads how accounts are asked, of all providers or of those given.
func (s *Store) accountSetups(ctx context.Context, db bun.IDB, ids ...int64) (map[int64]domain.AccountSetup, error) {
	var rows []accountRow
	q := db.NewSelect().Model(&rows).Column("provider_id", "adapter", "config_enc")
	if len(ids) > 0 {
		q = q.Where("provider_id IN (?)", bun.List(ids))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	setups := make(map[int64]domain.AccountSetup, len(rows))
	for i := range rows {
		r := &rows[i]
		setup := domain.AccountSetup{Adapter: domain.AccountAdapter(r.Adapter)}
		if setup.Adapter == domain.AdapterAuto {
			setup.Adapter = "" // a row that came with what was learnt configures nothing
		}
		if len(r.ConfigEnc) > 0 {
			text, err := s.sealer.Open(r.ConfigEnc, r.place())
			if err != nil {
				return nil, fmt.Errorf("open the account of provider %d: %w", r.ProviderID, err)
			}
			var config accountConfig
			if err := json.Unmarshal([]byte(text.Reveal()), &config); err != nil {
				return nil, fmt.Errorf("decode the account of provider %d: %w", r.ProviderID, err)
			}
			setup.Config = config.domain()
		}
		setups[r.ProviderID] = setup
	}
	return setups, nil
}

// Save keeps what is known of a provider's account as the last word, and as that
// of the hour. The account of a provider that was deleted is not kept.
func (r ProviderAccounts) Save(ctx context.Context, id domain.ProviderID, s *domain.AccountState, at time.Time) error {
	windows, err := encodeQuotas(s.Quotas)
	if err != nil {
		return fmt.Errorf("encode the account of provider %d: %w", id, err)
	}
	row := accountRow{
		ProviderID: int64(id), Adapter: string(domain.AdapterAuto), Status: string(s.Status), Windows: windows,
		FetchedAt: toMillis(s.FetchedAt), LastOKAt: toMillis(s.LastOKAt), Error: s.Error,
	}
	row.BalanceNUSD, row.RawUnit = balanceOf(s.Quotas)
	hour := accountHourRow{ProviderID: int64(id), HourNo: at.Unix() / 3600, Windows: windows}
	err = r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if live, err := liveProvider(ctx, tx, row.ProviderID); err != nil || !live {
			return err
		}
		_, err := tx.NewInsert().Model(&row).
			On("CONFLICT (provider_id) DO UPDATE").
			Set("status = EXCLUDED.status, balance_nusd = EXCLUDED.balance_nusd, raw_unit = EXCLUDED.raw_unit").
			Set("windows = EXCLUDED.windows, fetched_at = EXCLUDED.fetched_at").
			Set("last_ok_at = EXCLUDED.last_ok_at, error = EXCLUDED.error").
			Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&hour).
			On("CONFLICT (provider_id, hour_no) DO UPDATE").Set("windows = EXCLUDED.windows").Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("save the account of provider %d: %w", id, err)
	}
	return nil
}

// balanceOf is the balance in nano-USD, nil without one or without its rate, and
// its own unit.
func balanceOf(quotas []domain.ProviderQuota) (nusd *int64, unit string) {
	for i := range quotas {
		q := &quotas[i]
		if q.Kind != domain.QuotaBalance || q.Unlimited || q.Unit == "" {
			continue
		}
		unit = q.Unit
		rate := q.USDPerUnit
		if unit == "USD" {
			rate = 1
		}
		if rate > 0 {
			return new(int64(domain.MoneyFromUSD(q.Remaining * rate))), unit
		}
	}
	return nil, unit
}

// History returns the hours of a provider's account from an instant on, oldest first.
func (r ProviderAccounts) History(ctx context.Context, id domain.ProviderID, from time.Time) ([]domain.AccountPoint, error) {
	var rows []accountHourRow
	err := r.s.main.read.NewSelect().Model(&rows).
		Where("provider_id = ? AND hour_no >= ?", int64(id), from.Unix()/3600).Order("hour_no").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the history of provider %d's account: %w", id, err)
	}
	points := make([]domain.AccountPoint, len(rows))
	for i, row := range rows {
		quotas, err := decodeQuotas(row.Windows)
		if err != nil {
			return nil, fmt.Errorf("account of provider %d, hour %d: %w", id, row.HourNo, err)
		}
		points[i] = domain.AccountPoint{Hour: time.Unix(row.HourNo*3600, 0).UTC(), Quotas: quotas}
	}
	return points, nil
}

// Prune forgets hours before an instant.
func (r ProviderAccounts) Prune(ctx context.Context, before time.Time) error {
	_, err := r.s.main.write.NewDelete().Model((*accountHourRow)(nil)).Where("hour_no < ?", before.Unix()/3600).Exec(ctx)
	if err != nil {
		return fmt.Errorf("prune the history of accounts: %w", err)
	}
	return nil
}
