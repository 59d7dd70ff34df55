// Package patterns compares the texts of events with what a person wrote to find them: as a person
// would, blind to case, accents' encodings, runs of blanks and punctuation, with * for any run of
// anything, ! to exclude, and regular expressions between slashes. See [Pattern] for the rules.
//
//	list, mistakes := patterns.ParseList([]diag.Text{{S: "open*"}, {S: "!*not open*"}})
//	...
//	list.Match("Open 9-12") // true
//	list.Near("Opne 9-12")  // "open*": what it would match but for a slip of the keys
//
// It knows neither events nor calendars: a field is a text, and no text is kept. What a comparison
// may cost is bounded when patterns are parsed, and is linear in the text. All values are immutable
// and safe for concurrent use.
package patterns

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/regex"
)

// What comparing may cost.
const (
	maxPattern  = regex.MaxLength // bytes of a pattern
	maxCompared = 4096            // bytes of a field that patterns compare; the rest is as if it were not there
	maxPatterns = 50_000          // steps for each byte of a field that patterns in one place take, see [List.Cost]
)

// Pattern is a text to compare a field of an event with, as a person would compare them: the whole
// field, after Unicode normalisation (NFC) and case folding, blind to runs of blanks and
// punctuation, so that "Closed!!" is "closed" and "Open 9-12" is "open 9 12". Symbols and emoji
// count as punctuation. The pattern "" is an empty field: one that shows no letter or digit. `*`
// stands for any run of anything, also for none. A leading `!` makes the pattern exclude what it
// matches. `/…/` is a regular expression (RE2), compared with the field as written. The zero
// Pattern is "".
type Pattern struct {
	text    string // as written
	exclude bool
	regexp  *regex.Regexp // nil: pieces decide
	pieces  []piece       // between the stars; one more than there are stars; none for ""
}

// piece is folded text between two stars. Its blanks at a star are kept as marks instead: they ask
// that a word begins or ends there, and two stars' marks may be met by the same blank ("a * b"
// matches "a b").
type piece struct {
	text               string
	wordBegin, wordEnd bool
}

// Parse reads a pattern. It refuses a regular expression that RE2 does not read, and a pattern that
// holds punctuation only, which would match more than meant.
func Parse(text string) (Pattern, error) {
	p := Pattern{text: text}
	if len(text) > maxPattern {
		return Pattern{},
			fmt.Errorf("pattern %q…: expected at most %d bytes, found %d; write * for what may differ", text[:40],
				maxPattern, len(text))
	}
	body, exclude := strings.CutPrefix(text, "!")
	p.exclude = exclude
	if len(body) > 2 && strings.HasPrefix(body, "/") && strings.HasSuffix(body, "/") {
		re, err := regex.Compile(body[1 : len(body)-1])
		if err != nil {
			return Pattern{}, fmt.Errorf("pattern %q: %s", text, unreadable(err))
		}
		p.regexp = re
		return p, nil
	}
	if strings.TrimSpace(body) == "" {
		return p, nil
	}
	letters := false
	runs := strings.Split(body, "*")
	for i, run := range runs {
		folded := fold(run)
		word := strings.Trim(folded, " ")
		letters = letters || word != ""
		p.pieces = append(p.pieces, piece{
			text:      word,
			wordBegin: i > 0 && strings.HasPrefix(folded, " "),
			wordEnd:   i < len(runs)-1 && strings.HasSuffix(folded, " "),
		})
	}
	if !letters && strings.Trim(body, "*") != "" {
		return Pattern{},
			fmt.Errorf("pattern %q: punctuation is not compared and nothing else is left; expected letters, or a "+
				"regular expression between slashes", text)
	}
	return p, nil
}

// ParseList reads patterns, and reports those that it refuses at the places where they are written.
func ParseList(texts []diag.Text) (List, []diag.Mistake) {
	var ps List
	var mistakes []diag.Mistake
	cost := 0
	for _, text := range texts {
		p, err := Parse(text.S)
		if err != nil {
			mistakes = append(mistakes, diag.Mistakef(text.Pos, "%s", err))
			continue
		}
		if cost += p.cost(); cost > maxPatterns {
			return nil,
				append(mistakes,
					diag.Mistakef(text.Pos, "up to here the patterns take more than %d steps for each byte of a text; "+
						"write fewer, or shorter ones", maxPatterns))
		}
		ps = append(ps, p)
	}
	return ps, mistakes
}

