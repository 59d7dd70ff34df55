package patterns

import (
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// Near is the pattern that a field would match but for a slip of the keys; "" where it matches one
// as it is, and where none is near. Only words of four letters and more are forgiven a slip, one in
// four letters to seven, two in more; the first letter has to be right, or to have changed places
// with the second. Work is bounded: only the beginning of a long field is looked at.
func (ps List) Near(field string) string {
	if ps.Match(field) {
		return ""
	}
	words := strings.Fields(Fold(head(field)))
	for _, p := range ps {
		if !p.exclude && p.regexp == nil && p.near(words) {
			return p.text
		}
	}
	return ""
}

// NearName is the index of the name that would stand in a field but for a slip of the keys; -1 if
// there is none. Names are as Fold gives them; so many are tried at most.
func NearName(field string, names []string) int {
	const most = 500
	words := strings.Fields(Fold(head(field)))
	for i, name := range names[:min(len(names), most)] {
		if containsSlipped(words, strings.Fields(name), false, false) {
			return i
		}
	}
	return -1
}

const (
	nearBytes = 200 // of a field that Near looks at
	nearWords = 12
)

// head is the beginning of a field.
func head(field string) string {
	if len(field) <= nearBytes {
		return field
	}
	end := nearBytes
	for end > 0 && !utf8.RuneStart(field[end]) {
		end--
	}
	return field[:end]
}

// near reports whether words hold what the pattern asks for, with a slip. Of a pattern with stars
// inside only the first text counts.
func (p Pattern) near(words []string) bool {
	var wanted []string
	first, texts := 0, 0
	for i, piece := range p.pieces {
		if piece.text == "" {
			continue
		}
		if texts++; texts == 1 {
			first, wanted = i, strings.Fields(piece.text)
		}
	}
	return texts == 1 && containsSlipped(words, wanted, first == 0, first == len(p.pieces)-1)
}

// containsSlipped reports whether words hold others with a slip; begins and ends say that these
// have to be the first ones, and the last.
func containsSlipped(words, wanted []string, begins, ends bool) bool {
	if len(wanted) == 0 || len(words) > nearWords {
		return false
	}
	for at := 0; at+len(wanted) <= len(words); at++ {
		if begins && at > 0 || ends && at+len(wanted) < len(words) {
			continue
		}
		if slips(words[at:at+len(wanted)], wanted, len(words) == len(wanted)) {
			return true
		}
	}
	return false
}

// slips reports whether words are the wanted ones with a slip in at least one. Another ending
// ("close" for "closed") is one only where nothing else is said.
func slips(words, wanted []string, whole bool) bool {
	slipped := false
	for i, w := range words {
		want := wanted[i]
		switch {
		case w == want:
		case !alike(w, want), !whole && (strings.HasPrefix(w, want) || strings.HasPrefix(want, w)), otherWord(w):
			return false
		default:
			slipped = true
		}
	}
	return slipped
}

func alike(w, want string) bool {
	n := utf8.RuneCountInString(want)
	if n < 4 {
		return false
	}
	a, b := []rune(w), []rune(want)
	if len(a) < 2 || a[0] != b[0] && (a[0] != b[1] || a[1] != b[0]) {
		return false
	}
	return diag.Distance(w, want) <= 1+n/8
}

// otherWord reports whether a word is a usual one in its own right, however close to one that
// calendars are searched for.
func otherWord(w string) bool {
	switch w {
	case "launch", "oven", "omen":
		return true
	}
	return false
}
