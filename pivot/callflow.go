package pivot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how many actions may stand within each other. Kazoo has no such bound; no caller would live to hear more.
const maxDepth = 100

// CheckCallflow says whether Kazoo would take the body as an answer: nil if it would, else what is in the way, with the
// path to it ("children._.module: …") or, where the body is no JSON, line and column from 1.
//
// Kazoo wants exactly one JSON object in UTF-8, a bare action: module, a text that names one of its modules; data, if
// present an object that fits the schema of the module; children, if present an object whose members are actions in
// turn. Other members are allowed. Kazoo announces an answer before it validates it, so a caller hears silence when it
// then refuses it; hence what is ambiguous (a member named twice) is refused here too.
//
// Of the modules' schemas, what the table in modules.go holds is checked. Modules that the cluster has besides Kazoo's own are
// named in extra; nothing is known of their data.
func CheckCallflow(body []byte, extra ...string) error {
	dec := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(dec)
	dec.Reset(bytes.NewBuffer(body))
	c := checker{body: body, dec: dec, extra: extra, members: make([]member, 0, 16)}
	err := c.document()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return c.misspelled(syntax)
	}
	return err
}

// decoders are spare: a decoder keeps its memory for the names of members, which is most of what a check needs.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// checker walks one callflow, a token at a time.
type checker struct {
	body    []byte
	dec     *jsontext.Decoder
	extra   []string // modules besides Kazoo's own
	members []member // of the data of the actions that are being read, outermost first
}

// member is a member of an action's data. Both slices lie in the body.
type member struct{ name, value jsontext.Value }

// mistake is what is wrong at a path from the top of the callflow.
type mistake struct{ path, message string }

func (m *mistake) Error() string { return cmp.Or(m.path, "callflow") + ": " + m.message }

func mistakef(path, format string, args ...any) error {
	return &mistake{path, fmt.Sprintf(format, args...)}
}

func (c *checker) document() error {
	if bytes.HasPrefix(c.body, []byte("\ufeff")) {
		return mistakef("", "begins with a byte order mark; Kazoo takes none")
	}
	if err := c.action(1); err != nil {
		return err
	}
	switch _, err := c.dec.ReadToken(); {
	case err == nil:
		return mistakef("", "want one object, found more after it")
	case err != io.EOF:
		return err
	}
	return nil
}

