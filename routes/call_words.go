package routes

import (
	"fmt"
	"strings"

	"github.com/callhours/callhours/calendars/patterns"
)

// callWords are what a condition on a call says to people, in any language. It keeps no more than
// that: a list of numbers may be long.
type callWords struct {
	what     callField
	name     string        // of the variable or header
	patterns patterns.List // of a field with text

	number    string // the only one that is listed
	numbers   int    // how many are listed
	prefixes  int    // how many of these are prefixes
	lists     []string
	moreLists int
	withheld  bool
}

// callField is what of a call a condition looks at.
type callField string

// Their values stand in reasons.
const (
	caller     callField = "caller"
	dialed     callField = "dialed number"
	account    callField = "account"
	callerName callField = "caller name"
	digits     callField = "digits"
	variable   callField = "variable"
	header     callField = "header"
)

// numberWords are a condition on numbers.
func numberWords(what callField, n Numbers) callWords {
	w := callWords{what: what, numbers: len(n.Listed), withheld: n.Withheld}
	for _, listed := range n.Listed {
		if strings.HasSuffix(listed.S, "*") {
			w.prefixes++
		}
	}
	if len(n.Listed) == 1 {
		w.number = strings.Clone(quotable(strings.TrimSuffix(n.Listed[0].S, "*")))
	}
	shown := min(len(n.Lists), maxNamed)
	for _, l := range n.Lists[:shown] {
		w.lists = append(w.lists, quotable(l.Name))
	}
	w.moreLists = len(n.Lists) - shown
	return w
}

// brief is one such condition for all that say the same. One whose patterns were refused says nothing.
func (s *Shared) brief(w callWords) *callWords {
	text := w.in(fmt.Sprintf)
	if known, ok := s.briefs[text]; ok {
		return known
	}
	s.briefs[text] = &w
	return &w
}

// in is the condition in a language.
func (w *callWords) in(translate translator) string {
	switch w.what {
	case caller:
		return translate.orList(w.ofCaller(translate))
	case dialed:
		return translate.orList(w.ofDialed(translate))
	}
	if len(w.patterns) == 0 {
		return ""
	}
	like := translate.like(w.patterns)
	switch w.what {
	case account:
		return translate("the account is %s", like)
	case callerName:
		return translate("the caller's name is %s", like)
	case digits:
		return translate("the digits that the caller pressed are %s", like)
	case header:
		return translate("the SIP header %s is %s", quotable(w.name), like)
	default:
		return translate("the call's variable %s is %s", quotable(w.name), like)
	}
}

// ofCaller and ofDialed are two since languages say more than the subject differently.
func (w *callWords) ofCaller(translate translator) (parts []string) {
	switch {
	case w.numbers > 1 && w.prefixes == w.numbers:
		parts = append(parts, translate("the caller's number begins with one of %d prefixes", w.numbers))
	case w.numbers > 1 && w.prefixes > 0:
		parts = append(parts, translate("the caller is one of %d numbers and prefixes", w.numbers))
	case w.numbers > 1:
		parts = append(parts, translate("the caller is one of %d numbers", w.numbers))
	case w.prefixes == 1:
		parts = append(parts, translate("the caller's number begins with %s", w.number))
	case w.numbers == 1:
		parts = append(parts, translate("the caller is %s", w.number))
	}
	for _, name := range w.lists {
		parts = append(parts, translate("the caller is on the list %s", name))
	}
	switch {
	case w.moreLists == 1:
		parts = append(parts, translate("the caller is on another list"))
	case w.moreLists > 1:
		parts = append(parts, translate("the caller is on one of %d other lists", w.moreLists))
	}
	if w.withheld {
		parts = append(parts, translate("the caller withholds the number"))
	}
	return parts
}

func (w *callWords) ofDialed(translate translator) (parts []string) {
	switch {
	case w.numbers > 1 && w.prefixes == w.numbers:
		parts = append(parts, translate("the dialed number begins with one of %d prefixes", w.numbers))
	case w.numbers > 1 && w.prefixes > 0:
		parts = append(parts, translate("the dialed number is one of %d numbers and prefixes", w.numbers))
	case w.numbers > 1:
		parts = append(parts, translate("the dialed number is one of %d numbers", w.numbers))
	case w.prefixes == 1:
		parts = append(parts, translate("the dialed number begins with %s", w.number))
	case w.numbers == 1:
		parts = append(parts, translate("the dialed number is %s", w.number))
	}
	for _, name := range w.lists {
		parts = append(parts, translate("the dialed number is on the list %s", name))
	}
	switch {
	case w.moreLists == 1:
		parts = append(parts, translate("the dialed number is on another list"))
	case w.moreLists > 1:
		parts = append(parts, translate("the dialed number is on one of %d other lists", w.moreLists))
	}
	return parts
}
