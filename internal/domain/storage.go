package domain

import "time"

// TableUsage is what one table takes.
type TableUsage struct {
	Name  string
	Rows  int64 // -1 = not known
	Exact bool  // the rows were counted, not estimated
	Bytes int64 // with its indexes; -1 = not known
}

// StorageUsage is what a store takes.
type StorageUsage struct {
	Engine string
	Schema int64 // number of the last migration
	Bytes  int64 // of the whole database; -1 = not known
	Tables []TableUsage
	At     time.Time
}

// Archive is a backup that lies in the data directory of a node.
type Archive struct {
	ID        string
	Mode      string
	Version   string // of the program that made it
	Engine    string
	Schema    int64
	CreatedAt time.Time
	Bytes     int64
	Rows      int
	Tables    []ArchiveTable
}

// ArchiveTable is one table of an archive.
type ArchiveTable struct {
	Name string
	Rows int
}

// RestoreState is how far a restore is.
type RestoreState string

// The states of restores. All but running are final.
const (
	RestoreRunning     RestoreState = "running"
	RestoreDone        RestoreState = "done"
	RestoreFailed      RestoreState = "failed"
	RestoreInterrupted RestoreState = "interrupted" // the process ended meanwhile
)

// Restore tells what became of the last restore of a node.
type Restore struct {
	Archive   string          `json:"archive"`
	How       string          `json:"how"`
	State     RestoreState    `json:"state"`
	Safety    string          `json:"safety,omitempty"` // the archive of what was there
	Error     string          `json:"error,omitempty"`
	StartedAt time.Time       `json:"startedAt"`
	EndedAt   time.Time       `json:"endedAt,omitzero"`
	Tables    []RestoredTable `json:"tables,omitempty"`
}

// RestoredTable says what became of one table.
type RestoredTable struct {
	Name  string `json:"name"`
	Rows  int    `json:"rows"` // of the archive
	Added int    `json:"added"`
}
