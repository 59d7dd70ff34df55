package routes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// BranchLabel is a branch's name for people.
func (r *Route) BranchLabel(branch string) string { return DisplayName(r.BranchNames[branch], branch) }

// Label is the route's name for people, without its tenant.
func (r *Route) Label() string { return DisplayName(r.DisplayName, r.Name) }

// DisplayName is a name for people: the given one, else the last part of a full name with a capital
// letter, and blanks for dashes and underscores: "front-desk" is "Front desk".
func DisplayName(given, name string) string {
	if given != "" {
		return given
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return ' '
		}
		return r
	}, name)
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[size:]
}
