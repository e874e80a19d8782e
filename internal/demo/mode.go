package demo

import (
	"slices"
	"strings"
)

// Mode is how the demo upstream behaves.
type Mode string

// The modes.
const (
	Healthy       Mode = "healthy"
	SlowFirstByte Mode = "slow_first_byte" // two seconds of silence first
	Status429     Mode = "429"             // with Retry-After
	Status500     Mode = "500"
	Status529     Mode = "529"
	Reset         Mode = "reset"    // the connection breaks instead of an answer
	Hang          Mode = "hang"     // no answer until the caller gives up
	Cut           Mode = "cut"      // the stream breaks off in the middle
	Fake200       Mode = "fake_200" // status 200 with an error inside
	Empty         Mode = "empty"    // status 200 without content
)

// Modes lists every mode.
func Modes() []Mode {
	return []Mode{Healthy, SlowFirstByte, Status429, Status500, Status529, Reset, Hang, Cut, Fake200, Empty}
}

// Valid tells whether m is a known mode.
func (m Mode) Valid() bool { return slices.Contains(Modes(), m) }

// splitFault takes the prefix /fault/<mode> off a path. Without one, or with
// an unknown mode, it returns fallback and the path as it is.
func splitFault(path string, fallback Mode) (Mode, string) {
	rest, ok := strings.CutPrefix(path, "/fault/")
	if !ok {
		return fallback, path
	}
	name, tail, _ := strings.Cut(rest, "/")
	if m := Mode(name); m.Valid() {
		return m, "/" + tail
	}
	return fallback, path
}
