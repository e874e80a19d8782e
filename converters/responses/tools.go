package responses

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

const (
	localShell = "local_shell"
	webSearch  = "web_search"
)

const localShellSchema = `{"type":"object","properties":{` +
	`"command":{"type":"array","items":{"type":"string"}},` +
	`"workdir":{"type":"string"},"timeout_ms":{"type":"integer"},` +
	`"env":{"type":"object","additionalProperties":{"type":"string"}}},"required":["command"]}`

func isSearch(kind string) bool { return strings.HasPrefix(kind, webSearch) }

// flatName is a tool's name, with its namespace in front where it has one.
func flatName(t gjson.Result) string {
	name := t.Get("name").Str
	if ns := t.Get("namespace").Str; ns != "" {
		return ns + "__" + name
	}
	return name
}

// tools reads a list of tools. Those of a namespace become tools with flat
// names; the map of names brings them back in answers.
func (d *decoder) tools(list gjson.Result, namespace string) {
	neutral.Objects(list, func(t gjson.Result) {
		name := t.Get("name").Str
		if namespace != "" {
			flat := namespace + "__" + name
			if d.r.Namespaces == nil {
				d.r.Namespaces = map[string][2]string{}
			}
			d.r.Namespaces[flat] = [2]string{namespace, name}
			name = flat
		}
		d.tool(t, name)
	})
}

func (d *decoder) tool(t gjson.Result, name string) {
	r := d.r
	switch kind := t.Get("type").Str; {
	case kind == "function":
		r.Tools = append(r.Tools, neutral.Tool{
			Name: name, Desc: t.Get("description").Str, Schema: neutral.ObjectOf(t.Get("parameters")),
			Strict: neutral.BoolOf(t.Get("strict")),
		})
	case kind == "custom":
		if r.Custom == nil {
			r.Custom = map[string]bool{}
		}
		r.Custom[name] = true
		r.Tools = append(r.Tools, neutral.Tool{
			Kind: neutral.Custom, Name: name, Desc: t.Get("description").Str,
			GrammarSyntax: t.Get("format.syntax").Str, Grammar: t.Get("format.definition").Str,
		})
	case kind == "namespace":
		d.tools(t.Get("tools"), name)
	case kind == localShell:
		r.LocalShell = true
		r.Tools = append(r.Tools, neutral.Tool{Name: localShell, Desc: "Run a command on the user's machine.", Schema: localShellSchema})
	case isSearch(kind):
		r.Tools = append(r.Tools, neutral.Tool{
			Kind: neutral.WebSearch, Name: webSearch, Allowed: neutral.StringsOf(t.Get("filters.allowed_domains")),
			Location: neutral.ObjectOf(t.Get("user_location")),
		})
	default:
		r.Drops.AddDetail(neutral.DropHostedTool, kind)
	}
}

// shellArguments turns a local_shell action into the arguments of the function
// that stands for the tool.
func shellArguments(action gjson.Result) string {
	w := rawjson.Writer{}
	w.Obj()
	for _, m := range [][2]string{{"command", "command"}, {"workdir", "working_directory"}, {"timeout_ms", "timeout_ms"}, {"env", "env"}} {
		if v := action.Get(m[1]); v.Exists() && v.Type != gjson.Null {
			w.RawField(m[0], rawjson.Compact(v.Raw))
		}
	}
	w.End()
	return string(w.B)
}

// shellAction is the way back of shellArguments.
func shellAction(w *rawjson.Writer, args string) {
	root := gjson.Parse(args)
	w.OpenObj("action")
	w.StrField("type", "exec")
	if command := root.Get("command"); command.IsArray() {
		w.RawField("command", command.Raw)
	} else {
		w.RawField("command", "[]")
	}
	env := neutral.ObjectOf(root.Get("env"))
	if env == "" {
		env = "{}"
	}
	w.RawField("env", env)
	w.OptRaw("timeout_ms", string(neutral.NumberOf(root.Get("timeout_ms"))))
	w.OptStr("working_directory", root.Get("workdir").Str)
	w.End()
}
