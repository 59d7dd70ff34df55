package pivot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
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

// Cluster is the Kazoo that is to take an answer. The zero Cluster may be of any version and has no modules of its own.
type Cluster struct {
	Version Version  // "": not known, so that only what every version takes is safe
	Modules []string // those that Kazoo itself does not have; nothing is known of their data
}

// Finding is what is wrong, or only odd, at a place of a callflow.
type Finding struct {
	Path    string // from the top, as in ".children._.data.id" or ".data.endpoints[0]"; "" for the callflow itself
	Message string // found, wanted and what to do
	Offset  int    // of the byte of the body where it stands, from 0; -1 where that is not known
	Budget  bool   // a warning about how many actions a call may run at once
}

// Error gives "path: message".
func (f *Finding) Error() string { return cmp.Or(f.Path, "callflow") + ": " + f.Message }

// CheckCallflow says whether a Kazoo would take the body as an answer: nil if it would, else a *[Finding]: the first
// thing that is in the way. Where the body is no JSON, the path is line and column, from 1.
//
// Kazoo wants exactly one JSON object in UTF-8, a bare action: module, a text that names one of its modules; data, if
// present an object that fits the schema of the module; children, if present an object whose members are actions in
// turn. Other members are allowed. Kazoo announces an answer before it validates it, so a caller hears silence when it
// then refuses it; hence what is ambiguous (a member named twice) is refused here too, and so is what some version of
// Kazoo refuses, as long as the version is not known.
//
// What the modules are and what each wants is written in catalog.txt. It says nothing of whether an id exists.
func CheckCallflow(body []byte, on Cluster) error {
	if f := check(body, on, nil); f != nil {
		return f
	}
	return nil
}

// MostWarnings bounds those of one callflow; the first ones are given.
const MostWarnings = 100

// CallflowWarnings says what Kazoo would take and hardly anybody means: members that it ignores, such as misspelt ones,
// children that are never asked for, actions that do nothing for want of an id. It says nothing of what [CheckCallflow]
// refuses, and of a callflow that is refused only what stands before that.
func CallflowWarnings(body []byte, on Cluster) []*Finding {
	var found []*Finding
	if check(body, on, &found) == nil {
		found = append(found, overBudget(body)...)
	}
	slices.SortStableFunc(found, func(a, b *Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	return found[:min(len(found), MostWarnings)]
}

func check(body []byte, on Cluster, warnings *[]*Finding) *Finding {
	c := checkers.Get().(*checker)
	defer checkers.Put(c)
	return c.check(body, on, warnings)
}

// checkers are spare: what reads JSON keeps its memory for the names of members, which is all that a check needs.
var checkers = sync.Pool{New: func() any { return new(checker) }}

// checker looks at one callflow.
type checker struct {
	body     []byte
	on       Cluster
	version  versions // that must take it, all of them
	catalog  *catalog
	warnings *[]*Finding // nil: they are not asked for
	path     []step
	beside   []byte // the action whose data is looked at next; else nil
	buffer   bytes.Buffer
	decoder  jsontext.Decoder
}

// step is a step of the path to where the checker looks.
type step struct {
	name  []byte // of a member, in quotes; nil: an element
	index int
}

func (c *checker) check(body []byte, on Cluster, warnings *[]*Finding) *Finding {
	defer c.forget()
	c.body, c.on, c.version, c.warnings = body, on, on.Version.set(), warnings
	c.catalog = builtIn()
	return c.document()
}

// forget lets go of the body.
func (c *checker) forget() {
	c.body, c.beside, c.on, c.warnings = nil, nil, Cluster{}, nil
	clear(c.path)
	c.path = c.path[:0]
	c.buffer = bytes.Buffer{}
	c.decoder.Reset(&c.buffer)
}

// at makes a finding about a part of the body, reached from where the checker is by the names.
func (c *checker) at(part []byte, names []string, format string, args ...any) *Finding {
	var path strings.Builder
	for _, s := range c.path {
		if s.name == nil {
			fmt.Fprintf(&path, "[%d]", s.index)
			continue
		}
		path.WriteString("." + plain(string(content(s.name))))
	}
	for _, name := range names {
		path.WriteString("." + plain(name))
	}
	offset := -1
	if part != nil {
		offset = cap(c.body) - cap(part) // a slice of the body reaches as far as the body does
	}
	return &Finding{Path: path.String(), Message: fmt.Sprintf(format, args...), Offset: offset}
}

// warn notes a finding that is not in the way.
func (c *checker) warn(part []byte, names []string, format string, args ...any) {
	*c.warnings = append(*c.warnings, c.at(part, names, format, args...))
}

// plain quotes a name that would blur a path.
func plain(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune(`.":[`, r)
	}) {
		return strconv.Quote(name)
	}
	return name
}

