package funcs

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/regex"
)

// compile refuses patterns whose matching would take too long.
func compile(expr string) (*regex.Regexp, error) {
	p, err := regex.Compile(expr)
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return nil, fmt.Errorf("the pattern %s does not parse: %s", diag.Clip(expr), fmt.Sprintf("%s: %q", e.Code, e.Expr))
	}
	if err != nil {
		return nil, Limitf("the pattern %s is too large", diag.Clip(expr))
	}
	return p, nil
}

// searchCost is what starting a search costs.
const searchCost = 64

// pattern finds the pattern that was compiled at load, or compiles it, and counts one search in a
// text.
func (r *Run) pattern(expr, s string) (*regex.Regexp, error) {
	p := r.literals.patterns[expr]
	if p == nil {
		if err := r.spend(64 * len(expr)); err != nil {
			return nil, err
		}
		var err error
		if p, err = compile(expr); err != nil {
			return nil, err
		}
		if err := r.spend(64 * p.Cost); err != nil {
			return nil, err
		}
	}
	return p, r.spend(len(expr) + searchCost + len(s)*p.Cost)
}

// matches finds the first n matches in a text, all with a negative n. Each search for the next one
// may read as far as [regex.Regexp.Ahead] says, and is counted so.
func (r *Run) matches(expr, s string, n int) (*regex.Regexp, [][]int, error) {
	p, err := r.pattern(expr, s)
	if err != nil {
		return nil, nil, err
	}
	each := searchCost + len(s)*p.Cost
	if p.Ahead >= 0 {
		each = searchCost + min(len(s), p.Ahead+1)*p.Cost
	}
	if n < 0 || n > MaxElements {
		n = MaxElements + 1
	}
	limit := r.left/each + 1 // as many as are counted, and one to know that there are more
	found := p.FindAllStringSubmatchIndex(s, min(n, limit))
	if err := r.spendElements(len(found)); err != nil {
		return nil, nil, err
	}
	return p, found, r.spend(len(found) * each)
}

func (r *Run) regexMatch(expr, s string) (bool, error) {
	p, err := r.pattern(expr, s)
	return err == nil && p.MatchString(s), err
}

func (r *Run) regexFind(expr, s string) (string, error) {
	p, err := r.pattern(expr, s)
	if err != nil {
		return "", err
	}
	return p.FindString(s), nil
}

func (r *Run) regexFindAll(expr, s string, n int) ([]any, error) {
	_, found, err := r.matches(expr, s, n)
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(found))
	for i, m := range found {
		parts[i] = s[m[0]:m[1]]
	}
	return r.stringList(parts)
}

// regexSplit gives what regexp's Split does.
func (r *Run) regexSplit(expr, s string, n int) ([]any, error) {
	_, found, err := r.matches(expr, s, n)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return r.stringList(nil)
	case expr != "" && s == "":
		return r.stringList([]string{""})
	}
	parts := make([]string, 0, len(found)+1)
	begin, end := 0, 0
	for _, m := range found {
		if n > 0 && len(parts) == n-1 {
			break
		}
		end = m[0]
		if m[1] != 0 {
			parts = append(parts, s[begin:end])
		}
		begin = m[1]
	}
	if end != len(s) {
		parts = append(parts, s[begin:])
	}
	return r.stringList(parts)
}

func (r *Run) regexReplaceAll(expr, s, replacement string) (string, error) {
	if err := r.spend(len(replacement)); err != nil { // its groups are counted
		return "", err
	}
	return r.regexReplace(expr, s, func(p *regex.Regexp, dst []byte, match []int) []byte {
		return p.ExpandString(dst, replacement, s, match)
	}, len(replacement)+strings.Count(replacement, "$")*len(s))
}

func (r *Run) regexReplaceAllLiteral(expr, s, replacement string) (string, error) {
	return r.regexReplace(expr, s, func(_ *regex.Regexp, dst []byte, _ []int) []byte {
		return append(dst, replacement...)
	}, len(replacement))
}

// regexReplace replaces every match by what put appends, which is at most longest bytes for one.
func (r *Run) regexReplace(
	expr, s string, appendTo func(p *regex.Regexp, dst []byte, match []int) []byte, longest int,
) (string, error) {
	p, found, err := r.matches(expr, s, -1)
	if err != nil {
		return "", err
	}
	if err := r.spend(longest); err != nil {
		return "", err
	}
	var out []byte
	end := 0
	for _, m := range found {
		before := len(out)
		out = appendTo(p, append(out, s[end:m[0]]...), m)
		end = m[1]
		if len(out) > MaxText {
			return "", r.spendText(len(out))
		}
		if err := r.spend(len(out) - before); err != nil {
			return "", err
		}
	}
	return r.boundText(string(append(out, s[end:]...)))
}
