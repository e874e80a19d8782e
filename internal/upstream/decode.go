package upstream

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// decoded undoes one content encoding. We ask for identity; some upstreams
// compress all the same. Decoders are opened at the first read, so that a
// stream's headers need not wait for its first bytes.
func decoded(encoding string, r io.Reader) (io.Reader, error) {
	switch encoding = strings.ToLower(strings.TrimSpace(encoding)); encoding {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip", "deflate", "br", "zstd":
		return &lazyDecoder{open: func() (io.Reader, error) { return OpenDecoder(encoding, r) }}, nil
	}
	return nil, fmt.Errorf("the answer has the unknown encoding %q", encoding)
}

type lazyDecoder struct {
	open func() (io.Reader, error)
	r    io.Reader
	err  error
}

func (d *lazyDecoder) Read(p []byte) (int, error) {
	if d.r == nil && d.err == nil {
		d.r, d.err = d.open()
	}
	if d.err != nil {
		return 0, d.err
	}
	return d.r.Read(p)
}

// OpenDecoder returns a reader of the decoded bytes of r. The encoding is one
// of gzip, x-gzip, deflate, br and zstd; deflate is taken with or without its
// zlib wrapper, as both are found in the wild.
func OpenDecoder(encoding string, r io.Reader) (io.Reader, error) {
	switch encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "br":
		return brotli.NewReader(r), nil
	case "zstd":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return nil, fmt.Errorf("open zstd: %w", err)
		}
		return d, nil
	case "deflate":
		b := bufio.NewReader(r)
		head, _ := b.Peek(2)
		if len(head) == 2 && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
			return zlib.NewReader(b)
		}
		return flate.NewReader(b), nil
	}
	return nil, fmt.Errorf("unknown encoding %q", encoding)
}
