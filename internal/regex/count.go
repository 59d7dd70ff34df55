package regex

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// MatchWithin is MatchString with a count of its steps. It takes what matching takes
// off left, in instructions of the program that are looked at, and gives false once nothing is
// left. A byte of a text takes as many as there are ways to go on at it, mostly a few, and
// [Regexp.Cost] at worst.
func (r *Regexp) MatchWithin(text string, left *int) bool {
	*left -= 4 + len(r.program.Inst)/skippedInStep // to begin takes something too
	if !strings.Contains(text, r.prefix) {
		*left -= len(text) / skippedInStep
		return false
	}
	m := machine{program: r.program, now: newSet(len(r.program.Inst)), next: newSet(len(r.program.Inst)), left: left}
	before, at := rune(-1), 0
	for {
		if from := at; len(m.next.list) == 0 && r.first != nil {
			for at < len(text) && !r.first[text[at]] {
				at++
			}
			if *left -= (at - from) / skippedInStep; at == len(text) {
				return false
			}
			if at > from {
				before, _ = utf8.DecodeLastRuneInString(text[:at])
			}
		}
		char, size := rune(-1), 0
		if at < len(text) {
			char, size = utf8.DecodeRuneInString(text[at:])
		}
		m.now.clear()
		m.here = syntax.EmptyOpContext(before, char)
		for _, i := range m.next.list {
			m.reach(i)
		}
		m.reach(uint32(r.program.Start))
		if m.matched || size == 0 || *left < 0 {
			return m.matched && *left >= 0
		}
		m.next.clear()
		*left -= len(m.now.list)
		for _, i := range m.now.list {
			if inst := &r.program.Inst[i]; reads(inst.Op) && inst.MatchRune(char) {
				m.next.add(inst.Out)
			}
		}
		before, at = char, at+size
	}
}

// skippedInStep is how many bytes that cannot begin a match are passed in the time of an
// instruction.
const skippedInStep = 4

// firstBytes are those that a match may begin with; nil where it may be empty.
func firstBytes(p *syntax.Prog) *[256]bool {
	left := len(p.Inst)
	m := machine{program: p, now: newSet(len(p.Inst)), here: ^syntax.EmptyOp(0), left: &left}
	m.reach(uint32(p.Start))
	if m.matched {
		return nil
	}
	var first [256]bool
	for b := range first {
		first[b] = b >= utf8.RuneSelf || slices.ContainsFunc(m.now.list, func(i uint32) bool {
			return reads(p.Inst[i].Op) && p.Inst[i].MatchRune(rune(b))
		})
	}
	return &first
}

// machine follows all ways through a program at once.
type machine struct {
	program   *syntax.Prog
	now, next set // instructions that are reached before a character, and after it
	here      syntax.EmptyOp
	left      *int
	matched   bool
}

// reach adds an instruction and all that follow from it before the next character.
func (m *machine) reach(i uint32) {
	if !m.now.add(i) {
		return
	}
	*m.left--
	switch inst := &m.program.Inst[i]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		m.reach(inst.Out)
		m.reach(inst.Arg)
	case syntax.InstCapture, syntax.InstNop:
		m.reach(inst.Out)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^m.here == 0 {
			m.reach(inst.Out)
		}
	case syntax.InstMatch:
		m.matched = true
	}
}

func reads(op syntax.InstOp) bool {
	return op == syntax.InstRune || op == syntax.InstRune1 || op == syntax.InstRuneAny || op == syntax.InstRuneAnyNotNL
}

// set is a set of instructions that is emptied at no cost.
type set struct{ list, where []uint32 }

func newSet(n int) set { return set{make([]uint32, 0, n), make([]uint32, n)} }

// add reports whether an instruction was not there.
func (s *set) add(i uint32) bool {
	if at := s.where[i]; int(at) < len(s.list) && s.list[at] == i {
		return false
	}
	s.where[i] = uint32(len(s.list))
	s.list = append(s.list, i)
	return true
}

func (s *set) clear() { s.list = s.list[:0] }
