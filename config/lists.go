package config

import (
	"bytes"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// readLists reads the lists of numbers that a source defines.
func (s *source) readLists() {
	if s.taken != nil {
		s.file.Lists = append(s.file.Lists, s.taken.lists[s.tenant.Name]...)
		return
	}
	numbers := 0
	for _, e := range s.named(s.top.get("lists"), "lists", "a list") {
		if first, ok := s.lists.own[e.key.S]; ok {
			s.mistake(e.key.Pos, "list %q is already defined at %s", e.key.S, first.Pos)
			continue
		}
		in := s.fields(e.value, inList)
		l := &List{Pos: e.key.Pos, Name: s.prefix() + e.key.S, Tenant: s.tenantName(), Numbers: in.words("numbers")}
		switch given := in.given("file", "numbers"); {
		case in.whole && len(given) != 1:
			s.mistake(in.Pos, "list %q wants either file or numbers", e.key.S)
		case slices.Contains(given, "file"):
			s.readNumbers(l, in.word("file"))
		}
		numbers += len(l.Numbers)
		if s.exceeds(numbers, mostNumbers, l.Pos, "numbers in all its lists", "remove some, or write prefixes such as +4930*") {
			return
		}
		s.lists.own[e.key.S] = l
		s.file.Lists = append(s.file.Lists, l)
	}
}

// readNumbers reads a file with a number a line.
func (s *source) readNumbers(l *List, file Text) {
	if file.S == "" {
		return
	}
	if l.File = s.own(file, "file"); l.File == "" {
		return
	}
	in, ok := s.read(Text{Pos: file.Pos, S: l.File})
	if !ok {
		return
	}
	body := bytes.TrimPrefix(in.Bytes, []byte("\ufeff"))
	if m, bad := unreadable(l.File, body); bad {
		s.mistakes = append(s.mistakes, m)
		return
	}
	for i, line := range splitLines(body) {
		line, _, _ = strings.Cut(line, "#")
		if number := strings.TrimSpace(line); number != "" {
			col := strings.Index(line, number) + 1
			l.Numbers = append(l.Numbers, Text{Pos: diag.Pos{File: l.File, Line: i + 1, Col: col}, S: number})
		}
	}
}