// expressionTimes is how many steps an instruction of a regular expression takes.
const expressionTimes = 8

// countedTimes is the same of one that is counted.
const countedTimes = 16

// cost is how many steps a byte of a text takes at worst: a regular expression's are slower than a
// comparison.
func (p *Pattern) cost() int {
	if p.regexp != nil {
		return expressionTimes * p.regexp.Cost
	}
	longest := 0
	for _, piece := range p.pieces[min(1, len(p.pieces)):] { // the first is compared in one place
		longest = max(longest, len(piece.text))
	}
	return 1 + longest
}

// Cost is how many steps a byte of a text takes at worst.
func (ps List) Cost() int {
	cost := 0
	for i := range ps {
		cost += ps[i].cost()
	}
	return cost
}

// PlainCost is Cost without regular expressions, which [List.MatchWithin] counts.
func (ps List) PlainCost() int {
	cost := 0
	for i := range ps {
		if ps[i].regexp == nil {
			cost += ps[i].cost()
		}
	}
	return cost
}

// unreadable is what is wrong with a regular expression.
func unreadable(err error) string {
	if wrong, ok := errors.AsType[*syntax.Error](err); ok {
		return wrong.Code.String()
	}
	return err.Error()
}

// String is the pattern as written.
func (p Pattern) String() string { return p.text }

// Plain is what a person would call the pattern: its text without the stars at its ends and the ! of
// one that excludes, "…" for the stars inside. A regular expression is itself; what holds nothing
// else is "anything" or, for an empty field, "nothing".
func (p Pattern) Plain() string {
	text := strings.TrimPrefix(p.text, "!")
	if p.regexp != nil {
		return text
	}
	if strings.TrimSpace(text) == "" {
		return "nothing"
	}
	runs := strings.FieldsFunc(text, func(r rune) bool { return r == '*' })
	for i := range runs {
		runs[i] = strings.TrimSpace(runs[i])
	}
	runs = slices.DeleteFunc(runs, func(run string) bool { return run == "" })
	if len(runs) == 0 {
		return "anything"
	}
	return strings.Join(runs, " … ")
}

// IsRegexp reports whether the pattern is a regular expression.
func (p Pattern) IsRegexp() bool { return p.regexp != nil }

// Excludes reports whether the pattern has an exclamation mark before it.
func (p Pattern) Excludes() bool { return p.exclude }

// field is a text that patterns are compared with. It is folded once, whatever many they are.
type field struct {
	text, folded string
}

// fieldOf cuts a text that is longer than what is compared.
func fieldOf(text string) field {
	if len(text) > maxCompared {
		cut := maxCompared
		for cut > maxCompared-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	f := field{text, text}
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			f.folded = fold(text)
			break
		}
	}
	return f
}

// matches leaves the exclamation mark to List.
func (p *Pattern) matches(f *field, left *int) bool {
	if p.regexp != nil && left != nil {
		instructions := *left / countedTimes
		matched := p.regexp.MatchWithin(f.text, &instructions)
		*left = instructions * countedTimes
		return matched
	}
	if p.regexp != nil {
		return p.regexp.MatchString(f.text)
	}
	return p.matchesFolded(f.folded)
}

// matchesFolded compares with a field that is ASCII, or folded already: a folded field is its own
// folding, and its only separators are ASCII, so that one walk serves both without copying.
func (p *Pattern) matchesFolded(field string) bool {
	at := skipSeparators(field, 0)
	if len(p.pieces) == 0 {
		return at == len(field)
	}
	first, rest := p.pieces[0], p.pieces[1:]
	at, ok := first.matchAt(field, at)
	if !ok || len(rest) == 0 {
		return ok && skipSeparators(field, at) == len(field)
	}
	// The leftmost place is right for each piece but the last, which has to end the field.
	middle, last := rest[:len(rest)-1], rest[len(rest)-1]
	for _, piece := range middle {
		if _, at, ok = piece.find(field, at); !ok {
			return false
		}
	}
	for ; ; at++ {
		begin, end, ok := last.find(field, at)
		if !ok || last.text == "" || skipSeparators(field, end) == len(field) {
			return ok
		}
		at = begin
	}
}

