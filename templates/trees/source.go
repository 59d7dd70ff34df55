package trees

import (
	"strings"
	"text/template/parse"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// Source is the text of a template and the place where it stands.
type Source struct {
	Text     string
	At       diag.Pos       // of the first character; Line 0 stands for a place that has no lines
	Warnings []diag.Mistake // what it says and is hardly meant: a note of who reads the text

	marks []mark // each stretch further on
}

// mark counts what lies before a place: lines, and characters on its own line. With marks any place
// is found from near by.
type mark struct{ lines, characters int }

// stretch is how many bytes lie between marks.
const stretch = 1 << 10

// NewSource makes the source of a text whose first character stands at a place. Line k of the text
// is line at.Line+k-1 there, and each line begins in the column of the first (a YAML block scalar).
func NewSource(at diag.Pos, text string) *Source {
	s := &Source{Text: text, At: at}
	var m mark
	for i := 0; i < len(text); i += stretch {
		s.marks = append(s.marks, m)
		m = m.after(text[i:min(i+stretch, len(text))])
	}
	return s
}

// Pos is the place of a byte of the text, or of its end. Columns count characters.
func (s *Source) Pos(offset parse.Pos) diag.Pos {
	end := min(int(offset), len(s.Text))
	from, m := 0, mark{}
	if near := min(end/stretch, len(s.marks)-1); near > 0 {
		from, m = near*stretch, s.marks[near]
	}
	m = m.after(s.Text[from:end])
	return s.shift(m)
}

// after is where a text ends that begins at the mark.
func (m mark) after(text string) mark {
	for i := range len(text) {
		switch b := text[i]; {
		case b == '\n':
			m.lines, m.characters = m.lines+1, 0
		case utf8.RuneStart(b):
			m.characters++
		}
	}
	return m
}

// Place is the place that text/template calls line:column, where lines count from 1 and columns are
// bytes from 0.
func (s *Source) Place(line, col int) diag.Pos {
	text := s.Text
	for range line - 1 {
		_, text, _ = strings.Cut(text, "\n")
	}
	return s.shift(mark{line - 1, utf8.RuneCountInString(text[:min(col, len(text))])})
}

// shift moves from the first character down and right.
func (s *Source) shift(by mark) diag.Pos {
	p := s.At
	if p.Line > 0 {
		p.Line += by.lines
	}
	if p.Col > 0 {
		p.Col += by.characters
	}
	return p
}

// Action is the action whose first word stands at an offset, on one line, for messages. A long one
// is cut.
func (s *Source) Action(offset parse.Pos) string {
	const looked, shown = 1 << 10, 40 // bytes, characters
	begin := max(strings.LastIndex(s.Text[:offset], "{{"), 0)
	inside := s.Text[begin+len("{{"):]
	inside, _, _ = strings.Cut(inside[:min(len(inside), looked)], "}}")
	inside = strings.TrimSuffix(strings.TrimPrefix(inside, "- "), " -")
	inside = strings.Join(strings.Fields(inside), " ")
	if runes := []rune(inside); len(runes) > shown {
		inside = string(runes[:shown]) + "…"
	}
	return "{{" + inside + "}}"
}
