package jsonsafe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what a template writes itself.
const (
	MaxBrackets = 500 // { and [ within each other
	MaxLiteral  = 64  // bytes of a number
)

// phase is what the grammar of JSON expects at one point of a template.
type phase uint8

const (
	wantValue     phase = iota // a value
	wantElement                // the first element of a list, or its end
	wantFirstName              // the first member name of an object, or its end
	wantName                   // a member name
	wantColon                  // the colon behind a member name
	afterValue                 // a comma or the end of what is open; at the top the end of the template
	inString                   // inside the quotes of a value
	inName                     // inside the quotes of a member name
	inEscape                   // behind a backslash, in either
	inHex                      // between \u and its fourth digit, in either
	inLiteral                  // inside a number, true, false or null
)

// place is where the output of a template can stand when an execution comes to a node. Places are
// compared with ==: two ways through a template agree when they lead to the same place.
type place struct {
	phase   phase
	name    bool   // of inEscape and inHex: in a member name
	digits  uint8  // of inHex: how many there were
	code    uint16 // of inHex: what they say; of a string: the high surrogate that its other half must follow, else 0
	literal string // of inLiteral: its text so far
	facts   facts
}

// context is every place in which an execution can be at a node. All of them have the same brackets
// open.
type context struct {
	open   string // brackets, outermost first
	floor  int    // how many of them were open when the template was called: it may not close these
	places []place
}

// dead is the context behind what never ends, such as {{break}}.
func (c context) dead() bool { return len(c.places) == 0 }

func (c context) top() byte {
	if c.open == "" {
		return 0
	}
	return c.open[len(c.open)-1]
}

func (c context) with(places []place) context {
	c.places = places
	return c
}

