package routes

import (
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// listed is a list of numbers that was made ready for a region.
type listed struct {
	set      *numbers
	mistakes []diag.Mistake
}

// listIn is where the numbers of a list are, and the region whose spellings it has.
type listIn struct {
	written
	region string
}

// list makes a list ready once for all conditions that name it. All of its mistakes are told the first time,
// then the first of them alone.
func (s *Shared) list(texts []diag.Text, region string) (*numbers, []diag.Mistake) {
	if len(texts) == 0 {
		return &numbers{}, nil
	}
	key := listIn{written{&texts[0], len(texts)}, region}
	if l, ok := s.lists[key]; ok {
		return l.set, l.mistakes[:min(1, len(l.mistakes))]
	}
	l := listed{set: &numbers{}}
	for _, text := range texts {
		if err := l.set.add(text, region); err != nil {
			l.mistakes = append(l.mistakes, diag.Mistakef(text.Pos, "%s", err))
		}
	}
	s.lists[key] = l
	return l.set, l.mistakes
}

// keyedNames are names that are looked for, made ready.
type keyedNames struct {
	keys  []string // longest first
	names names
	id    int // tells them from other ones
}

// keysAt is where a list of keys is.
type keysAt struct {
	first *string
	n     int
}

// names makes keys ready once for all conditions that have the same ones.
func (s *Shared) names(keys []string) *keyedNames {
	if len(keys) == 0 {
		return &keyedNames{}
	}
	at := keysAt{&keys[0], len(keys)}
	if k, ok := s.keys[at]; ok {
		return k
	}
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	text := strings.Join(sorted, "\x00")
	k, ok := s.alike[text]
	if !ok {
		k = &keyedNames{keys: sorted, names: namesOf(sorted), id: len(s.alike) + 1}
		s.alike[text] = k
	}
	s.keys[at] = k
	return k
}
