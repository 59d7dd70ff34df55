// Package diag describes mistakes in files that people write: the place, what is wrong there, and
// what was probably meant. It depends on no format, reads nothing and keeps no state.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pos is a place in a file. Line and Col count from 1; a zero Line means the file as a
// whole, the zero Pos no place.
type Pos struct {
	File      string
	Line, Col int
}

// String returns "file:line:col", or less where less is known; "" for the zero Pos. It is one line,
// whatever the file name contains.
func (p Pos) String() string {
	switch file := Line(p.File); {
	case p.Line == 0:
		return file
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", file, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Col)
	}
}

// Compare orders places by file, line and column.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Mistake is one thing to correct in a file: found, wanted and what to do, in
// lower case and on one line.
type Mistake struct {
	Pos
	Message string
	// Other is a second place that the mistake concerns: the file whose use of the first place
	// shows it, or what it collides with. Error does not show it; the zero Pos is none.
	Other Pos
}

// Mistakef returns a Mistake at a place. Its message is one line, whatever args contain.
func Mistakef(p Pos, format string, args ...any) Mistake {
	return Mistake{Pos: p, Message: Line(fmt.Sprintf(format, args...))}
}

// Error returns "file:line:col: message", or the message alone without a place.
func (m Mistake) Error() string {
	if place := m.Pos.String(); place != "" {
		return place + ": " + Line(m.Message)
	}
	return Line(m.Message)
}

// Mistakes are all that is wrong, reported at once. Its Error has a line for each.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Err gives the mistakes, sorted, as an error; nil if there are none.
func (ms Mistakes) Err() error {
	if len(ms) == 0 {
		return nil
	}
	return ms.Sorted()
}

// MaxMistakes is how many mistakes of a file are reported, for each other file that they concern.
const MaxMistakes = 200

// MoreMistakes reports how many mistakes of a file are not listed, from the place of the first one.
func MoreMistakes(from Pos, n int) Mistake {
	return Mistakef(from, "%d more mistakes of this file are not listed; correct the others first", n)
}

// Sorted gives the mistakes by place, each once, also where it concerns several other places. Of a
// file they are the first ones, and how many more there are.
func (ms Mistakes) Sorted() Mistakes {
	sorted := slices.Clone(ms)
	slices.SortStableFunc(sorted, func(a, b Mistake) int {
		return cmp.Or(a.Compare(b.Pos), cmp.Compare(a.Message, b.Message))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Mistake) bool { return a.Pos == b.Pos && a.Message == b.Message })
	type files struct{ at, other string }
	return limitMistakes(sorted, func(m Mistake) (files, bool) {
		return files{m.File, m.Other.File}, m.File != ""
	}, MoreMistakes)
}

// ByOwner keeps the first mistakes of each owner, and reports how many more there are. Those of the
// owner "" all stay.
func (ms Mistakes) ByOwner(of func(Mistake) string) Mistakes {
	return limitMistakes(slices.Clone(ms), func(m Mistake) (string, bool) { owner := of(m); return owner, owner != "" },
		func(from Pos, n int) Mistake {
			return Mistakef(from, "%d more mistakes of this tenant's files are not listed; correct the others first", n)
		})
}

// limitMistakes keeps the first mistakes of each group, and reports how many more there are. One
// more mistake, which may be such a report, stays.
func limitMistakes[K comparable](ms Mistakes, of func(Mistake) (K, bool), more func(Pos, int) Mistake) Mistakes {
	found, kept := map[K]int{}, map[K]int{}
	for _, m := range ms {
		k, _ := of(m)
		found[k]++
	}
	out := ms[:0]
	for _, m := range ms {
		k, bounded := of(m)
		kept[k]++
		switch {
		case !bounded || found[k] <= MaxMistakes+1 || kept[k] <= MaxMistakes:
			out = append(out, m)
		case kept[k] == MaxMistakes+1:
			rest := more(m.Pos, found[k]-MaxMistakes)
			rest.Other = m.Other
			out = append(out, rest)
		}
	}
	return out
}

// excerptLength is how many characters Excerpt shows: enough to recognize a text that should not be
// there.
const excerptLength = 20

// Excerpt quotes the first printable characters of a text, 20 at most, for messages about what was
// found in a file: it may be somebody's secrets.
func Excerpt(text string) string {
	var shown strings.Builder
	n, cut := 0, false
	for _, r := range text {
		if cut = n == excerptLength || !unicode.IsPrint(r); cut {
			break
		}
		shown.WriteRune(r)
		n++
	}
	if cut {
		shown.WriteString("…")
	}
	return fmt.Sprintf("%q", shown.String())
}

// TypographicQuotes are the characters that text processors, chats and web pages put in place of
// straight quotes.
const TypographicQuotes = "“”„‟«»‘’‚‛‹›"

// Cut is a text of at most so many bytes, and an ellipsis where more follows. It is cut between
// characters; what is short is the same string.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Clip quotes a text for a message, 40 characters of it at most.
func Clip(s string) string {
	const most = 40
	if runes := []rune(s[:min(len(s), utf8.UTFMax*(most+1))]); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return fmt.Sprintf("%q", s)
}

// listLimit is how many known names a message lists when none is close.
const listLimit = 8

// Suggest ends a message about an unknown name: `; did you mean "x"?` for the Nearest known name,
// else the known names when they are few, else nothing.
func Suggest(got string, known []string) string {
	if meant := DidYouMean(got, known); meant != "" {
		return meant
	}
	if len(known) > 0 && len(known) <= listLimit {
		return "; known: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
	}
	return ""
}

// DidYouMean ends a message with `; did you mean "x"?` where one of the known names is close, as
// Nearest has it; "" where none is. It lists none of the others.
func DidYouMean(got string, known []string) string {
	if near := Nearest(got, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// Nearest returns the known name that is closest to an unknown one; "" if none is close. Case does
// not count. Close is one typing error, or a third of the characters, or two missing at the end.
func Nearest(got string, known []string) string {
	best, cut, length := "", "", utf8.RuneCountInString(got)
	least, compared, lower := max(1, length/3), known, strings.ToLower(got)
	if length > longestCompared {
		compared = nil
	}
	for _, name := range compared {
		other := strings.ToLower(name)
		n := utf8.RuneCountInString(name)
		if length > 2 && n == length+2 && strings.HasPrefix(other, lower) {
			cut = name
			continue
		}
		if n > length+least || n < length-least {
			continue
		}
		if d := Distance(lower, other); d <= least && (best == "" || d < least) {
			best, least = name, d
		}
	}
	return cmp.Or(best, cut)
}

// longestCompared is how many characters a name may have to be compared, since the time is the
// product of both lengths.
const longestCompared = 64

// Distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into
// b. Names of more than 64 characters are as far from every other as they are long.
func Distance(a, b string) int {
	if a == b {
		return 0
	}
	if longest := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b)); longest > longestCompared {
		return longest
	}
	from, to := []rune(a), []rune(b)
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i, c := range from {
		row[0] = i + 1
		for j, d := range to {
			replace := last[j]
			if c != d {
				replace++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replace)
			if i > 0 && j > 0 && c == to[j-1] && from[i-1] == d {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}

// Text is a text and its place in a file; the zero Text is not given.
type Text struct {
	Pos
	S string
}

// String gives the text, without its place.
func (t Text) String() string { return t.S }
