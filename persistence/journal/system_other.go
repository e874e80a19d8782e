//go:build !linux

package journal

import "os"

// reserve does nothing: there is no portable way to allocate blocks ahead.
func reserve(*os.File, int64) error { return nil }

// dataSync brings what was written to the disk.
func dataSync(f *os.File) error { return f.Sync() }
