package sse

import "bytes"

// AppendFrame appends one frame to dst: an event line unless event is empty,
// then data, one data line per line of text, then the blank line.
func AppendFrame(dst []byte, event string, data []byte) []byte {
	if event != "" {
		dst = append(append(append(dst, "event: "...), event...), '\n')
	}
	for {
		line, rest, more := bytes.Cut(data, []byte{'\n'})
		dst = append(append(append(dst, "data: "...), line...), '\n')
		if !more {
			return append(dst, '\n')
		}
		data = rest
	}
}

// AppendComment appends a comment frame, which readers skip: a keep-alive. The
// text must not contain line ends.
func AppendComment(dst []byte, text string) []byte {
	return append(append(append(dst, ": "...), text...), "\n\n"...)
}
