package backup

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/claude-code-hub/cch/persistence/store"
)

// encoder writes rows as JSON lines.
type encoder struct {
	json *json.Encoder
	rows int
}

func newEncoder(w io.Writer) *encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &encoder{json: e}
}

func (e *encoder) write(rows [][]any) error {
	for _, row := range rows {
		if err := e.json.Encode(row); err != nil {
			return err
		}
		e.rows++
	}
	return nil
}

// maxLine bounds one row: two bodies of a request with all that is about them.
const maxLine = 512 << 20

// decodePage is how many rows are handed on together.
const decodePage = 500

// decode reads JSON lines of columns of a table and visits their rows.
func decode(r io.Reader, types []store.ColumnType, visit func(rows [][]any) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var page [][]any
	for n := 1; lines.Scan(); n++ {
		row, err := decodeRow(lines.Bytes(), types)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if page = append(page, row); len(page) == decodePage {
			if err := visit(page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if err := lines.Err(); err != nil || len(page) == 0 {
		return err
	}
	return visit(page)
}

var errRow = errors.New("the row does not fit its table")

func decodeRow(line []byte, types []store.ColumnType) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	if len(row) != len(types) {
		return nil, fmt.Errorf("%w: %d values for %d columns", errRow, len(row), len(types))
	}
	for i, v := range row {
		var err error
		if row[i], err = decodeValue(v, types[i]); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func decodeValue(v any, as store.ColumnType) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // SQL's NULL
	case json.Number:
		if as == store.ColumnInteger {
			return strconv.ParseInt(x.String(), 10, 64)
		}
	case string:
		switch as {
		case store.ColumnText:
			return x, nil
		case store.ColumnBytes:
			return base64.StdEncoding.DecodeString(x)
		case store.ColumnInteger:
		}
	}
	return nil, fmt.Errorf("%w: %T is not %s", errRow, v, as)
}
