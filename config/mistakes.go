package config

import "github.com/callhours/callhours/internal/diag"

// mostSuggested is how many mistakes of a file say what was probably meant: to find that takes
// comparing a name with all that are known.
const mostSuggested = 20

// mistakeCounter counts the mistakes that were found in a file, of which only so many are said.
type mistakeCounter struct {
	mistakes, suggestions int
	firstDropped          diag.Pos // of the first that is not said
}

// add counts a mistake, and reports whether it is said.
func (c *mistakeCounter) add(pos diag.Pos) bool {
	if c.mistakes++; c.mistakes == diag.MostMistakes+1 {
		c.firstDropped = pos
	}
	return c.mistakes <= diag.MostMistakes
}

// reportRest says how many mistakes of a source were not said.
func (s *source) reportRest() {
	if more := s.counter.mistakes - diag.MostMistakes; more > 0 {
		s.mistakes = append(s.mistakes, s.attribute(diag.More(s.counter.firstDropped, more)))
		s.counter = mistakeCounter{}
	}
}

// suggest ends a message about a name that is not known, for the first mistakes of a file.
func (s *source) suggest(got string, known func() []string) string {
	if s.counter.suggestions++; s.counter.suggestions > mostSuggested {
		return ""
	}
	return suggest(got, known())
}

// mistake notes a mistake, and that it is in a tenant's file or seen in what that file uses.
func (s *source) mistake(pos diag.Pos, format string, args ...any) {
	if s.counter.add(pos) {
		s.mistakes = append(s.mistakes, s.attribute(diag.Mistakef(pos, format, args...)))
	}
}

func (s *source) attribute(m diag.Mistake) diag.Mistake {
	if path := s.tenantPath(); path != m.File {
		m.Other = diag.Pos{File: path}
	}
	return m
}
