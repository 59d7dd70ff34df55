package config

import "github.com/callhours/callhours/internal/diag"

// maxSuggested is how many mistakes of a file have a suggestion, since finding one compares a name
// with all known names.
const maxSuggested = 20

// mistakeCounter counts the mistakes of a file, of which a bounded number is reported.
type mistakeCounter struct {
	mistakes, suggestions int
	firstDropped          diag.Pos // position of the first dropped one
}

// add counts a mistake, and reports whether it is within the bound.
func (c *mistakeCounter) add(pos diag.Pos) bool {
	if c.mistakes++; c.mistakes == diag.MaxMistakes+1 {
		c.firstDropped = pos
	}
	return c.mistakes <= diag.MaxMistakes
}

// reportRest reports how many mistakes of a source were dropped.
func (s *source) reportRest() {
	if more := s.counter.mistakes - diag.MaxMistakes; more > 0 {
		s.mistakes = append(s.mistakes, s.attribute(diag.MoreMistakes(s.counter.firstDropped, more)))
		s.counter = mistakeCounter{}
	}
}

// suggest ends a message about an unknown name, for the first mistakes of a file.
func (s *source) suggest(got string, known func() []string) string {
	if s.counter.suggestions++; s.counter.suggestions > maxSuggested {
		return ""
	}
	return suggest(got, known())
}

// mistake reports a mistake, in a tenant's file or in what that file uses.
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