func (c *checker) document() *Finding {
	if wrong := c.syntax(); wrong != nil {
		return wrong
	}
	return c.action(&reader{json: c.body}, 1)
}

// syntax sees that the body is JSON, one value of it, which all readers read alike.
func (c *checker) syntax() *Finding {
	if bytes.HasPrefix(c.body, []byte("\ufeff")) {
		return c.at(c.body, nil, "begins with a byte order mark; Kazoo takes none")
	}
	c.buffer = *bytes.NewBuffer(c.body)
	c.decoder.Reset(&c.buffer)
	if _, err := c.decoder.ReadValue(); err != nil && !errors.Is(err, io.EOF) {
		return c.misspelled(err)
	}
	end := c.decoder.InputOffset()
	switch _, err := c.decoder.ReadToken(); {
	case err == nil:
		return c.at(c.body[end:], nil, "want one object, found more after it")
	case !errors.Is(err, io.EOF):
		return c.misspelled(err)
	}
	return c.numbers()
}

// numbers sees that Kazoo can read all numbers of the body, which is JSON. Its parser has no JSON at all where one is
// too large for a float, also in a member that nobody looks at.
func (c *checker) numbers() *Finding {
	for at := 0; at < len(c.body); at++ {
		switch b := c.body[at]; {
		case b == '"':
			r := reader{json: c.body, at: at}
			r.text()
			at = r.at - 1
		case b == '-' || b >= '0' && b <= '9':
			r := reader{json: c.body, at: at}
			number := r.value()
			at = r.at - 1
			if isFloat(number) && !fitsFloat(number) {
				return c.at(number, nil, "%s is no number that Kazoo can read: it is too large or too small",
					describe(number))
			}
		}
	}
	return nil
}

// isFloat tells what is a float to Kazoo: 1.0 and 1e3 are none of its integers.
func isFloat(number []byte) bool { return bytes.ContainsAny(number, ".eE") }

// fitsFloat tells whether a number is neither infinite as a float nor, unless it is written so, zero.
func fitsFloat(number []byte) bool {
	f, err := strconv.ParseFloat(string(number), 64)
	mantissa, _, _ := bytes.Cut(bytes.ToLower(number), []byte("e"))
	return err == nil && (f != 0 || !bytes.ContainsAny(mantissa, "123456789"))
}

// misspelled says where the body is no JSON, or no JSON that all readers read alike.
func (c *checker) misspelled(err error) *Finding {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return c.at(c.body, nil, "not JSON: %v", err) // reading from memory, there is no other
	}
	offset := min(int(syntax.ByteOffset), len(c.body))
	if errors.Is(syntax, jsontext.ErrDuplicateName) {
		f := c.at(c.body[offset:], nil, "stands here twice")
		for name := range syntax.JSONPointer.Tokens() {
			f.Path += "." + plain(name)
		}
		return f
	}
	before := c.body[:offset]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	f := &Finding{Offset: offset, Message: fmt.Sprintf("not JSON: %v", syntax.Err)}
	f.Path = fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, utf8.RuneCount(line)+1)
	if errors.Is(syntax, io.ErrUnexpectedEOF) {
		f.Message = "not JSON: it ends too early"
	}
	return f
}

const bareAction = `an action such as {"module": "hangup"}`

// action checks the action that the reader comes to.
func (c *checker) action(r *reader, depth int) *Finding {
	if r.next() != '{' {
		body := r.value()
		return c.at(body, nil, "want %s, found %s", bareAction, describe(body))
	}
	start := r.at
	if depth > maxDepth {
		return c.at(r.json[start:], nil, "want at most %d actions within each other", maxDepth)
	}
	var module, data, children []byte
	var others [][]byte // names of further members, where warnings are asked for
	for r.enter(); r.more(); {
		switch name := r.name(); string(content(name)) {
		case "module":
			module = r.value()
		case "data":
			data = r.value()
		case "children":
			r.next()
			from := r.at
			if wrong := c.children(r, depth); wrong != nil {
				return wrong
			}
			children = r.json[from:r.at]
		default:
			if r.value(); c.warnings != nil {
				others = append(others, name)
			}
		}
	}
	body := r.json[start:r.at]
	o, wrong := c.module(module, body)
	if wrong != nil {
		return wrong
	}
	for _, name := range others {
		c.member(o, name, data)
	}
	if c.warnings != nil && o != nil && children != nil {
		c.keys(o, children)
	}
	return c.data(o, data, body, depth)
}

