package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/claude-code-hub/cch/converters/capability"
	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// maxConvertBytes bounds the file that is converted.
const maxConvertBytes = 100 << 20

// conversion is what the command line of convert asks for.
type conversion struct {
	from, to neutral.Format
	model    string
	stream   bool
	file     string // "-" = standard input
}

// convertFile prints a request body in another wire format, as a provider of
// that format would get it, and says what could not be carried.
func convertFile(_ context.Context, args []string, out io.Writer) error {
	c, err := parseConversion(args)
	if err != nil {
		return err
	}
	body, err := c.read()
	if err != nil {
		return err
	}
	converted, err := c.convert(body)
	if err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, converted.Body, "", "  "); err != nil {
		return fmt.Errorf("print the converted body: %w", err)
	}
	if converted.Path != "" {
		fmt.Fprintln(os.Stderr, "path:", converted.Path)
	}
	if len(converted.Drops) > 0 {
		fmt.Fprintln(os.Stderr, "left out:", strings.Join(converted.Drops, ", "))
	}
	_, err = fmt.Fprintln(out, pretty.String())
	return err
}

func parseConversion(args []string) (conversion, error) {
	var c conversion
	flags := flag.NewFlagSet("convert", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	from, to := flags.String("from", "", ""), flags.String("to", "", "")
	flags.StringVar(&c.model, "model", "", "")
	flags.BoolVar(&c.stream, "stream", false, "")
	const usage = "usage: convert --from FORMAT --to FORMAT [--model NAME] [--stream] [FILE]\n" +
		"FORMAT is claude, chat, responses, gemini or gemini-cli; --model and --stream say what a Gemini client has in its path"
	if err := flags.Parse(args); err != nil || flags.NArg() > 1 {
		return c, errors.New(usage)
	}
	c.from, c.to, c.file = neutral.Format(*from), neutral.Format(*to), "-"
	if flags.NArg() == 1 {
		c.file = flags.Arg(0)
	}
	for _, f := range []neutral.Format{c.from, c.to} {
		switch f {
		case neutral.Claude, neutral.Chat, neutral.Responses, neutral.Gemini, neutral.GeminiCLI:
		default:
			return c, errors.New(usage)
		}
	}
	return c, nil
}

func (c conversion) read() ([]byte, error) {
	in := io.Reader(os.Stdin)
	if c.file != "-" {
		f, err := os.Open(c.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxConvertBytes+1))
	if err == nil && len(body) > maxConvertBytes {
		err = errors.New("the body is larger than 100 MiB")
	}
	return body, err
}

func (c conversion) convert(body []byte) (*convert.Request, error) {
	request, err := convert.Decode(c.from, body, convert.Path{Model: c.model, Stream: c.stream})
	if err != nil {
		return nil, fmt.Errorf("read the %s request: %w", c.from, err)
	}
	table, err := capability.Builtin()
	if err != nil {
		return nil, fmt.Errorf("read the table of models: %w", err)
	}
	target := &neutral.Target{Format: c.to, ModelName: c.model}
	target.Model = table.Model(target.Name(request))
	if lacking := convert.Unconvertible(request, target); lacking != "" {
		return nil, fmt.Errorf("%s (%s)", convert.UnconvertibleMessage(lacking), lacking)
	}
	converted, err := convert.Encode(request, target)
	if err != nil {
		return nil, fmt.Errorf("write the %s request: %w", c.to, err)
	}
	return converted, nil
}
