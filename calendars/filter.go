package calendars

import (
	"strings"

	"github.com/callhours/callhours/calendars/patterns"
)

// Filter chooses events by what they say. An event has to fit every field; the zero Filter fits
// all.
type Filter struct {
	Summary, Description, Location patterns.List

	// Category fits when one of the event's categories matches and none is excluded; the pattern ""
	// matches an event without categories.
	Category patterns.List

	Transparency string // "opaque" or "transparent"; "" for both
	AllDay       *bool  // nil for both
	Recurring    *bool  // nil for both; see Event.Recurring
}

// Match reports whether an event fits.
func (f *Filter) Match(e *Event) bool { return f.MatchWithin(e, nil) }

// MatchWithin is Match, and takes the steps of regular expressions off left; see
// [patterns.List.MatchWithin].
func (f *Filter) MatchWithin(e *Event, left *int) bool {
	switch {
	case f.AllDay != nil && *f.AllDay != e.AllDay,
		f.Recurring != nil && *f.Recurring != e.Recurring,
		f.Transparency != "" && (f.Transparency == "transparent") != e.Transparent:
		return false
	}
	return MatchTitle(f.Summary, e, left) && f.Description.MatchWithin(e.Description, left) &&
		f.Location.MatchWithin(e.Location, left) && f.Category.MatchAny(e.Categories, left)
}

// MatchTitle reports whether one of the names of an event, its Summary first, matches a list, and none is excluded; see
// [patterns.List.MatchWithin].
func MatchTitle(list patterns.List, e *Event, left *int) bool {
	if len(e.Names) == 0 || len(list) == 0 {
		return list.MatchWithin(e.Summary, left)
	}
	return list.MatchAny(e.Titles(), left)
}

// Titles are the names of the event: its Summary, and those that it has besides.
func (e *Event) Titles() []string {
	titles := []string{e.Summary}
	for _, n := range e.Names {
		titles = append(titles, n.Text)
	}
	return titles
}

// In is what the event is called in a language, such as "de" or "de-AT"; its Summary where no name of it is in that.
func (e *Event) In(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	for _, n := range e.Names {
		if own, _, _ := strings.Cut(n.Language, "-"); own == base && base != "" {
			return n.Text
		}
	}
	return e.Summary
}

// titleBytes is how many bytes of the event's names are compared.
func (e *Event) titleBytes() int {
	n := patterns.Compared(e.Summary)
	for _, name := range e.Names {
		n += patterns.Compared(name.Text)
	}
	return n
}

// Compares reports whether Match compares texts.
func (f *Filter) Compares() bool {
	return len(f.Summary)+len(f.Description)+len(f.Location)+len(f.Category) > 0
}

// Steps is what Match takes of events at most, in steps of patterns; see [patterns.List.Cost]. A
// text without bytes takes as many as one of a byte.
func (f *Filter) Steps(events ...*Event) int { return f.sumSteps(patterns.List.Cost, events) }

// PlainSteps are Steps without those of regular expressions, which [Filter.MatchWithin] counts.
func (f *Filter) PlainSteps(events ...*Event) int { return f.sumSteps(patterns.List.PlainCost, events) }

func (f *Filter) sumSteps(cost func(patterns.List) int, events []*Event) (n int) {
	summary, description, location, category := cost(f.Summary), cost(f.Description), cost(f.Location), cost(f.Category)
	for _, e := range events {
		n += summary*e.titleBytes() + description*patterns.Compared(e.Description) +
			location*patterns.Compared(e.Location)
		for _, text := range e.Categories {
			n += category * patterns.Compared(text)
		}
		if len(e.Categories) == 0 {
			n += category
		}
	}
	return n
}
