package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Variable describes one environment variable.
type Variable struct {
	Name    string
	Default string
	Doc     string
	Range   string // "30 to 86400" or "single, etcd"; empty = anything
	Secret  bool
	field   string
	section string
}

// Section names the part of the configuration the variable belongs to.
func (v Variable) Section() string { return v.section }

// Variables lists every variable in the order of the Config.
func Variables() []Variable {
	var out []Variable
	eachField(reflect.ValueOf(Config{}), func(section string, f reflect.StructField, _ reflect.Value) {
		out = append(out, describe(section, f))
	})
	return out
}

// Effective lists every variable with the value in force, secrets masked.
func (c Config) Effective() []string {
	var out []string
	eachField(reflect.ValueOf(c), func(_ string, f reflect.StructField, v reflect.Value) {
		out = append(out, f.Tag.Get("env")+"="+show(v))
	})
	return out
}

func describe(section string, f reflect.StructField) Variable {
	v := Variable{
		Name: f.Tag.Get("env"), Default: f.Tag.Get("envDefault"), Doc: f.Tag.Get("doc"),
		Secret: f.Tag.Get("secret") == "true", field: f.Name, section: section,
	}
	lo, hi := f.Tag.Get("min"), f.Tag.Get("max")
	switch {
	case f.Tag.Get("oneof") != "":
		v.Range = strings.ReplaceAll(f.Tag.Get("oneof"), ",", ", ")
	case lo != "" && hi != "":
		v.Range = lo + " to " + hi
	case lo != "":
		v.Range = "at least " + lo
	case f.Type.Kind() == reflect.Bool:
		v.Range = "true, false, 1, 0"
	}
	return v
}

func eachField(c reflect.Value, visit func(section string, f reflect.StructField, v reflect.Value)) {
	for i := range c.NumField() {
		section := c.Field(i)
		for j := range section.NumField() {
			visit(c.Type().Field(i).Name, section.Type().Field(j), section.Field(j))
		}
	}
}

func variableOfField(field string) (string, bool) {
	vars := Variables()
	i := slices.IndexFunc(vars, func(v Variable) bool { return v.field == field })
	if i < 0 {
		return "", false
	}
	return vars[i].Name, true
}

// checkTags holds every value against the bounds of its tags.
func checkTags(c Config) []error {
	var faults []error
	eachField(reflect.ValueOf(c), func(section string, f reflect.StructField, v reflect.Value) {
		if !withinTags(f, v) {
			d := describe(section, f)
			faults = append(faults, fmt.Errorf("%s is %s: use %s (default %s)", d.Name, show(v), d.Range, d.Default))
		}
	})
	return faults
}

func withinTags(f reflect.StructField, v reflect.Value) bool {
	if values := f.Tag.Get("oneof"); values != "" {
		return slices.Contains(strings.Split(values, ","), v.String())
	}
	n, ok := inWrittenUnit(v)
	if !ok {
		return true
	}
	if lo, err := strconv.ParseInt(f.Tag.Get("min"), 10, 64); err == nil && n < lo {
		return false
	}
	if hi, err := strconv.ParseInt(f.Tag.Get("max"), 10, 64); err == nil && n > hi {
		return false
	}
	return true
}

// inWrittenUnit is the number as the operator writes it.
func inWrittenUnit(v reflect.Value) (int64, bool) {
	switch x := v.Interface().(type) {
	case int:
		return int64(x), true
	case Seconds:
		return int64(time.Duration(x) / time.Second), true
	case Millis:
		return time.Duration(x).Milliseconds(), true
	case Bytes:
		return int64(x), true
	}
	return 0, false
}

func show(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case domain.Secret:
		if x == "" {
			return ""
		}
		return x.String()
	case []string:
		return strings.Join(x, ",")
	}
	if n, ok := inWrittenUnit(v); ok {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprint(v.Interface())
}

// parsers narrow what the library would accept: it reads "T" and "yes"-like
// spellings as booleans, which hides typing errors.
func parsers() map[reflect.Type]env.ParserFunc {
	return map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[bool](): func(s string) (any, error) {
			switch s {
			case "true", "1":
				return true, nil
			case "false", "0":
				return false, nil
			}
			return nil, fmt.Errorf("%q is neither true nor false", s)
		},
	}
}
