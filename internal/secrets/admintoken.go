package secrets

import (
	"fmt"
	"path/filepath"

	"github.com/claude-code-hub/cch/internal/domain"
)

const adminTokenFile = "admin-token"

// AdminToken is the generated token of an installation that configured none.
type AdminToken struct {
	Token   domain.Secret
	Path    string // the file it is kept in
	Created bool   // by this call: the one time it may be printed
}

// LoadOrCreateAdminToken reads <dataDir>/admin-token, creating it with mode
// 0600 when missing. Several processes that start at once agree on one token.
func LoadOrCreateAdminToken(dataDir string) (AdminToken, error) {
	path := filepath.Join(dataDir, adminTokenFile)
	token, created, err := loadOrCreate(path, freshAdminToken)
	if err != nil {
		return AdminToken{}, fmt.Errorf("load admin token: %w", err)
	}
	return AdminToken{Token: token, Path: path, Created: created}, nil
}

// RotateAdminToken puts another token into <dataDir>/admin-token.
func RotateAdminToken(dataDir string) (domain.Secret, error) {
	token := freshAdminToken()
	if err := replace(filepath.Join(dataDir, adminTokenFile), token); err != nil {
		return "", fmt.Errorf("replace admin token: %w", err)
	}
	return domain.Secret(token), nil
}

func freshAdminToken() string { return "cch-admin-" + randomText() }