func (c *checker) action(depth int) error {
	if depth > maxDepth {
		return mistakef("", "want at most %d actions within each other", maxDepth)
	}
	if err := c.begin(`an action such as {"module": "hangup"}`); err != nil {
		return err
	}
	var module jsontext.Value
	first := len(c.members)
	last := first
	for c.dec.PeekKind() != jsontext.KindEndObject {
		name, err := c.read()
		if err != nil {
			return err
		}
		switch string(content(name)) {
		case "module":
			module, err = c.read()
		case "data":
			err = c.data()
			last = len(c.members)
		case "children":
			err = c.children(depth)
		default:
			err = c.dec.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	if _, err := c.dec.ReadToken(); err != nil {
		return err
	}
	data := c.members[first:last]
	c.members = c.members[:first]
	return c.checkAction(module, data)
}

// begin reads the start of an object.
func (c *checker) begin(want string) error {
	if kind := c.dec.PeekKind(); kind != jsontext.KindBeginObject {
		value, err := c.read()
		if err != nil && err != io.EOF {
			return err
		}
		return mistakef("", "want %s, found %s", want, describe(value))
	}
	_, err := c.dec.ReadToken()
	return err
}

// read gives the next name or value as it stands in the body.
func (c *checker) read() (jsontext.Value, error) {
	value, err := c.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(c.dec.InputOffset())
	return c.body[end-len(value) : end], nil
}

// data reads the data of an action into c.members.
func (c *checker) data() error {
	if err := c.begin("an object"); err != nil {
		return within("data", err)
	}
	for c.dec.PeekKind() != jsontext.KindEndObject {
		name, err := c.read()
		if err != nil {
			return err
		}
		value, err := c.read()
		if err != nil {
			return err
		}
		c.members = append(c.members, member{name, value})
	}
	_, err := c.dec.ReadToken()
	return err
}

func (c *checker) children(depth int) error {
	if err := c.begin("an object of actions by name"); err != nil {
		return within("children", err)
	}
	for c.dec.PeekKind() != jsontext.KindEndObject {
		name, err := c.read()
		if err != nil {
			return err
		}
		if err := c.action(depth + 1); err != nil {
			return within("children", within(string(content(name)), err))
		}
	}
	_, err := c.dec.ReadToken()
	return err
}

// checkAction checks the module of an action and what the module demands of the data. Both may be missing: Kazoo takes
// missing data for an empty object.
func (c *checker) checkAction(module jsontext.Value, data []member) error {
	if module == nil {
		return mistakef("", `no module; an action is an object such as {"module": "hangup"}, with nothing around it`)
	}
	if module.Kind() != jsontext.KindString || len(module) == len(`""`) {
		return mistakef("module", "want a non-empty text, found %s", describe(module))
	}
	fields, known := modules[string(content(module))]
	if !known {
		name := string(content(module))
		if slices.Contains(c.extra, name) {
			return nil
		}
		return mistakef("module", "%s is no module of Kazoo%s", describe(module),
			diag.Suggest(name[:min(len(name), maxModule)], slices.AppendSeq(slices.Clone(c.extra), maps.Keys(modules))))
	}
	for _, f := range fields {
		if err := f.check(data); err != nil {
			return within("data", within(f.name, err))
		}
	}
	return nil
}

func (f *field) check(data []member) error {
	i := slices.IndexFunc(data, func(m member) bool { return string(content(m.name)) == f.name })
	if i < 0 {
		if f.required {
			return mistakef("", "missing; want %s", f.want())
		}
		return nil
	}
	value := data[i].value
	if value.Kind() != jsontext.KindString {
		return mistakef("", "want %s, found %s", f.want(), describe(value))
	}
	if n := utf8.RuneCount(content(value)); n < f.min || n > f.max {
		return mistakef("", "want %s, found %s of %d", f.want(), describe(value), n)
	}
	return nil
}

func (f *field) want() string {
	if f.min == f.max {
		return fmt.Sprintf("a text of %d characters", f.min)
	}
	return fmt.Sprintf("a text of %d to %d characters", f.min, f.max)
}

// within puts a name before the path of a mistake. Names that would blur the path are quoted.
func within(name string, err error) error {
	m, ok := errors.AsType[*mistake](err)
	if !ok {
		return err
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`.":`, r) }) {
		name = strconv.Quote(name)
	}
	if m.path != "" {
		name += "." + m.path
	}
	return &mistake{name, m.message}
}

// misspelled says where the body is no JSON, or no JSON that all readers read alike.
func (c *checker) misspelled(syntax *jsontext.SyntacticError) error {
	if errors.Is(syntax, jsontext.ErrDuplicateName) {
		var err error = &mistake{"", "stands here twice"}
		for _, name := range slices.Backward(slices.Collect(syntax.JSONPointer.Tokens())) {
			err = within(name, err)
		}
		return err
	}
	before := c.body[:min(int(syntax.ByteOffset), len(c.body))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	place := fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, utf8.RuneCount(line)+1)
	if errors.Is(syntax, io.ErrUnexpectedEOF) {
		return mistakef(place, "not JSON: it ends too early")
	}
	return mistakef(place, "not JSON: %v", syntax.Err)
}

// content is the text of a JSON string.
func content(s jsontext.Value) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	unquoted, _ := jsontext.AppendUnquote(nil, s) // the decoder has checked it
	return unquoted
}

// describe names a JSON value in a message, at a length that fits there.
func describe(value jsontext.Value) string {
	const room = 40
	if value == nil {
		return "nothing"
	}
	switch value.Kind() {
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindString:
		text := []rune(string(content(value)))
		if len(text) > room {
			return strconv.Quote(string(text[:room]) + "…")
		}
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%.*s", room, value)
}
