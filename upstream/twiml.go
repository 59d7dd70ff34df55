package upstream

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// verbs are the elements of a Response that Kazoo knows, with those that may stand in each. Kazoo hangs up for
// others. They are from the vendor's kzt_twiml.
var verbs = map[string][]string{
	"Dial":   {"Number", "Conference", "Queue", "User", "Device", "Sip"},
	"Gather": {"Play", "Say", "Pause"},
	"Record": nil, "Play": nil, "Say": nil, "Redirect": nil, "Pause": nil, "Hangup": nil, "Reject": nil,
	"Set": {"Variable"}, "Variable": nil,
}

// maxVerbs bounds the elements of a Response.
const maxVerbs = 1000

// twiml checks a Response and makes its addresses absolute.
type twiml struct {
	body     []byte
	base     string // the URL that relative addresses are of
	open     []string
	begun    bool // there was a Response
	verbs    int
	edits    []edit
	text     int // where the text of a Redirect begins; -1 outside of one
	redirect []byte
}

// edit replaces bytes of the body.
type edit struct {
	from, to int
	text     string
}

// checkTwiML reports why Kazoo would not run a TwiML answer, and gives it with absolute addresses.
func checkTwiML(body []byte, base string) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("TwiML is not UTF-8")
	}
	t := twiml{body: body, base: base}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // take says what is wrong
	for {
		from := d.InputOffset()
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.unreadable(d, err)
		}
		if err := t.take(token, int(from), int(d.InputOffset())); err != nil {
			line, column := d.InputPos()
			return nil, fmt.Errorf("TwiML, up to line %d, column %d: %w", line, column, err)
		}
	}
	switch {
	case len(t.open) > 0:
		return nil, fmt.Errorf("TwiML: <%s> is never closed", t.open[len(t.open)-1])
	case t.verbs == 0:
		return nil, errors.New("TwiML has no verbs, so that Kazoo hangs up; write <Hangup/> if that is meant")
	}
	return t.edited(), nil
}

func (t *twiml) unreadable(d *xml.Decoder, err error) error {
	line, column := d.InputPos()
	reason := "it is not well-formed"
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		reason = diag.Cut(syntax.Msg, 120)
	}
	return fmt.Errorf("TwiML, line %d, column %d: %s", line, column, reason)
}

// take checks one token, which is that part of the body.
func (t *twiml) take(token xml.Token, from, to int) error {
	switch token := token.(type) {
	case xml.Directive:
		return errors.New("a document type or an entity is declared; Kazoo must not read other documents for it")
	case xml.ProcInst:
		if token.Target == "xml" && bytes.Contains(bytes.ToLower(token.Inst), []byte("encoding")) &&
			!bytes.Contains(bytes.ToLower(token.Inst), []byte("utf-8")) {
			return errors.New("its encoding is not UTF-8")
		}
	case xml.CharData:
		return t.chars(token)
	case xml.StartElement:
		return t.start(&token, from, to)
	case xml.EndElement:
		return t.end(token.Name.Local, from)
	}
	return nil
}

func (t *twiml) chars(text []byte) error {
	switch len(t.open) {
	case 0, 1:
		if len(bytes.TrimSpace(text)) > 0 {
			return errors.New("there is text between the verbs")
		}
	default:
		if t.open[len(t.open)-1] == "Redirect" {
			t.redirect = append(t.redirect, text...)
		}
	}
	return nil
}

