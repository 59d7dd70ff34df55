package calendars

// Filter chooses events by what they say. An event has to fit every field; the zero Filter fits all.
type Filter struct {
	Summary, Description, Location Patterns

	// Category fits when one of the event's categories matches and none is excluded; the pattern "" matches an event
	// without categories.
	Category Patterns

	Transparency string // "opaque" or "transparent"; "" for both
	AllDay       *bool  // nil for both
	Recurring    *bool  // nil for both; see Event.Recurring
}

// Match reports whether an event fits.
func (f *Filter) Match(e *Event) bool {
	switch {
	case f.AllDay != nil && *f.AllDay != e.AllDay,
		f.Recurring != nil && *f.Recurring != e.Recurring,
		f.Transparency != "" && (f.Transparency == "transparent") != e.Transparent:
		return false
	}
	return f.Summary.Match(e.Summary) && f.Description.Match(e.Description) && f.Location.Match(e.Location) &&
		f.Category.matchAny(e.Categories)
}

// Compares reports whether Match compares texts.
func (f *Filter) Compares() bool {
	return len(f.Summary)+len(f.Description)+len(f.Location)+len(f.Category) > 0
}

// Steps is what Match takes of an event at most, in steps of patterns; see [Patterns.Cost].
func (f *Filter) Steps(e *Event) int {
	n := f.Summary.steps(e.Summary) + f.Description.steps(e.Description) + f.Location.steps(e.Location)
	for _, category := range e.Categories {
		n += f.Category.steps(category)
	}
	return n
}

func (ps Patterns) steps(text string) int {
	if len(ps) == 0 {
		return 0
	}
	return ps.Cost() * min(len(text), maxCompared)
}
