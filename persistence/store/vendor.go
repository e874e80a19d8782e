package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableVendors = "provider_vendors"

type vendorRow struct {
	bun.BaseModel `bun:"table:provider_vendors"`

	ID          int64  `bun:"id,pk,autoincrement"`
	Version     int    `bun:"version"`
	Domain      string `bun:"website_domain"`
	DisplayName string `bun:"display_name,nullzero"`
	WebsiteURL  string `bun:"website_url,nullzero"`
	FaviconURL  string `bun:"favicon_url,nullzero"`
	CreatedAt   int64  `bun:"created_at"`
	UpdatedAt   int64  `bun:"updated_at"`
}

func fromVendor(v domain.Vendor) vendorRow {
	return vendorRow{
		ID: int64(v.ID), Version: 1, Domain: v.Domain, DisplayName: v.DisplayName,
		WebsiteURL: v.WebsiteURL, FaviconURL: v.FaviconURL,
	}
}

func (r *vendorRow) vendor() domain.Vendor {
	return domain.Vendor{
		ID: domain.VendorID(r.ID), Version: r.Version, Domain: r.Domain, DisplayName: r.DisplayName,
		WebsiteURL: r.WebsiteURL, FaviconURL: r.FaviconURL,
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt),
	}
}

// Vendors keeps vendors of providers.
type Vendors struct{ s *Store }

// Vendors is the repository of vendors.
func (s *Store) Vendors() Vendors { return Vendors{s} }

// List returns all vendors by id.
func (r Vendors) List(ctx context.Context) ([]domain.Vendor, error) {
	return listVendors(ctx, r.s.main.read)
}

func listVendors(ctx context.Context, db bun.IDB) ([]domain.Vendor, error) {
	var rows []vendorRow
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list vendors: %w", err)
	}
	vendors := make([]domain.Vendor, len(rows))
	for i := range rows {
		vendors[i] = rows[i].vendor()
	}
	return vendors, nil
}

// Get finds a vendor.
func (r Vendors) Get(ctx context.Context, id domain.VendorID) (domain.Vendor, error) {
	var row vendorRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = ?", int64(id)).Scan(ctx)
	if err := found(err, "vendor", id); err != nil {
		return domain.Vendor{}, err
	}
	return row.vendor(), nil
}

// Create adds a vendor. A domain in use is a conflict.
func (r Vendors) Create(ctx context.Context, v domain.Vendor) (domain.Vendor, int64, error) {
	row := fromVendor(v)
	row.ID, row.CreatedAt = 0, r.s.now().UnixMilli()
	row.UpdatedAt = row.CreatedAt
	version, err := r.s.change(ctx, "vendor", func(tx bun.Tx) (int64, error) {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return row.ID, err
	})
	if err != nil {
		return domain.Vendor{}, 0, fmt.Errorf("create vendor: %w", err)
	}
	return row.vendor(), version, nil
}

// Update replaces a vendor if it still has version ifVersion (0 = any). Its
// domain stays: providers' credentials are bound to it.
func (r Vendors) Update(ctx context.Context, v domain.Vendor, ifVersion int) (domain.Vendor, int64, error) {
	row := fromVendor(v)
	row.UpdatedAt = r.s.now().UnixMilli()
	version, err := r.s.change(ctx, "vendor", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model(&row).Column("display_name", "website_url", "favicon_url", "updated_at").
			Set("version = version + 1").WherePK().Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		if err := (versioned{tableVendors, "vendor", row.ID}).touched(ctx, tx, res, err); err != nil {
			return row.ID, err
		}
		return row.ID, tx.NewSelect().Model(&row).WherePK().Scan(ctx)
	})
	if err != nil {
		return domain.Vendor{}, 0, fmt.Errorf("update vendor: %w", err)
	}
	return row.vendor(), version, nil
}

// Delete removes a vendor with its endpoints; one with providers is a conflict.
func (r Vendors) Delete(ctx context.Context, id domain.VendorID, ifVersion int) (int64, error) {
	version, err := r.s.change(ctx, "vendor", func(tx bun.Tx) (int64, error) {
		used, err := tx.NewSelect().Model((*providerRow)(nil)).Where("vendor_id = ?", int64(id)).Where("deleted_at = 0").Count(ctx)
		switch {
		case err != nil:
			return int64(id), err
		case used > 0:
			return int64(id), domain.NewFault(domain.KindConflict, "", "providers belong to this vendor")
		}
		// Deleted providers keep their row and would hold the vendor.
		if _, err := tx.NewUpdate().Model((*providerRow)(nil)).Set("vendor_id = NULL").Where("vendor_id = ?", int64(id)).Exec(ctx); err != nil {
			return int64(id), err
		}
		res, err := tx.NewDelete().Model((*vendorRow)(nil)).Where("id = ?", int64(id)).
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		return int64(id), versioned{tableVendors, "vendor", int64(id)}.touched(ctx, tx, res, err)
	})
	if err != nil {
		return 0, fmt.Errorf("delete vendor: %w", err)
	}
	return version, nil
}
