//go:build !linux

package garbage

// releaseProgram has nothing to do: only Linux counts and keeps a program's
// pages in this way.
func releaseProgram() error { return nil }