// find is the first place in field, from at on, where the piece stands.
func (p piece) find(field string, at int) (begin, end int, ok bool) {
	for ; at <= len(field); at++ {
		if p.text != "" && (at == len(field) || lower(field[at]) != p.text[0]) { // a piece begins with no blank
			continue
		}
		if p.wordBegin && p.text != "" && at > 0 && !isSeparator(field[at-1]) {
			continue
		}
		if end, ok := p.matchAt(field, at); ok {
			return at, end, true
		}
	}
	return 0, 0, false
}

// matchAt is the end of the piece in field if it stands at at.
func (p piece) matchAt(field string, at int) (int, bool) {
	for i := range len(p.text) {
		switch {
		case at >= len(field):
			return 0, false
		case p.text[i] == ' ':
			next := skipSeparators(field, at)
			if next == at {
				return 0, false
			}
			at = next
		case lower(field[at]) != p.text[i]:
			return 0, false
		default:
			at++
		}
	}
	if p.wordEnd && p.text != "" && at < len(field) && !isSeparator(field[at]) {
		return 0, false
	}
	return at, true
}

func skipSeparators(field string, at int) int {
	for at < len(field) && isSeparator(field[at]) {
		at++
	}
	return at
}

// isSeparator speaks of ASCII; a byte of a longer character is none.
func isSeparator(b byte) bool {
	return b < utf8.RuneSelf && (b < '0' || b > '9') && (lower(b) < 'a' || lower(b) > 'z')
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// fold normalises and case-folds a text and makes every run of separators one blank.
func fold(text string) string {
	text = norm.NFC.String(cases.Fold().String(norm.NFD.String(text)))
	var b strings.Builder
	separated := false
	for _, r := range text {
		if separates(r) {
			separated = true
			continue
		}
		if separated {
			b.WriteByte(' ')
			separated = false
		}
		b.WriteRune(r)
	}
	if separated {
		b.WriteByte(' ')
	}
	return b.String()
}

// separates reports whether a character is a blank, punctuation, a symbol, or invisible.
func separates(r rune) bool {
	return unicode.In(r, unicode.P, unicode.S, unicode.Z, unicode.C, unicode.Variation_Selector)
}

// List is the patterns that a field is compared with together. A nil List matches everything.
type List []Pattern

// Match reports whether a field matches one of the patterns (or there are only excluding ones), and
// none that excludes. A field in ASCII is matched without allocation.
func (ps List) Match(text string) bool { return ps.MatchWithin(text, nil) }

// MatchWithin is Match, and takes the steps that regular expressions really take off left, which
// are fewer than [List.Cost] says by far for most. Once left is below 0 what it says is not to be
// used. nil: they are not counted.
func (ps List) MatchWithin(text string, left *int) bool {
	if len(ps) == 0 {
		return true
	}
	matched, wanted, excluded := ps.match(text, left)
	return !excluded && (matched || !wanted)
}

// match says whether a pattern that does not exclude matches, whether there is one, and
// whether one that excludes matches.
func (ps List) match(text string, left *int) (matched, wanted, excluded bool) {
	f := fieldOf(text)
	for i := range ps {
		switch p := &ps[i]; {
		case p.exclude:
			if p.matches(&f, left) {
				return matched, wanted, true
			}
		case !matched:
			wanted = true
			matched = p.matches(&f, left)
		}
	}
	return matched, wanted, false
}

// MatchAny is Match for a field with several values: one has to match, and none may be excluded. No
// values are one empty value. left is that of [List.MatchWithin].
func (ps List) MatchAny(fields []string, left *int) bool {
	if len(fields) == 0 || len(ps) == 0 {
		return ps.MatchWithin("", left)
	}
	any, asked := false, false
	for _, text := range fields {
		matched, wanted, excluded := ps.match(text, left)
		if excluded {
			return false
		}
		any, asked = any || matched, asked || wanted
	}
	return any || !asked
}

// String gives the patterns as written, for people: one alone, or several in brackets.
func (ps List) String() string {
	quoted := make([]string, len(ps))
	for i, p := range ps {
		quoted[i] = fmt.Sprintf("%q", p.text)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// Fold is a text as patterns compare it: its words in one case, a blank between them and none
// around them.
func Fold(s string) string { return strings.Trim(fold(s), " ") }

// Compared is how many bytes of a text are compared, and at least one: each pattern is looked at.
func Compared(text string) int { return max(1, min(len(text), maxCompared)) }
