package upstream

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// address is the URL of an upstream: texts, and places that parts of a call fill. Scheme, host and port are texts.
type address struct {
	scheme, host string
	parts        []part   // behind the host
	data         []string // keys of data that it reads
	fixed        *url.URL
}

// part is a text, escaped already, or what a call fills in.
type part struct {
	text  string // without of
	of    func(*pivot.Call) string
	name  string // of what of reads, as it is written
	query bool   // it is a value of the query; else a segment of the path or a piece of one
	whole bool   // it is a whole segment
}

// maxURL bounds an address, as it is written and as it is sent without Kazoo's parameters.
const maxURL = 8 << 10 // bytes

var (
	dataPlace = regexp.MustCompile(`^\.Data((?:\.[A-Za-z_][A-Za-z0-9_]*)+)$`)
	callPlace = regexp.MustCompile(`^\.Call\.([A-Za-z]+)(?: +"([^"\\]*)")?$`)
)

// fields are the parts of a call that a URL may have; named are those that have a name besides.
var (
	fields = map[string]func(*pivot.Call) string{
		"From":      func(c *pivot.Call) string { return c.From },
		"FromRealm": func(c *pivot.Call) string { return c.FromRealm },
		"To":        func(c *pivot.Call) string { return c.To }, "ToRealm": func(c *pivot.Call) string { return c.ToRealm },
		"Request":      func(c *pivot.Call) string { return c.Request },
		"RequestRealm": func(c *pivot.Call) string { return c.RequestRealm },
		"Dialed":       func(c *pivot.Call) string { return c.Dialed },
		"CallerName":   func(c *pivot.Call) string { return c.CallerName },
		"CallerNumber": func(c *pivot.Call) string { return c.CallerNumber },
		"AccountID":    func(c *pivot.Call) string { return c.AccountID },
		"CallID":       func(c *pivot.Call) string { return c.CallID },
		"Direction":    func(c *pivot.Call) string { return c.Direction },
		"Language":     func(c *pivot.Call) string { return c.Language },
		"Digits":       func(c *pivot.Call) string { return c.Digits },
	}
	named = map[string]func(*pivot.Call, string) string{
		"Var": (*pivot.Call).Var, "Header": (*pivot.Call).Header, "Collection": (*pivot.Call).Collection,
		"Param": (*pivot.Call).Param,
	}
)

// parseAddress reads an address. Its messages repeat nothing of it but what is written in {{…}}.
func parseAddress(at diag.Text, data map[string]any) (*address, []diag.Mistake) {
	p := addressParser{at: at, data: data, path: true, a: &address{}}
	p.parse()
	if len(p.mistakes) > 0 {
		return nil, p.mistakes
	}
	return p.a, nil
}

// addressParser goes through the text of an address once.
type addressParser struct {
	at       diag.Text
	data     map[string]any
	a        *address
	path     bool // else the query
	value    bool // of the query: behind a =
	mistakes []diag.Mistake
}

func (p *addressParser) wrong(format string, args ...any) {
	p.mistakes = append(p.mistakes, diag.Mistakef(p.at.Pos, "upstream: "+format, args...))
}

