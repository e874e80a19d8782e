package neutral

import "github.com/tidwall/gjson"

// AnyCache tells whether a cache breakpoint of the client's is of the kind asked
// for. Breakpoints are JSON objects, cache_control as Claude has it.
func (r *Request) AnyCache(is func(breakpoint string) bool) bool {
	for i := range r.Tools {
		if c := r.Tools[i].Cache; c != "" && is(c) {
			return true
		}
	}
	for i := range r.Messages {
		if anyCache(r.Messages[i].Parts, is) {
			return true
		}
	}
	return anyCache(r.System, is)
}

func anyCache(parts []Part, is func(string) bool) bool {
	for i := range parts {
		if c := parts[i].Cache; c != "" && is(c) || anyCache(parts[i].Parts, is) {
			return true
		}
	}
	return false
}

// HourCache tells whether a breakpoint asks for the lifetime of one hour. Cache
// writes that an answer does not divide by lifetime are of that one then.
func (r *Request) HourCache() bool {
	return r.AnyCache(func(c string) bool { return gjson.Get(c, "ttl").Str == "1h" })
}
