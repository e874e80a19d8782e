package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// batchStatements are prepared once: parsing them costs as much as running them.
type batchStatements struct {
	openRow, beginRow, closeRow, addDetail, noteModel hotStatement // log file
	addSession, useKey                                *sql.Stmt    // main file
}

func prepareBatch(ctx context.Context, main *database) (*batchStatements, error) {
	columns := logColumns()
	insert := "INSERT INTO request_logs (" + strings.Join(columns, ", ") + ") VALUES (?" +
		strings.Repeat(", ?", len(columns)-1) + ")"
	st := &batchStatements{
		openRow:  hotStatement{query: insert + " ON CONFLICT (id) DO NOTHING"},
		beginRow: hotStatement{query: beginRowSQL},
		closeRow: hotStatement{query: insert + " ON CONFLICT (id) DO UPDATE SET " + closeRowSQL()},
		addDetail: hotStatement{query: "INSERT INTO request_details (request_id, " + strings.Join(detailColumns(), ", ") + ")" +
			" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (request_id) DO NOTHING"},
		noteModel: hotStatement{query: noteModelSQL},
	}
	for _, p := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&st.addSession, addSessionSQL},
		{&st.useKey, useKeySQL},
	} {
		stmt, err := main.write.DB.PrepareContext(ctx, main.bind(p.query)) //nolint:sqlclosecheck // st.close does
		if err != nil {
			return nil, errors.Join(fmt.Errorf("prepare the log statements: %w", err), st.close())
		}
		*p.into = stmt
	}
	return st, nil
}

const beginRowSQL = "UPDATE request_logs SET provider_id = ?, model_sent = ?, attempts = ?, estimate_nusd = ?," +
	" provider_estimate_nusd = ? WHERE id = ? AND status_code IS NULL"

// closeRowSQL is how a row that is open takes the values of one that is closed.
func closeRowSQL() string {
	closing := closingColumns()
	set := make([]string, len(closing))
	for i, c := range closing {
		set[i] = c + " = EXCLUDED." + c
	}
	return strings.Join(set, ", ") + " WHERE request_logs.status_code IS NULL"
}

func (st *batchStatements) close() error {
	errs := []error{st.openRow.close(), st.beginRow.close(), st.closeRow.close(), st.addDetail.close(), st.noteModel.close()}
	for _, stmt := range []*sql.Stmt{st.addSession, st.useKey} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}
