package config

import "github.com/callhours/callhours/internal/diag"

// mostSuggested is how many mistakes of a file say what was probably meant: to find that takes comparing a
// name with all that are known.
const mostSuggested = 20

// said counts the mistakes that were found in a file, of which only so many are said.
type said struct {
	mistakes, suggested int
	rest                diag.Pos // of the first that is not said
}

// admits counts a mistake, and reports whether it is said.
func (s *said) admits(p diag.Pos) bool {
	if s.mistakes++; s.mistakes == diag.MostMistakes+1 {
		s.rest = p
	}
	return s.mistakes <= diag.MostMistakes
}

// sayRest says how many mistakes of a source were not said.
func (s *source) sayRest() {
	if more := s.said.mistakes - diag.MostMistakes; more > 0 {
		s.mistakes = append(s.mistakes, s.mistaken(diag.More(s.said.rest, more)))
		s.said = said{}
	}
}

// suggest ends a message about a name that is not known, for the first mistakes of a file.
func (s *source) suggest(got string, known func() []string) string {
	if s.said.suggested++; s.said.suggested > mostSuggested {
		return ""
	}
	return suggest(got, known())
}

// mistake notes a mistake, and that it is in a tenant's file or seen in what that file uses.
func (s *source) mistake(p diag.Pos, format string, args ...any) {
	if s.said.admits(p) {
		s.mistakes = append(s.mistakes, s.mistaken(diag.Mistakef(p, format, args...)))
	}
}

func (s *source) mistaken(m diag.Mistake) diag.Mistake {
	if of := s.on(); of != m.File {
		m.Other = diag.Pos{File: of}
	}
	return m
}