func (p *addressParser) parse() {
	text := p.at.S
	if len(text) > maxURL {
		p.wrong("url has %d bytes; the limit is %d", len(text), maxURL)
		return
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		p.wrong("url contains a line break or another control character")
		return
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if p.a.scheme = strings.ToLower(scheme); !ok || p.a.scheme != "http" && p.a.scheme != "https" {
		p.wrong("expected url to begin with http:// or https://, written out")
		return
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if !p.parseHost(rest[:end]) {
		return
	}
	rest = rest[end:]
	if !strings.HasPrefix(rest, "/") { // what net/http sends
		rest = "/" + rest
	}
	for rest != "" {
		before, after, found := strings.Cut(rest, "{{")
		p.literal(before)
		if !found {
			break
		}
		action, behind, closed := strings.Cut(after, "}}")
		if !closed {
			p.wrong("{{ in url is never closed by }}")
			return
		}
		whole := p.path && strings.HasSuffix(before, "/") && (behind == "" || strings.ContainsAny(behind[:1], "/?"))
		p.place(strings.Trim(strings.Trim(action, "-"), " "), whole)
		rest = behind
	}
	p.finish()
}

func (p *addressParser) parseHost(authority string) bool {
	switch {
	case strings.Contains(authority, "{{"):
		p.wrong("scheme, host and port of url are written out; " +
			"{{…}} may stand in the path and in values of the query")
		return false
	case strings.Contains(authority, "@"):
		p.wrong("url has a user name; set basic, which keeps the password secret")
		return false
	}
	u, err := url.Parse(p.a.scheme + "://" + authority)
	if err != nil || u.Hostname() == "" || u.Host != authority {
		p.wrong("expected a host behind %s://, such as pbx.example.com or [2001:db8::1]:8080", p.a.scheme)
		return false
	}
	if port := u.Port(); port != "" || strings.HasSuffix(authority, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			p.wrong("expected a port from 1 to 65535 in url")
			return false
		}
	}
	p.a.host = strings.ToLower(authority)
	return true
}

// literal takes a text as it is sent.
func (p *addressParser) literal(text string) {
	if strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' ||
			strings.ContainsRune(`"<>\^{}|`+"`", r)
	}) {
		p.wrong("url contains a character that must be escaped, such as %%20 for a blank")
		return
	}
	if strings.Contains(text, "#") {
		p.wrong("url has a fragment, which no server receives; remove # and what is behind it")
		return
	}
	for i := range len(text) {
		switch c := text[i]; {
		case p.path && c == '?':
			p.path, p.value = false, false
		case !p.path && c == '=':
			p.value = true
		case !p.path && (c == '&' || c == ';'):
			p.value = false
		}
	}
	p.add(text)
}

// add appends a text that is escaped.
func (p *addressParser) add(text string) {
	if n := len(p.a.parts); n > 0 && p.a.parts[n-1].of == nil {
		p.a.parts[n-1].text += text
		return
	}
	p.a.parts = append(p.a.parts, part{text: text})
}

// place takes what stands in {{…}}.
func (p *addressParser) place(action string, whole bool) {
	shown := "{{" + diag.Brief(action) + "}}"
	if !p.path && !p.value {
		p.wrong("%s stands in the name of a parameter; write it behind a =", shown)
		return
	}
	if m := dataPlace.FindStringSubmatch(action); m != nil {
		p.dataPlace(strings.Split(m[1][1:], "."), shown, whole)
		return
	}
	m := callPlace.FindStringSubmatch(action)
	if m == nil {
		p.wrong("%s: expected {{.Data.KEY}}, {{.Call.FIELD}} or {{.Call.Var \"NAME\"}}; "+
			"functions cannot be used in url", shown)
		return
	}
	one := part{query: !p.path, whole: whole, name: "{{" + action + "}}"}
	hasArgument := strings.Contains(action, `"`)
	switch read, isNamed := named[m[1]]; {
	case isNamed && hasArgument:
		one.of = func(c *pivot.Call) string { return read(c, m[2]) }
	case isNamed:
		p.wrong(`%s: .Call.%s needs a name, as in {{.Call.%s "NAME"}}`, shown, m[1], m[1])
		return
	case fields[m[1]] == nil:
		p.wrong("%s: a call has no %s%s", shown, m[1],
			diag.Suggest(m[1], slices.Sorted(maps.Keys(fields))))
		return
	case hasArgument:
		p.wrong("%s: .Call.%s has no name behind it", shown, m[1])
		return
	default:
		one.of = fields[m[1]]
	}
	p.a.parts = append(p.a.parts, one)
}