// add gives the places and one more, each once.
func add(places []place, more ...place) []place {
	for _, p := range more {
		if !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}

// key names the context in the name of a template's copy.
func (c context) key() string {
	names := make([]string, len(c.places))
	for i, p := range c.places {
		names[i] = fmt.Sprint(p.phase, p.code)
	}
	slices.Sort(names)
	return c.open + strings.Join(names, ",")
}

// What faults most often come from.
const (
	missingComma = "is a comma missing?"
	extraComma   = "is there a comma too many?"
)

// fault is why a byte or an action cannot stand where it stands.
type fault struct {
	want, found string
	hint        string // what to do, "" when nothing more is known
	before      int    // how many bytes before the one that was read the fault stands
}

func (f *fault) Error() string {
	message := "found " + f.found
	if f.want != "" {
		message = "expected " + f.want + ", " + message
	}
	if f.hint != "" {
		message += "; " + f.hint
	}
	return message
}

// read moves the context over a byte of the template's own text.
func (c context) read(b byte) (context, *fault) {
	next := c.with(make([]place, 0, len(c.places)))
	for _, p := range c.places {
		q, open, fault := c.step(p, b)
		if fault != nil {
			return c, fault
		}
		// Brackets are alike in all places: a join of contexts wants it, and what opens or closes
		// one does so in every place.
		next.open = open
		next.places = add(next.places, q)
	}
	return next, nil
}

// step moves one place over a byte, and gives the brackets that are open behind it.
func (c context) step(p place, b byte) (place, string, *fault) {
	switch p.phase {
	case inString, inName, inEscape, inHex:
		q, fault := p.inside(b)
		return q, c.open, fault
	case inLiteral:
		if literal(b) {
			if len(p.literal) == MaxLiteral {
				return p, c.open, &fault{
					want: fmt.Sprintf("a number of at most %d characters", MaxLiteral), found: p.literal + "…",
					hint: "write text in quotes", before: len(p.literal),
				}
			}
			p.literal += string(b)
			return p, c.open, nil
		}
		var f *fault
		if p, f = p.settle(); f != nil {
			return p, c.open, f
		}
	default:
	}
	switch b {
	case ' ', '\t', '\r', '\n':
		return p, c.open, nil
	case ',':
		if p.phase == afterValue && c.open != "" {
			p.phase = wantValue
			if c.top() == '{' {
				p.phase = wantName
			}
			return p, c.open, nil
		}
	case ':':
		if p.phase == wantColon {
			p.phase = wantValue
			return p, c.open, nil
		}
	case ']', '}':
		ends := p.phase == afterValue || p.phase == wantElement || p.phase == wantFirstName
		if ends && c.open != "" && c.top() == b-2 { // [ and ], { and } are two apart
			if len(c.open) == c.floor {
				return p, c.open, &fault{
					found: fmt.Sprintf("%q, which closes what the caller of this template opened", b),
					hint:  "close a bracket in the template that opens it",
				}
			}
			p.phase = afterValue
			return p, c.open[:len(c.open)-1], nil
		}
	case '"':
		switch p.phase {
		case wantValue, wantElement:
			p.phase = inString
			return p, c.open, nil
		case wantName, wantFirstName:
			p.phase = inName
			return p, c.open, nil
		default:
		}
	default:
		if p.phase != wantValue && p.phase != wantElement {
			break
		}
		switch {
		case (b == '[' || b == '{') && len(c.open) == MaxBrackets:
			return p, c.open, &fault{
				want: fmt.Sprintf("at most %d brackets within each other", MaxBrackets), found: "one more",
				hint: "write it flatter",
			}
		case b == '[':
			p.phase = wantElement
			return p, c.open + "[", nil
		case b == '{':
			p.phase = wantFirstName
			return p, c.open + "{", nil
		case literal(b):
			p.phase, p.literal = inLiteral, string(b)
			return p, c.open, nil
		}
	}
	return p, c.open, c.unexpected(p, fmt.Sprintf("%q", rune(b)), b)
}

// inside moves a place in a string over a byte.
func (p place) inside(b byte) (place, *fault) {
	half := p.code != 0 && p.phase != inHex // the first half of a character was written
	switch p.phase {
	case inEscape:
		if b == 'u' {
			p.phase, p.digits = inHex, 0
			return p, nil
		}
		if half {
			return p, p.lone()
		}
		if strings.IndexByte(`"\/bfnrt`, b) < 0 {
			return p, &fault{want: `an escape such as \n, \" or \u00e9`, found: fmt.Sprintf("%q", `\`+string(rune(b)))}
		}
		return p.unescaped(), nil
	case inHex:
		return p.hexDigit(b)
	default:
	}
	switch {
	case b == '\\':
		p.name, p.phase = p.phase == inName, inEscape
	case half:
		return p, p.lone()
	case b == '"' && p.phase == inName:
		p.phase = wantColon
	case b == '"':
		p.phase = afterValue
	case b < ' ':
		hint := `write a line end as \n`
		if b == '\t' {
			hint = `write a tab as \t`
		}
		return p, &fault{
			want: "a string on one line, without control characters", found: fmt.Sprintf("%q", rune(b)),
			hint: hint,
		}
	}
	return p, nil
}

// hexDigit reads one of the four digits of \u. p.literal keeps the first half while the second is
// read.
func (p place) hexDigit(b byte) (place, *fault) {
	digit, err := strconv.ParseUint(string(rune(b)), 16, 4)
	if err != nil {
		return p, &fault{want: `four hexadecimal digits behind \u`, found: fmt.Sprintf("%q", rune(b))}
	}
	if p.digits == 0 && p.code != 0 {
		p.literal, p.code = "low", 0
	}
	p.code = p.code<<4 | uint16(digit)
	if p.digits++; p.digits < 4 {
		return p, nil
	}
	low := p.literal == "low"
	p.literal = ""
	isHigh, isLow := p.code&0xfc00 == 0xd800, p.code&0xfc00 == 0xdc00
	if low != isLow {
		return p, p.lone()
	}
	if !isHigh {
		p.code = 0
	}
	return p.unescaped(), nil
}

func (place) lone() *fault {
	return &fault{
		want: `both halves of a character, such as \ud83d\ude00`, found: "one alone",
		hint: "write the character itself",
	}
}

// unescaped is the place behind an escape sequence.
func (p place) unescaped() place {
	p.phase = inString
	if p.name {
		p.phase = inName
	}
	p.name, p.digits = false, 0
	return p
}

func literal(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '+' || b == '.'
}

// settle ends a number or word: a branch or another template can only follow it, not go on with it.
func (p place) settle() (place, *fault) {
	if p.phase != inLiteral {
		return p, nil
	}
	text := p.literal
	p.phase, p.literal = afterValue, ""
	if text == "true" || text == "false" || text == "null" || isNumber(text) {
		return p, nil
	}
	return p, &fault{want: "a number, true, false, null or a text in quotes", found: text, before: len(text)}
}

// isNumber knows JSON's grammar of numbers.
func isNumber(s string) bool {
	digits := func(s string) string { return strings.TrimLeft(s, "0123456789") }
	s = strings.TrimPrefix(s, "-")
	rest := digits(s)
	if whole := s[:len(s)-len(rest)]; whole == "" || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		if rest = digits(fraction); rest == fraction {
			return false
		}
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		exponent := rest[1:]
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		if rest = digits(exponent); rest == exponent {
			return false
		}
	}
	return rest == ""
}

// wanted says what the grammar wants at a place.
func (c context) wanted(p place) string {
	switch p.phase {
	case wantValue:
		return "a value"
	case wantElement:
		return "a value or ]"
	case wantFirstName:
		return "a member name in quotes or }"
	case wantName:
		return "a member name in quotes"
	case wantColon:
		return "a colon"
	case inString, inName:
		return "the end of a string"
	case inEscape, inHex:
		return "the end of an escape sequence"
	case afterValue, inLiteral:
		switch c.top() {
		case '[':
			return "a comma or ]"
		case '{':
			return "a comma or }"
		}
	}
	return "the end of the template"
}

// unexpected is the fault of a byte that cannot stand at a place.
func (c context) unexpected(p place, found string, b byte) *fault {
	f := &fault{want: c.wanted(p), found: found}
	closes := b == ']' || b == '}'
	switch {
	case b == '\'':
		f.hint = `write names and texts in straight double quotes, as in "hangup"`
	case b == '/' || b == '#':
		f.hint = "write a comment as {{/* … */}}"
	case p.phase == afterValue && c.open != "" && !closes && b != ',' && b != ':':
		f.hint = missingComma
	case p.phase == afterValue && c.open != "" && closes:
		f.hint = "brackets close in the order in which they were opened"
	case p.phase == afterValue && b == ',':
		f.hint = "one object is the whole answer"
	case (p.phase != wantValue && p.phase <= wantName || p.phase == wantValue && c.top() == '[') &&
		(closes || b == ','):
		f.hint = extraComma
	case p.phase == wantValue && (closes || b == ','):
		f.hint = "a member has a value; write null for none"
	case p.phase == wantValue || p.phase == wantElement:
		f.hint = "write text in quotes"
	}
	return f
}

// Names of the functions that [Escape] puts into trees, and that who executes them binds. No author
// can name one by chance.
const (
	ValueFunc  = "__value"  // writes any value as JSON: [Append]
	StringFunc = "__string" // writes a value inside a string: [Inside], then [AppendString] without its quotes
	NameFunc   = "__name"   // writes a member name, quotes included: [Inside], then [AppendString]
	ListFunc   = "__list"   // lets through what a loop counts its turns over: [List]
)

// ToJSONFunc is the function by which authors make a [JSON] themselves. What it gives needs no
// encoder.
const ToJSONFunc = "toJson"

// encoder names the function that writes what an action gives at a place.
type encoder string

const (
	valueEncoder  encoder = ValueFunc
	stringEncoder encoder = StringFunc
	nameEncoder   encoder = NameFunc
)

// action moves a place over an action, and names the encoder of what it writes.
func (c context) action(p place, found string) (place, encoder, *fault) {
	switch p.phase {
	case inString, inName:
		if p.code != 0 {
			return p, "", p.lone()
		}
		return p, stringEncoder, nil
	case wantValue, wantElement:
		p.phase = afterValue
		return p, valueEncoder, nil
	case wantName, wantFirstName:
		p.phase = wantColon
		return p, nameEncoder, nil
	case inEscape, inHex:
		return p, "",
			&fault{
				want: "the rest of an escape sequence", found: found,
				hint: "a value cannot be a part of one; write \\\\ for a backslash",
			}
	case inLiteral:
		return p, "", &fault{
			want: c.wanted(p), found: found + " right behind " + p.literal,
			hint: "put the whole into quotes, or make it one value with print",
		}
	default:
		f := &fault{want: c.wanted(p), found: found}
		if p.phase == afterValue && c.open != "" {
			f.hint = missingComma
		}
		return p, "", f
	}
}
