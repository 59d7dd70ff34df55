package config

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// readLists reads the lists of numbers that a source defines.
func (s *source) readLists() {
	if s.reused != nil {
		s.file.Lists = append(s.file.Lists, s.reused.lists[s.tenant.Name]...)
		return
	}
	numbers := 0
	for _, e := range s.namedEntries(s.top.get("lists"), "lists", "a list") {
		if first, ok := s.lists.own[e.key.S]; ok {
			s.mistake(e.key.Pos, "list %q is already defined at %s", e.key.S, first.Pos)
			continue
		}
		if s.exceeds(len(s.lists.own)+1, maxLists, e.key.Pos, "lists", "remove some, or split it into two tenants") {
			return
		}
		m := s.fields(e.value, inList)
		l := &List{Pos: e.key.Pos, Name: s.prefix() + e.key.S, Tenant: s.tenantName(), Numbers: m.nonBlanks("numbers")}
		switch given := m.given("file", "numbers"); {
		case m.allKnown && len(given) != 1:
			s.mistake(m.Pos, "list %q needs either file or numbers", e.key.S)
		case slices.Contains(given, "file"):
			s.readNumbers(l, m.nonBlank("file"))
		}
		numbers += len(l.Numbers)
		if s.exceeds(numbers, maxNumbers, l.Pos, "numbers in all its lists",
			"remove some, or write prefixes such as +4930*") {
			return
		}
		s.lists.own[e.key.S] = l
		s.file.Lists = append(s.file.Lists, l)
	}
}

// readNumbers reads a file with a number a line, once for all lists of the source that name it. Of
// a tenant's it reads no more than all its lists may hold, and one.
func (s *source) readNumbers(l *List, file Text) {
	if file.S == "" {
		return
	}
	if l.File = s.resolveAllowed(file, "file"); l.File == "" {
		return
	}
	if known, ok := s.numbers[l.File]; ok {
		l.Numbers = known
		return
	}
	input, ok := s.read(Text{Pos: file.Pos, S: l.File})
	if !ok {
		return
	}
	if s.numbers == nil {
		s.numbers = map[string][]Text{}
	}
	body := bytes.TrimLeft(input.Bytes, "\ufeff")
	if m, bad := invalidCharacter(l.File, body); bad {
		s.mistakes = append(s.mistakes, m)
		s.numbers[l.File] = nil
		return
	}
	limit := math.MaxInt
	if s.tenant != nil {
		limit = maxNumbers + 1
	}
	l.Numbers = slices.Clip(numbersIn(l.File, body, limit))
	s.numbers[l.File] = l.Numbers
}

// numbersIn returns at most most numbers of a file, one on each line.
func numbersIn(file string, body []byte, limit int) (numbers []Text) {
	n := 0
	for line := range strings.SplitSeq(lineBreaks.Replace(string(body)), "\n") {
		n++
		line, _, _ = strings.Cut(line, "#")
		number := strings.TrimSpace(line)
		if number == "" {
			continue
		}
		numbers = append(numbers,
			Text{Pos: diag.Pos{File: file, Line: n, Col: strings.Index(line, number) + 1}, S: number})
		if len(numbers) == limit {
			break
		}
	}
	return numbers
}
