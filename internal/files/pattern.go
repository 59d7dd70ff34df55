package files

import (
	"fmt"
	"path/filepath"
	"strings"
)

const (
	// maxPattern is the length of a pattern in bytes, maxElement that of one between separators. The
	// names that a system has are no longer.
	maxPattern = 4096
	maxElement = 255
	// matchedBytes is how many comparisons of a byte of a name with one of a pattern cost as much as
	// reading a name.
	matchedBytes = 64
)

// ErrLongPattern is the error of a pattern that is too long, in all or between two separators.
var ErrLongPattern = fmt.Errorf("a pattern with wildcards has at most %d bytes, and %d between two slashes; "+
	"use a shorter one", maxPattern, maxElement)

// CheckPattern returns ErrLongPattern or filepath.ErrBadPattern for what cannot be a pattern. A name
// without wildcards may have any length.
func CheckPattern(pattern string) error {
	if !strings.ContainsAny(pattern, wildcards) {
		return nil
	}
	if len(pattern) > maxPattern {
		return ErrLongPattern
	}
	for element := range strings.SplitSeq(filepath.ToSlash(pattern), "/") {
		if len(element) > maxElement {
			return ErrLongPattern
		}
	}
	_, err := filepath.Match(pattern, "")
	return err
}

// Matching returns the names that match a valid pattern without separators (path.Match).
func Matching(pattern string, names []string) []string {
	var found []string
	p := newPattern(pattern)
	for _, name := range names {
		if p.mayMatch(name) {
			if matched, _ := filepath.Match(pattern, name); matched {
				found = append(found, name)
			}
		}
	}
	return found
}

// MatchCost returns what Matching costs at most, in names that are read: one for each, and for one
// that begins and ends as the pattern does, what filepath.Match takes besides, which compares a
// pattern with each part of the name.
func MatchCost(pattern string, names []string) int {
	p, cost := newPattern(pattern), 0
	for _, name := range names {
		cost++
		if p.mayMatch(name) {
			cost += len(pattern) * len(name) / matchedBytes
		}
	}
	return cost
}

// pattern is what a name has to begin and end with to match.
type pattern struct {
	head, tail string
	literal    bool // it is the same as head
}

func newPattern(text string) pattern {
	first := strings.IndexAny(text, wildcards)
	if first < 0 {
		return pattern{head: text, literal: true}
	}
	// Behind the last of these nothing is part of a class or escaped, but for one character.
	return pattern{head: text[:first], tail: text[strings.LastIndexAny(text, wildcards+"]")+1:]}
}

func (p pattern) mayMatch(name string) bool {
	if p.literal {
		return name == p.head
	}
	return len(name) >= len(p.head)+len(p.tail) && strings.HasPrefix(name, p.head) && strings.HasSuffix(name, p.tail)
}
