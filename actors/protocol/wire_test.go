package protocol_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/wire"
)

// Every message that crosses nodes arrives with every field it was sent with.
func TestMessagesCrossNodesWhole(t *testing.T) {
	t.Parallel()
	table := protocol.Wire()
	for _, typ := range table.Types() {
		sent := typ.New()
		name := strings.TrimPrefix(reflect.TypeOf(sent).String(), "*protocol.")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zero, err := roundTrip(table, sent)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(sent, zero), "without anything in it")

			n := 0
			fill(t, reflect.ValueOf(sent).Elem(), &n)
			got, err := roundTrip(table, sent)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(sent, got))
		})
	}
}

func roundTrip(table *wire.Table, msg any) (any, error) {
	number, body, err := table.Pack(msg)
	if err != nil {
		return nil, err
	}
	return table.Unpack(number, body)
}

// fill sets everything in a value to something that is not zero and not like
// anything else.
func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.UnixMilli(1_800_000_000_000 + int64(*n)).Local()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			require.True(t, v.Type().Field(i).IsExported(), "%s.%s would not travel", v.Type(), v.Type().Field(i).Name)
			fill(t, v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, n)
		fill(t, value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(strings.Repeat("x", *n%9+1))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(math.MaxInt64 - int64(*n))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		v.SetInt(int64(*n%100) + 1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		v.SetUint(uint64(*n%200) + 1)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	default:
		t.Fatalf("%s cannot travel", v.Type())
	}
}
