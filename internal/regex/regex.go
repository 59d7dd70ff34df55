// Package regex compiles regular expressions (RE2) whose matching cost is known. Matching takes at
// worst the length of the text times the size of the program, so that both are bounded. The package
// keeps no state.
package regex

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Bounds of an expression.
const (
	MaxLength = 1000 // bytes
	MaxSize   = 1000 // instructions of its program: x{500} are 500
	MaxGroups = 20
)

// Regexp is a compiled expression. It never changes.
type Regexp struct {
	*regexp.Regexp
	// Cost is how many steps a byte of text takes at worst.
	Cost int
	// Ahead is how many characters behind the end of a match a search may have looked at, to find a
	// longer one; -1 where that is all of the text, as for x*y|x. Searching for all matches reads
	// the text once in the first case, and once for each match in the other.
	Ahead int

	program *syntax.Prog
	prefix  string     // with which each match begins
	first   *[256]bool // see firstBytes
}

// ErrTooLarge is wrapped by the error of [Compile] for an expression beyond the bounds.
var ErrTooLarge = errors.New("the expression is too large")

// Compile compiles an expression. Its error is a *[syntax.Error], or names the bound that is
// exceeded.
func Compile(expr string) (*Regexp, error) {
	if len(expr) > MaxLength {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, MaxLength)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	large := fmt.Errorf("%w: its repetitions make more than %d steps, or it has more than %d groups", ErrTooLarge,
		MaxSize, MaxGroups)
	// what is counted here, compiling makes room for
	if parsed.MaxCap() > MaxGroups || estimateSize(parsed) > 2*MaxSize {
		return nil, large
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > MaxSize {
		return nil, large
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	prefix, _ := re.LiteralPrefix()
	return &Regexp{re, len(program.Inst), lookahead(program), program, prefix, firstBytes(program)}, nil
}

// estimateSize estimates how many instructions an expression compiles to, without compiling it.
func estimateSize(re *syntax.Regexp) int {
	const most = 1 << 20
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n = min(n+estimateSize(sub), most)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min+1, re.Max)
	}
	return min(n, most)
}

// lookahead finds Ahead: the longest way through instructions that read a character and
// after which nothing has matched.
func lookahead(p *syntax.Prog) int {
	next := make([][]uint32, len(p.Inst)) // instructions that read, after one that does
	matches := make([]bool, len(p.Inst))  // nothing more need be read after it
	reads := func(i uint32) bool { return reads(p.Inst[i].Op) }
	var closure func(from uint32, seen []bool, visit func(i uint32))
	closure = func(from uint32, seen []bool, visit func(i uint32)) {
		if seen[from] {
			return
		}
		seen[from] = true
		switch inst := &p.Inst[from]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			closure(inst.Out, seen, visit)
			closure(inst.Arg, seen, visit)
		case syntax.InstCapture, syntax.InstNop:
			closure(inst.Out, seen, visit)
		case syntax.InstEmptyWidth: // may not hold: what follows is not sure to match
			closure(inst.Out, seen, func(i uint32) {
				if reads(i) {
					visit(i)
				}
			})
		default:
			visit(from)
		}
	}
	for i := range p.Inst {
		if reads(uint32(i)) {
			closure(p.Inst[i].Out, make([]bool, len(p.Inst)), func(j uint32) {
				if reads(j) {
					next[i] = append(next[i], j)
				} else {
					matches[i] = matches[i] || p.Inst[j].Op == syntax.InstMatch
				}
			})
		}
	}
	// The longest way from each; on the way while it is looked for, so that a circle is found.
	const open, unknown = -2, -3
	longest := make([]int, len(p.Inst))
	for i := range longest {
		longest[i] = unknown
	}
	var way func(i uint32) int
	way = func(i uint32) int {
		switch {
		case matches[i]:
			return 1
		case longest[i] == open:
			return -1
		case longest[i] != unknown:
			return longest[i]
		}
		longest[i] = open
		most := 0
		for _, j := range next[i] {
			n := way(j)
			if n < 0 {
				most = -1
				break
			}
			most = max(most, n)
		}
		if most >= 0 {
			most++
		}
		longest[i] = most
		return most
	}
	all := 0
	for i := range p.Inst {
		if !reads(uint32(i)) {
			continue
		}
		n := way(uint32(i))
		if n < 0 {
			return -1
		}
		all = max(all, n)
	}
	return all
}
