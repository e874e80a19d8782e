package store

import (
	"errors"
	"strings"
)

// batchStatements are prepared once: parsing them costs as much as running them.
type batchStatements struct {
	openRow, beginRow, closeRow, addDetail, noteModel, dropSums, keepSums hotStatement // log file
	mark, addSession, useKey                                              hotStatement // main file
}

func newBatchStatements() *batchStatements {
	columns := logColumns()
	insert := "INSERT INTO request_logs (" + strings.Join(columns, ", ") + ") VALUES (?" +
		strings.Repeat(", ?", len(columns)-1) + ")"
	return &batchStatements{
		openRow:  hotStatement{query: insert + " ON CONFLICT (id) DO NOTHING"},
		beginRow: hotStatement{query: beginRowSQL},
		closeRow: hotStatement{query: insert + " ON CONFLICT (id) DO UPDATE SET " + closeRowSQL()},
		addDetail: hotStatement{query: "INSERT INTO request_details (request_id, " + strings.Join(detailColumns(), ", ") + ")" +
			" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (request_id) DO NOTHING"},
		noteModel:  hotStatement{query: noteModelSQL},
		dropSums:   hotStatement{query: dropSumsSQL},
		keepSums:   hotStatement{query: keepSumsSQL},
		mark:       hotStatement{query: markSQL},
		addSession: hotStatement{query: addSessionSQL},
		useKey:     hotStatement{query: useKeySQL},
	}
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
	return errors.Join(st.openRow.close(), st.beginRow.close(), st.closeRow.close(), st.addDetail.close(), st.noteModel.close(),
		st.dropSums.close(), st.keepSums.close(), st.mark.close(), st.addSession.close(), st.useKey.close())
}
