package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A record on disk: length (4 bytes, little endian), CRC-32C of length and
// payload (4 bytes, little endian), payload. The length is under the checksum
// so that a run of zeros, or a length read from the middle of a text, is not
// taken for a record.
const (
	headerSize = 8
	// MaxRecord is the longest payload, in bytes.
	MaxRecord = 4 << 20
)

// errDamaged says that no valid record begins here.
var errDamaged = errors.New("no valid record")

// castagnoli is the table of CRC-32C, which processors compute themselves.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// checksum covers the length and the payload.
func checksum(length, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli()), castagnoli(), payload)
}

// appendRecord appends a framed payload to dst.
func appendRecord(dst, payload []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, checksum(dst[at:at+4], payload))
	return append(dst, payload...)
}

// parseRecord reads the record at the beginning of b and returns its payload
// (a part of b) and its size on disk. It fails with errDamaged, or with
// errShort when b may only be too short.
func parseRecord(b []byte) (payload []byte, size int, err error) {
	if len(b) < headerSize {
		return nil, 0, errShort
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n == 0 || n > MaxRecord {
		return nil, 0, errDamaged
	}
	if len(b) < headerSize+n {
		return nil, 0, errShort
	}
	payload = b[headerSize : headerSize+n]
	if checksum(b[:4], payload) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, 0, errDamaged
	}
	return payload, headerSize + n, nil
}

// errShort says that the bytes end before the record does.
var errShort = errors.New("incomplete record")