// module finds what is known of a module; nil for one that only this cluster has.
func (c *checker) module(name, action []byte) (*object, *Finding) {
	at := []string{"module"}
	if name == nil {
		return nil,
			c.at(action, nil, "no module; an action is an object such as %s, with nothing around it",
				`{"module": "hangup"}`)
	}
	if name[0] != '"' || len(name) == len(`""`) {
		return nil, c.at(name, at, "want a non-empty text, found %s", describe(name))
	}
	text := content(name)
	o := c.catalog.modules[string(text)]
	switch {
	case slices.Contains(c.on.Modules, string(text)):
		return nil, nil
	case o == nil:
		return nil,
			c.at(name, at, "%s is no module of Kazoo%s", describe(name),
				nearModule(c.catalog.meant, c.modules(), string(text)))
	case c.version&^o.in != 0:
		return nil, c.at(name, at, "%s is not in Kazoo %s%s", describe(name), allVersions&^o.in, c.setVersion(o.in))
	}
	return o, nil
}

// nearModule ends a message about a module that is not among the known ones: what it is called in Kazoo, or else one
// whose name is close, or those that its words name: hangup_call.
func nearModule(called map[string][]string, known []string, text string) string {
	text = strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(text[:min(len(text), maxModule)]))
	var meant []string
	for _, module := range called[text] {
		if slices.Contains(known, module) {
			meant = append(meant, strconv.Quote(module))
		}
	}
	if len(meant) > 0 {
		return fmt.Sprintf("; did you mean %s?", enumerate(meant, "or"))
	}
	// A third of the name may be wrong: "sms" is no "set".
	most := max(1, utf8.RuneCountInString(text)/3)
	near := slices.DeleteFunc(slices.Clone(known), func(name string) bool {
		return diag.Distance(text, strings.ToLower(name)) > most
	})
	if len(near) > 0 {
		return diag.Suggest(text, near)
	}
	for word := range strings.SplitSeq(text, "_") {
		if word == "call" || word == "group" { // which many names hold
			continue
		}
		for _, module := range append([]string{word}, called[word]...) {
			if quoted := strconv.Quote(module); slices.Contains(known, module) && !slices.Contains(meant, quoted) {
				meant = append(meant, quoted)
			}
		}
	}
	switch {
	case len(meant) > 0 && len(meant) <= 3:
		return fmt.Sprintf("; did you mean %s?", enumerate(meant, "or"))
	case len(meant) > 3:
		return ""
	}
	return diag.Suggest("", known) // which are listed where they are few
}

// modules lists those that the cluster has.
func (c *checker) modules() []string {
	known := slices.Clone(c.on.Modules)
	for name, o := range c.catalog.modules {
		if c.version&^o.in == 0 {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	return known
}

// setVersion says what to do where only these versions would take something.
func (c *checker) setVersion(in versions) string {
	if c.on.Version != "" {
		return ""
	}
	return "; set kazoo_version if yours is " + enumerate(in.names(), "or")
}

func (c *checker) data(o *object, data, action []byte, depth int) *Finding {
	if data != nil && data[0] != '{' {
		return c.at(data, []string{"data"}, "want an object, found %s", describe(data))
	}
	if o == nil {
		return nil
	}
	c.path = append(c.path, step{name: quotedData})
	c.beside = action
	wrong := c.object(o, data, action, depth)
	c.path = c.path[:len(c.path)-1]
	return wrong
}

var quotedData, quotedChildren = []byte(`"data"`), []byte(`"children"`)

func (c *checker) children(r *reader, depth int) *Finding {
	if r.next() != '{' {
		body := r.value()
		return c.at(body, []string{"children"},
			"want an object of actions by name, as in {\"_\": {\"module\": …}}, found %s", describe(body))
	}
	c.path = append(c.path, step{name: quotedChildren})
	start, within := r.at, len(c.path)
	for r.enter(); r.more(); {
		c.path = append(c.path, step{name: r.name()})
		if wrong := c.action(r, depth+1); wrong != nil {
			if children := r.json[start:]; isAction(children) {
				c.path = c.path[:within]
				return c.at(children, nil,
					`an action stands under a key here, as in "children": {"_": {"module": …}}; put it under "_"`)
			}
			return wrong
		}
		c.path = c.path[:len(c.path)-1]
	}
	c.path = c.path[:len(c.path)-1]
	return nil
}