func (t *twiml) start(e *xml.StartElement, from, to int) error {
	name := e.Name.Local
	if e.Name.Space != "" {
		name = e.Name.Space + ":" + name
	}
	switch depth := len(t.open); {
	case depth == 0 && t.begun:
		return errors.New("there is more than one document")
	case depth == 0:
		if name != "Response" {
			return fmt.Errorf("expected <Response>, found <%s>", diag.Brief(name))
		}
		t.begun = true
	case depth == 1:
		if _, known := verbs[name]; !known {
			return fmt.Errorf("<%s> is not a verb that Kazoo knows", diag.Brief(name))
		}
		t.verbs++
	default:
		if !slices.Contains(verbs[t.open[depth-1]], name) {
			return fmt.Errorf("<%s> cannot stand in <%s>", diag.Brief(name), t.open[depth-1])
		}
		t.verbs++
	}
	if t.verbs > maxVerbs {
		return fmt.Errorf("there are more than %d elements", maxVerbs)
	}
	seen := map[string]bool{}
	for _, a := range e.Attr {
		full := a.Name.Space + ":" + a.Name.Local
		if seen[full] {
			return fmt.Errorf("<%s> has the attribute %s twice", diag.Brief(name), diag.Brief(a.Name.Local))
		}
		seen[full] = true
		if full == ":action" && a.Value != "" {
			t.attribute(from, to, a.Value)
		}
	}
	if t.open = append(t.open, name); name == "Redirect" {
		t.text, t.redirect = to, nil
	}
	return nil
}

// attribute replaces the value of action in a tag.
func (t *twiml) attribute(from, to int, value string) {
	absolute := resolve(t.base, value)
	if absolute == value {
		return
	}
	tag := t.body[from:to]
	var quote byte
	for i := 0; i < len(tag); i++ {
		switch c := tag[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			begin := i + 1
			end := begin + bytes.IndexByte(tag[begin:], c)
			before := bytes.TrimRight(tag[:i], " \t\r\n=")
			if name, ok := bytes.CutSuffix(before, []byte("action")); ok &&
				strings.ContainsRune(" \t\r\n", rune(name[len(name)-1])) {
				t.edits = append(t.edits, edit{from + begin, from + end, escapeXML(absolute)})
				return
			}
			i = end
		}
	}
}

func (t *twiml) end(name string, from int) error {
	if len(t.open) == 0 || t.open[len(t.open)-1] != name {
		return fmt.Errorf("</%s> closes nothing", diag.Brief(name))
	}
	t.open = t.open[:len(t.open)-1]
	if name != "Redirect" {
		return nil
	}
	target := strings.TrimSpace(string(t.redirect))
	if target == "" {
		return errors.New("<Redirect> has no address")
	}
	if absolute := resolve(t.base, target); absolute != target && from >= t.text {
		t.edits = append(t.edits, edit{t.text, from, escapeXML(absolute)})
	}
	return nil
}

// edited is the body with its edits, which come in the order of the body.
func (t *twiml) edited() []byte {
	if len(t.edits) == 0 {
		return t.body
	}
	var out bytes.Buffer
	at := 0
	for _, e := range t.edits {
		out.Write(t.body[at:e.from])
		out.WriteString(e.text)
		at = e.to
	}
	out.Write(t.body[at:])
	return out.Bytes()
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// base is the URL by which Kazoo would resolve relative addresses in an answer, had it asked the upstream itself: with
// the query of its voice_url, and without the parameters that it adds to that of a GET.
func base(s *Sent) string {
	u := *s.URL
	if s.Method == http.MethodGet {
		u.RawQuery = s.query
	}
	return u.String()
}

// resolve makes an address absolute as Kazoo does it, which is not RFC 3986: what begins with http is absolute; of
// others the segments are appended to the path, one that is there last and has a file extension is replaced, and a
// leading slash does not lead to the root.
func resolve(base, relative string) string {
	if strings.HasPrefix(relative, "http") {
		return relative
	}
	scheme, rest, _ := strings.Cut(base, "://")
	host, path, _ := strings.Cut(rest, "/")
	var segments []string
	for s := range strings.SplitSeq(path, "/") {
		if s != "" {
			segments = append(segments, s)
		}
	}
	for s := range strings.SplitSeq(relative, "/") {
		last := len(segments) - 1
		switch {
		case s == "" || s == ".":
		case s == "..":
			segments = segments[:max(0, last)]
		case last >= 0 && strings.Contains(segments[last], "."):
			segments[last] = s
		default:
			segments = append(segments, s)
		}
	}
	return scheme + "://" + host + "/" + strings.Join(segments, "/")
}
