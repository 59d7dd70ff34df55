package routes

import (
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
)

// Shared is what many routes have in common that are made of the conditions of one plan: its
// patterns, lists of numbers and names are made ready once, and said in words once. Conditions must
// not be changed while it is in use, and it is for one goroutine.
type Shared struct {
	patterns map[written]parsed
	sames    map[string]patterns.List // by their texts, as digest tells them
	asked    map[askedAt]string
	events   map[eventsAt]narrows
	words    map[string]string     // each text once
	briefs   map[string]*callWords // by their English words
	lists    map[listIn]listed
	keys     map[keysAt]*names
	alike    map[string]*names // by their id
}

// written is where a list of texts is.
type written struct {
	first *diag.Text
	n     int
}

// NewShared makes one that has nothing yet.
func NewShared() *Shared {
	return &Shared{
		patterns: map[written]parsed{}, sames: map[string]patterns.List{},
		asked: map[askedAt]string{}, events: map[eventsAt]narrows{}, words: map[string]string{},
		briefs: map[string]*callWords{},
		lists:  map[listIn]listed{}, keys: map[keysAt]*names{}, alike: map[string]*names{},
	}
}

func (s *Shared) word(text string) string {
	if known, ok := s.words[text]; ok {
		return known
	}
	s.words[text] = text
	return text
}

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

// list makes a list ready once for all conditions that name it. All of its mistakes are told the
// first time, then the first of them alone.
func (s *Shared) list(texts []diag.Text, region string) (*numbers, []diag.Mistake) {
	if len(texts) == 0 {
		return &numbers{}, nil
	}
	key := listIn{writtenAt(texts), region}
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

// keysAt is where a list of keys is.
type keysAt struct {
	first *string
	n     int
}

// names makes keys ready once for all conditions that have the same ones.
func (s *Shared) names(keys []string) *names {
	if len(keys) == 0 {
		return namesOf(nil)
	}
	at := keysAt{&keys[0], len(keys)}
	if n, ok := s.keys[at]; ok {
		return n
	}
	n := namesOf(longestFirst(keys))
	if other, ok := s.alike[n.id]; ok {
		n = other
	}
	s.keys[at], s.alike[n.id] = n, n
	return n
}

// writtenAt is where a list of texts is.
func writtenAt(texts []diag.Text) written {
	if len(texts) == 0 {
		return written{}
	}
	return written{&texts[0], len(texts)}
}

// parsed are patterns that were read, and what is wrong with them.
type parsed struct {
	patterns patterns.List
	mistakes []diag.Mistake
}

// patternsOf reads patterns once for all conditions that have them, and those that are written
// alike once. All of their mistakes are told the first time, then the first of them alone.
func (s *Shared) patternsOf(texts []diag.Text) (patterns.List, []diag.Mistake) {
	at := writtenAt(texts)
	if p, ok := s.patterns[at]; ok {
		return p.patterns, p.mistakes[:min(1, len(p.mistakes))]
	}
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = t.S
	}
	id := digest(all...)
	ps, ok := s.sames[id]
	var mistakes []diag.Mistake
	if !ok {
		if ps, mistakes = patterns.ParseList(texts); len(mistakes) == 0 {
			s.sames[id] = ps
		}
	}
	s.patterns[at] = parsed{ps, mistakes}
	return ps, mistakes
}

// patternsAt tells patterns of one Shared from others.
type patternsAt struct {
	first *patterns.Pattern
	n     int
}

func placeOf(ps patterns.List) patternsAt {
	if len(ps) == 0 {
		return patternsAt{}
	}
	return patternsAt{&ps[0], len(ps)}
}

// askedAt is what a condition asks of a field of a call.
type askedAt struct {
	what callField
	name string
	patternsAt
}

// asks is a condition on a field of a call in words, made once for all that share its patterns.
func (s *Shared) asks(what callField, name string, ps patterns.List, values []diag.Text) string {
	at := askedAt{what, name, placeOf(ps)}
	words, ok := s.asked[at]
	if !ok {
		words = string(what)
		if name != "" {
			words += " " + name
		}
		words = s.word(words + " is " + quoted(values))
		s.asked[at] = words
	}
	return words
}

// eventsAt is what a condition asks of events.
type eventsAt struct {
	summary, description, location, category patternsAt
	transparency, field                      string
	allDay, recurring                        asksFlag
	wholeDay                                 bool
	names                                    *names
}

// asksFlag is what is asked of a flag: nothing, that it is so, or that it is not.
type asksFlag int8

func flagOf(asked *bool) asksFlag {
	switch {
	case asked == nil:
		return 0
	case *asked:
		return 1
	}
	return -1
}

// narrows is what a condition asks of events, whichever calendars they are of.
type narrows struct {
	words string // ` with summary "open*"`, or ""
	id    string // the same for those that admit the same events
}

// narrowed says in words what is asked of events, made once for all conditions that share its
// patterns.
func (s *Shared) narrowed(e Events, f *calendars.Filter, n *names) narrows {
	at := eventsAt{
		placeOf(f.Summary), placeOf(f.Description), placeOf(f.Location), placeOf(f.Category),
		e.Transparency, "", flagOf(e.AllDay), flagOf(e.Recurring), e.WholeDay, n,
	}
	id := ""
	if n != nil {
		at.field, id = e.Names.Field, n.id
	}
	known, ok := s.events[at]
	if !ok {
		words := s.word(narrowed(e))
		known = narrows{words, digest(words, id)}
		s.events[at] = known
	}
	return known
}

// digest tells texts from others, in little room.
func digest(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d ", len(text))
		io.WriteString(h, text)
	}
	return string(h.Sum(nil)[:16])
}
