package config

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// noteMisspelledPart notes that a part of a file is not read because its key is misspelled, so that
// names defined there are not reported as unknown.
func (s *source) noteMisspelledPart(section section, part string) {
	switch {
	case !slices.Contains([]string{"calendars", "lists", "plans"}, part):
	case section == inMain:
		s.loader.misspelledParts = append(s.loader.misspelledParts, part)
	case section == inInclude:
		s.misspelledHere = append(s.misspelledHere, part)
	}
}

// isMisspelledPart reports whether names of a kind may be defined in a part that is not read.
func (s *source) isMisspelledPart(part string) bool {
	return slices.Contains(s.loader.misspelledParts, part) || slices.Contains(s.misspelledHere, part)
}

// hint says what an unknown key may have meant: the place where it belongs, else the close key of
// its own place, which is meant.
func hint(key string, section section) (text, meant string) {
	var homes []string
	for _, k := range section.table() {
		if k.name == key {
			homes = append(homes, sectionNames[k.section])
		}
	}
	slip := func(known string) bool { return diag.Distance(key, known) == 1 } // lists for list
	if len(homes) > 0 && len(homes) <= 3 && !slices.ContainsFunc(keysOf[section], slip) {
		return "; it belongs in " + strings.Join(homes, " or "), ""
	}
	return suggest(key, keysOf[section]), nearest(key, keysOf[section])
}

// suggest is diag.Suggest for a text of any length: one that is cut is close to no name.
func suggest(got string, known []string) string {
	if utf8.RuneCountInString(got) > longestQuoted {
		return ""
	}
	return diag.Suggest(got, known)
}

// nearest is diag.Nearest for a text of any length, as suggest is.
func nearest(got string, known []string) string {
	if utf8.RuneCountInString(got) > longestQuoted {
		return ""
	}
	return diag.Nearest(got, known)
}
