package claude

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

const (
	// signatureHead is how much of a signature is read, in characters; its last
	// part is the thinking itself, encrypted. A multiple of four, as base64 goes.
	signatureHead = 2048
	maxModelName  = 128
)

// SignedModel is the name of the model that thought, as the signature of its
// thinking tells it; empty if it tells none. Nobody but Anthropic can make a
// signature that Anthropic accepts, so unlike the name in the answer a relay does
// not choose it. A signature is base64 of nested protobuf messages whose meaning
// is not published: the name is the text in field 6 of field 1 of field 2.
func SignedModel(signature string) string {
	head := strings.TrimRight(signature[:min(len(signature), signatureHead)], "=")
	message, err := base64.RawStdEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	whole := false
	for _, number := range [...]uint64{2, 1, 6} {
		message, whole = field(message, number)
	}
	if !whole || len(message) == 0 || len(message) > maxModelName || !printable(message) {
		return ""
	}
	return string(message)
}

// field is the content of a message's first field of that number that has a
// length, nil if there is none. It is not whole if the message ends before it.
func field(message []byte, number uint64) (content []byte, whole bool) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return nil, false
		}
		message = message[n:]
		size := 0
		switch tag & 7 {
		case 0: // a number
			_, size = binary.Uvarint(message)
		case 1:
			size = 8
		case 5:
			size = 4
		case 2:
			length, n := binary.Uvarint(message)
			if n <= 0 {
				return nil, false
			}
			message = message[n:]
			size = int(min(length, uint64(len(message))))
			if tag>>3 == number {
				return message[:size], length == uint64(size)
			}
		}
		if size <= 0 && tag&7 != 2 || size > len(message) {
			return nil, false
		}
		message = message[size:]
	}
	return nil, false
}

func printable(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
