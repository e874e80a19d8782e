package backup

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/persistence/store"
)

// Mode says what an archive holds.
type Mode string

// Modes.
const (
	Full   Mode = "full"    // everything that belongs to the installation
	NoLogs Mode = "no_logs" // all but the logs of requests and probes
	Ledger Mode = "ledger"  // what was spent
	Config Mode = "config"  // users, keys, providers, prices, settings
)

// Modes lists all.
func Modes() []Mode { return []Mode{Full, NoLogs, Ledger, Config} }

// kinds of tables that a mode holds.
func (m Mode) kinds() ([]store.TableKind, error) {
	switch m {
	case Full:
		return []store.TableKind{store.TableConfiguration, store.TableSpent, store.TableState, store.TableLogs}, nil
	case NoLogs:
		return []store.TableKind{store.TableConfiguration, store.TableSpent, store.TableState}, nil
	case Ledger:
		return []store.TableKind{store.TableSpent}, nil
	case Config:
		return []store.TableKind{store.TableConfiguration}, nil
	}
	return nil, fmt.Errorf("mode %q is unknown: use %v", m, Modes())
}

// of leaves the tables of the mode.
func (m Mode) of(all []store.Table) ([]store.Table, error) {
	kinds, err := m.kinds()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(t store.Table) bool { return !slices.Contains(kinds, t.Kind) }), nil
}

// format is the version of the archive's form.
const format = 1

// Manifest describes an archive.
type Manifest struct {
	Format    int       `json:"format"`
	Version   string    `json:"version"` // of the program
	CreatedAt time.Time `json:"createdAt"`
	Mode      Mode      `json:"mode"`
	Engine    string    `json:"engine"`
	Schema    int64     `json:"schema"` // number of the last migration
	Tables    []Entry   `json:"tables"`
}

// Entry describes a table of an archive.
type Entry struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`
	SHA256  string   `json:"sha256"` // of its JSON lines, in hex
}

// Rows counts those of all tables.
func (m Manifest) Rows() int {
	n := 0
	for _, e := range m.Tables {
		n += e.Rows
	}
	return n
}

// ErrNewer says that an archive comes from a newer version.
var ErrNewer = errors.New("the archive was made by a newer version of cch")

// check tells whether this binary can restore the archive into a schema.
func (m Manifest) check(schema int64) error {
	if m.Format > format || m.Schema > schema {
		return fmt.Errorf("%w: its form is %d and its schema %d, this binary knows %d and %d", ErrNewer, m.Format, m.Schema, format, schema)
	}
	_, err := m.Mode.kinds()
	return err
}
