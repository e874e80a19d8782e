package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type settingRow struct {
	bun.BaseModel `bun:"table:settings,alias:s"`

	Name      string `bun:"name,pk"`
	Value     string `bun:"value"`
	UpdatedBy int64  `bun:"updated_by,nullzero"`
	UpdatedAt int64  `bun:"updated_at"`
}

// Settings keeps the run-time settings. Only those that differ from their
// default have a row, so that a better default reaches everybody else.
type Settings struct{ s *Store }

// Get returns the settings in force.
func (r Settings) Get(ctx context.Context) (domain.Settings, error) {
	return loadSettings(ctx, r.s.main.read)
}

// Update lets edit change the stored settings, in one transaction, and returns
// them with the new configuration version. Values out of range are an invalid
// fault that names each of them; nothing is stored then. edit may be called
// only once and must not use the store.
func (r Settings) Update(ctx context.Context, by domain.UserID, edit func(*domain.Settings) error) (domain.Settings, int64, error) {
	var settings domain.Settings
	version, err := r.s.changeNamed(ctx, "settings", func(tx bun.Tx) (string, error) {
		var err error
		if settings, err = loadSettings(ctx, tx); err != nil {
			return "", err
		}
		if err := edit(&settings); err != nil {
			return "", err
		}
		if err := ValidateSettings(settings); err != nil {
			return "", err
		}
		return "", r.write(ctx, tx, settings, by)
	})
	if err != nil {
		return domain.Settings{}, 0, fmt.Errorf("update the settings: %w", err)
	}
	return settings, version, nil
}

func (r Settings) write(ctx context.Context, tx bun.Tx, settings domain.Settings, by domain.UserID) error {
	defaults := domain.DefaultSettings()
	for _, reg := range registry() {
		value, err := reg.encode(&settings)
		if err != nil {
			return fmt.Errorf("encode setting %s: %w", reg.name, err)
		}
		standard, err := reg.encode(&defaults)
		if err != nil {
			return fmt.Errorf("encode setting %s: %w", reg.name, err)
		}
		if string(value) == string(standard) {
			_, err = tx.NewDelete().Model((*settingRow)(nil)).Where("name = ?", reg.name).Exec(ctx)
		} else {
			row := settingRow{Name: reg.name, Value: string(value), UpdatedBy: int64(by), UpdatedAt: r.s.now().UnixMilli()}
			_, err = tx.NewInsert().Model(&row).
				On("CONFLICT (name) DO UPDATE").
				Set("value = EXCLUDED.value, updated_by = EXCLUDED.updated_by, updated_at = EXCLUDED.updated_at").
				Where("s.value <> EXCLUDED.value").
				Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("write setting %s: %w", reg.name, err)
		}
	}
	return nil
}

func loadSettings(ctx context.Context, db bun.IDB) (domain.Settings, error) {
	settings := domain.DefaultSettings()
	var rows []settingRow
	if err := db.NewSelect().Model(&rows).Scan(ctx); err != nil {
		return settings, fmt.Errorf("read the settings: %w", err)
	}
	known := registryByName()
	for _, row := range rows {
		reg, ok := known[row.Name]
		if !ok {
			continue // left by another version of the program
		}
		if err := reg.decode(&settings, json.RawMessage(row.Value)); err != nil {
			return settings, fmt.Errorf("setting %s: %w", row.Name, err)
		}
	}
	return settings, nil
}

// ValidateSettings checks every value and reports all faults at once.
func ValidateSettings(s domain.Settings) error {
	var faults []string
	for _, reg := range registry() {
		if fault := reg.check(&s); fault != "" {
			faults = append(faults, reg.name+" "+fault)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return domain.NewFault(domain.KindInvalid, "", strings.Join(faults, "; "))
}
