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

// maxDepth is how many actions may be nested. Kazoo has no such bound; no caller would live to hear
// more.
const maxDepth = 100

// maxTolerated is how many may be nested in an answer to a Cluster that is Tolerant.
const maxTolerated = 1000

// Cluster is the Kazoo that receives an answer. The zero Cluster may be of any version and has no
// modules of its own.
type Cluster struct {
	Version Version  // "": not known, so that only what every version takes is safe
	Modules []string // those that Kazoo itself does not have; nothing is known of their data
	// Tolerant accepts what Kazoo does and no callflow of ours should have: more than 100 actions within
	// each other, and a skip_module that is neither true nor false. It accepts nothing for which a caller
	// hears silence.
	Tolerant bool
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

// CheckCallflow reports whether a Kazoo accepts the body as an answer: nil if it does, else a
// *[Finding], the first problem. Where the body is not JSON, the path is line and column, from 1.
//
// Kazoo expects exactly one JSON object in UTF-8, a bare action: module, a text that names one of
// its modules; data, if present an object that fits the schema of the module; children, if present
// an object whose members are actions in turn. Other members are allowed. Kazoo announces an answer
// before it validates it, so that a caller hears silence when Kazoo then rejects it. Hence what is
// ambiguous (a duplicate name) is rejected here too, and so is what some version of Kazoo rejects,
// as long as the version is not known.
//
// catalog.txt has the modules and the data of each. Whether an id exists is not checked.
func CheckCallflow(body []byte, cluster Cluster) error {
	if f := check(body, cluster, nil); f != nil {
		return f
	}
	return nil
}

// MaxWarnings bounds those of one callflow; the first ones are given.
const MaxWarnings = 100

// CallflowWarnings reports what Kazoo accepts and hardly anybody means: members that it ignores,
// such as misspelled ones, children that never run, actions that do nothing for want of an id. It
// does not repeat what [CheckCallflow] rejects, and of a rejected callflow it reports only what
// comes before that.
func CallflowWarnings(body []byte, cluster Cluster) []*Finding {
	var found []*Finding
	if check(body, cluster, &found) == nil {
		found = append(found, budgetWarnings(body)...)
	}
	slices.SortStableFunc(found, func(a, b *Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	return found[:min(len(found), MaxWarnings)]
}

func check(body []byte, cluster Cluster, warnings *[]*Finding) *Finding {
	c := checkers.Get().(*checker)
	defer checkers.Put(c)
	return c.check(body, cluster, warnings)
}

// checkers are reused, because a JSON decoder keeps the memory that a check needs.
var checkers = sync.Pool{New: func() any { return new(checker) }}

// checker checks one callflow.
type checker struct {
	body     []byte
	cluster  Cluster
	versions versions // all of which must accept it
	catalog  *catalog
	warnings *[]*Finding // nil: no warnings wanted
	path     []step
	parent   []byte // the action whose data is checked next; else nil
	buffer   bytes.Buffer
	decoder  jsontext.Decoder
}

// step is one step of the path to what is being checked.
type step struct {
	name  []byte // of a member, in quotes; nil: an element
	index int
}

func (c *checker) check(body []byte, cluster Cluster, warnings *[]*Finding) *Finding {
	defer c.reset()
	c.body, c.cluster, c.versions, c.warnings = body, cluster, cluster.Version.versions(), warnings
	c.catalog = builtIn()
	return c.checkDocument()
}

// reset drops what belongs to one check, so that a spare checker holds no body.
func (c *checker) reset() {
	c.body, c.parent, c.cluster, c.warnings = nil, nil, Cluster{}, nil
	clear(c.path)
	c.path = c.path[:0]
	c.buffer = bytes.Buffer{}
	c.decoder.Reset(&c.buffer)
}

// finding returns a Finding about a part of the body. names lead to it from the present path.
func (c *checker) finding(part []byte, names []string, format string, args ...any) *Finding {
	var path strings.Builder
	for _, s := range c.path {
		if s.name == nil {
			fmt.Fprintf(&path, "[%d]", s.index)
			continue
		}
		path.WriteString("." + quoteName(string(unquote(s.name))))
	}
	for _, name := range names {
		path.WriteString("." + quoteName(name))
	}
	offset := -1
	if part != nil {
		offset = cap(c.body) - cap(part) // a slice of the body reaches as far as the body does
	}
	return &Finding{Path: path.String(), Message: fmt.Sprintf(format, args...), Offset: offset}
}

// warn reports a finding with which Kazoo still accepts the callflow.
func (c *checker) warn(part []byte, names []string, format string, args ...any) {
	*c.warnings = append(*c.warnings, c.finding(part, names, format, args...))
}

// quoteName quotes a name that would make a path ambiguous.
func quoteName(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune(`.":[`, r)
	}) {
		return strconv.Quote(name)
	}
	return name
}

func (c *checker) checkDocument() *Finding {
	if finding := c.checkSyntax(); finding != nil {
		return finding
	}
	return c.checkAction(&reader{json: c.body}, 1)
}

// checkSyntax checks that the body is one JSON value without duplicate names.
func (c *checker) checkSyntax() *Finding {
	if bytes.HasPrefix(c.body, []byte("\ufeff")) {
		return c.finding(c.body, nil, "begins with a byte order mark; Kazoo does not accept it")
	}
	c.buffer = *bytes.NewBuffer(c.body)
	c.decoder.Reset(&c.buffer)
	if _, err := c.decoder.ReadValue(); err != nil && !errors.Is(err, io.EOF) {
		return c.syntaxFinding(err)
	}
	end := c.decoder.InputOffset()
	switch _, err := c.decoder.ReadToken(); {
	case err == nil:
		return c.finding(c.body[end:], nil, "expected one object, found more after it")
	case !errors.Is(err, io.EOF):
		return c.syntaxFinding(err)
	}
	return c.checkNumbers()
}

// checkNumbers checks that Kazoo can read all numbers of the body. Its parser rejects the whole
// document for a number that is too large for a float, also in a member that nobody reads.
func (c *checker) checkNumbers() *Finding {
	for i := 0; i < len(c.body); i++ {
		switch b := c.body[i]; {
		case b == '"':
			r := reader{json: c.body, pos: i}
			r.skipString()
			i = r.pos - 1
		case b == '-' || b >= '0' && b <= '9':
			r := reader{json: c.body, pos: i}
			number := r.readValue()
			i = r.pos - 1
			if isFloat(number) && !fitsFloat(number) {
				return c.finding(number, nil, "%s is not a number that Kazoo can read: it is too large or too small",
					describe(number))
			}
		}
	}
	return nil
}

// isFloat reports whether a number is a float to Kazoo: 1.0 and 1e3 are not integers there.
func isFloat(number []byte) bool { return bytes.ContainsAny(number, ".eE") }

// fitsFloat reports whether a number is neither infinite as a float nor,
// unless it is written so, zero.
func fitsFloat(number []byte) bool {
	f, err := strconv.ParseFloat(string(number), 64)
	mantissa, _, _ := bytes.Cut(bytes.ToLower(number), []byte("e"))
	return err == nil && (f != 0 || !bytes.ContainsAny(mantissa, "123456789"))
}

// syntaxFinding reports where the body is not JSON, or has a duplicate name.
func (c *checker) syntaxFinding(err error) *Finding {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return c.finding(c.body, nil, "not JSON: %v", err) // reading from memory, there is no other
	}
	offset := min(int(syntax.ByteOffset), len(c.body))
	if errors.Is(syntax, jsontext.ErrDuplicateName) {
		f := c.finding(c.body[offset:], nil, "appears here twice")
		for name := range syntax.JSONPointer.Tokens() {
			f.Path += "." + quoteName(name)
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

// actionExample describes an action to whoever wrote something else.
const actionExample = `an action such as {"module": "hangup"}`

// checkAction checks the action at the reader's position.
func (c *checker) checkAction(r *reader, depth int) *Finding {
	if r.skipSpace() != '{' {
		body := r.readValue()
		return c.finding(body, nil, "expected %s, found %s", actionExample, describe(body))
	}
	start := r.pos
	if depth > maxDepth && !c.cluster.Tolerant || depth > maxTolerated {
		most := maxDepth
		if c.cluster.Tolerant {
			most = maxTolerated
		}
		return c.finding(r.json[start:], nil, "expected at most %d actions within each other", most)
	}
	var module, data, children []byte
	var others [][]byte // names of further members, where warnings are asked for
	for r.enter(); r.more(); {
		switch name := r.readName(); string(unquote(name)) {
		case "module":
			module = r.readValue()
		case "data":
			data = r.readValue()
		case "children":
			r.skipSpace()
			from := r.pos
			if finding := c.checkChildren(r, depth); finding != nil {
				return finding
			}
			children = r.json[from:r.pos]
		default:
			if r.readValue(); c.warnings != nil {
				others = append(others, name)
			}
		}
	}
	body := r.json[start:r.pos]
	o, finding := c.findModule(module, body)
	if finding != nil {
		return finding
	}
	for _, name := range others {
		c.warnMember(o, name, data)
	}
	if c.warnings != nil && o != nil && children != nil {
		c.warnChildKeys(o, children)
	}
	return c.checkData(o, data, body, depth)
}

// findModule returns the catalog's entry of a module; nil for one of Cluster.Modules.
func (c *checker) findModule(name, action []byte) (*object, *Finding) {
	names := []string{"module"}
	if name == nil {
		return nil,
			c.finding(action, nil, "no module; an action is an object such as %s, with nothing around it",
				`{"module": "hangup"}`)
	}
	if name[0] != '"' || len(name) == len(`""`) {
		return nil, c.finding(name, names, "expected a non-empty text, found %s", describe(name))
	}
	text := unquote(name)
	o := c.catalog.modules[string(text)]
	switch {
	case slices.Contains(c.cluster.Modules, string(text)):
		return nil, nil
	case o == nil:
		return nil,
			c.finding(name, names, "%s is not a module of Kazoo%s", describe(name),
				suggestModule(c.catalog.aliases, c.moduleNames(), string(text)))
	case c.versions&^o.versions != 0:
		return nil,
			c.finding(name, names, "%s is not in Kazoo %s%s", describe(name), allVersions&^o.versions,
				c.versionHint(o.versions))
	}
	return o, nil
}

// suggestModule ends a message about an unknown module with what was probably meant:
// the module that Kazoo has under an alias, else one with a close name, else those that
// its words name (hangup_call).
func suggestModule(aliases map[string][]string, known []string, text string) string {
	text = strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(text[:min(len(text), maxModule)]))
	var meant []string
	for _, module := range aliases[text] {
		if slices.Contains(known, module) {
			meant = append(meant, strconv.Quote(module))
		}
	}
	if len(meant) > 0 {
		return fmt.Sprintf("; did you mean %s?", joinNames(meant, "or"))
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
		for _, module := range append([]string{word}, aliases[word]...) {
			if quoted := strconv.Quote(module); slices.Contains(known, module) && !slices.Contains(meant, quoted) {
				meant = append(meant, quoted)
			}
		}
	}
	switch {
	case len(meant) > 0 && len(meant) <= 3:
		return fmt.Sprintf("; did you mean %s?", joinNames(meant, "or"))
	case len(meant) > 3:
		return ""
	}
	return diag.Suggest("", known) // which are listed where they are few
}

// moduleNames lists the modules of the cluster.
func (c *checker) moduleNames() []string {
	known := slices.Clone(c.cluster.Modules)
	for name, o := range c.catalog.modules {
		if c.versions&^o.versions == 0 {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	return known
}

// versionHint ends a message about what only these versions accept.
func (c *checker) versionHint(vs versions) string {
	if c.cluster.Version != "" {
		return ""
	}
	return "; set kazoo_version if yours is " + joinNames(vs.names(), "or")
}

func (c *checker) checkData(o *object, data, action []byte, depth int) *Finding {
	if data != nil && data[0] != '{' {
		return c.finding(data, []string{"data"}, "expected an object, found %s", describe(data))
	}
	if o == nil {
		return nil
	}
	c.path = append(c.path, step{name: quotedData})
	c.parent = action
	finding := c.checkObject(o, data, action, depth)
	c.path = c.path[:len(c.path)-1]
	return finding
}

var quotedData, quotedChildren = []byte(`"data"`), []byte(`"children"`)

func (c *checker) checkChildren(r *reader, depth int) *Finding {
	if r.skipSpace() != '{' {
		body := r.readValue()
		return c.finding(body, []string{"children"},
			"expected an object of actions by name, as in {\"_\": {\"module\": …}}, found %s", describe(body))
	}
	c.path = append(c.path, step{name: quotedChildren})
	start, within := r.pos, len(c.path)
	for r.enter(); r.more(); {
		c.path = append(c.path, step{name: r.readName()})
		if finding := c.checkAction(r, depth+1); finding != nil {
			if children := r.json[start:]; isAction(children) {
				c.path = c.path[:within]
				return c.finding(children, nil,
					`actions are under keys here, as in "children": {"_": {"module": …}}; put it under "_"`)
			}
			return finding
		}
		c.path = c.path[:len(c.path)-1]
	}
	c.path = c.path[:len(c.path)-1]
	return nil
}