// dataPlace fills in data, which is the same for all calls.
func (p *addressParser) dataPlace(path []string, shown string, whole bool) {
	p.a.data = append(p.a.data, path[0])
	var value any = p.data
	for _, key := range path {
		m, _ := value.(map[string]any)
		inner, ok := m[key]
		if !ok {
			p.wrong("%s: data has no %s%s", shown, strings.Join(path, "."),
				diag.Suggest(key, slices.Sorted(maps.Keys(m))))
			return
		}
		value = inner
	}
	var text string
	switch value := value.(type) {
	case string:
		text = value
	case int, bool:
		text = fmt.Sprint(value)
	default:
		p.wrong("%s: expected a text, a number, true or false in data", shown)
		return
	}
	if strings.Contains(text, "{{") {
		p.wrong("%s: the value is a template of its own, which url does not run; write it into url", shown)
		return
	}
	escaped, err := escape(part{query: !p.path, whole: whole, name: shown}, text)
	if err != nil {
		p.wrong("%s", err)
		return
	}
	p.add(escaped)
}

// finish parses what is the same for all calls.
func (p *addressParser) finish() {
	if len(p.mistakes) > 0 {
		return
	}
	u, err := url.Parse(p.a.scheme + "://" + p.a.host + p.a.sample())
	if err != nil {
		p.wrong("expected url to be an address, with %% only before two hexadecimal digits")
		return
	}
	if len(p.a.parts) == 1 && p.a.parts[0].of == nil {
		p.a.fixed = u
	}
}

// sample is path and query with a text in each place.
func (a *address) sample() string {
	var b strings.Builder
	for _, p := range a.parts {
		if p.of != nil {
			b.WriteByte('x')
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// text is the address with its places as they are written. It is a secret.
func (a *address) text() string {
	return a.scheme + "://" + a.host + a.masked(func(s string) string { return s })
}

// masked is path and query, with texts as mask gives them.
func (a *address) masked(mask func(string) string) string {
	var b strings.Builder
	for _, p := range a.parts {
		b.WriteString(mask(p.text))
		if p.of != nil {
			b.WriteString(p.name)
		}
	}
	return b.String()
}

// errPlace is the cause of all errors of URL.
var errPlace = errors.New("the URL cannot be made of this call")

// url is the address for a call. What cannot stand in its place is an error.
func (a *address) url(call *pivot.Call) (*url.URL, error) {
	if a.fixed != nil {
		u := *a.fixed
		return &u, nil
	}
	var b strings.Builder
	b.WriteString(a.scheme + "://" + a.host)
	for i := range a.parts {
		p := &a.parts[i]
		if p.of == nil {
			b.WriteString(p.text)
			continue
		}
		escaped, err := escape(*p, p.of(call))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errPlace, err)
		}
		b.WriteString(escaped)
	}
	if b.Len() > maxURL {
		return nil, fmt.Errorf("%w: it would have %d bytes; the limit is %d", errPlace, b.Len(), maxURL)
	}
	u, err := url.Parse(b.String())
	if err != nil { // the values are escaped, and the rest was parsed before
		return nil, errPlace
	}
	return u, nil
}

// escape is a value as its place takes it. Servers decode %2F and resolve dots, each in another order, so that a
// value which could lead to another path is refused rather than escaped.
func escape(p part, value string) (string, error) {
	if p.query {
		return url.QueryEscape(value), nil
	}
	switch {
	case value == "" && p.whole:
		return "", fmt.Errorf("%s is empty, and a path needs a value there", p.name)
	case strings.ContainsAny(value, `/\`):
		return "", fmt.Errorf("%s contains a slash or a backslash, which a path segment cannot have", p.name)
	case strings.Trim(value, ".") == "" && value != "":
		return "", fmt.Errorf("%s consists of dots, which lead to another path", p.name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("%s contains a control character, which a path segment cannot have", p.name)
	}
	return url.PathEscape(value), nil
}
