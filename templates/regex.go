package templates

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// pattern is a compiled regular expression with the work that a byte of text costs at worst.
type pattern struct {
	*regexp.Regexp
	cost int
}

const longestPattern = 1000 // bytes

// compile refuses patterns whose matching would take too long: RE2's time is the text's length times the program's.
func compile(expr string) (*pattern, error) {
	const largest, groups = 1000, 20
	if len(expr) > longestPattern {
		return nil, limitf("a pattern of more than %d bytes", longestPattern)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		what := err.Error()
		if e, ok := errors.AsType[*syntax.Error](err); ok {
			what = fmt.Sprintf("%s: %q", e.Code, e.Expr)
		}
		return nil, wantf("the pattern %s does not parse: %s", clip(expr), what)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > largest || program.NumCap > 2*(groups+1) {
		return nil, limitf("the pattern %s is too large", clip(expr))
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, wantf("the pattern %s does not parse", clip(expr))
	}
	return &pattern{re, len(program.Inst)}, nil
}

// pattern finds the pattern that was compiled at load, or compiles it.
func (r *run) pattern(expr, s string) (*pattern, error) {
	p := r.t.patterns[expr]
	if p == nil {
		var err error
		if p, err = compile(expr); err != nil {
			return nil, err
		}
		if err := r.spend(64 * p.cost); err != nil {
			return nil, err
		}
	}
	return p, r.spend(len(s) * p.cost)
}

func (r *run) regexMatch(expr, s string) (bool, error) {
	p, err := r.pattern(expr, s)
	return err == nil && p.MatchString(s), err
}

func (r *run) regexFind(expr, s string) (string, error) {
	p, err := r.pattern(expr, s)
	if err != nil {
		return "", err
	}
	return p.FindString(s), nil
}

func (r *run) regexFindAll(expr, s string, n int) ([]any, error) {
	p, err := r.pattern(expr, s)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > MaxElements {
		n = MaxElements + 1
	}
	return r.strings(p.FindAllString(s, n))
}

func (r *run) regexSplit(expr, s string, n int) ([]any, error) {
	p, err := r.pattern(expr, s)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > MaxElements {
		n = MaxElements + 1
	}
	return r.strings(p.Split(s, n))
}

func (r *run) regexReplaceAll(expr, s, with string) (string, error) {
	return r.regexReplace(expr, s, func(p *pattern, dst []byte, match []int) []byte {
		return p.ExpandString(dst, with, s, match)
	}, len(with)+strings.Count(with, "$")*len(s))
}

func (r *run) regexReplaceAllLiteral(expr, s, with string) (string, error) {
	return r.regexReplace(expr, s, func(_ *pattern, dst []byte, _ []int) []byte {
		return append(dst, with...)
	}, len(with))
}

// regexReplace replaces every match by what put appends, which is at most longest bytes for one.
func (r *run) regexReplace(
	expr, s string, put func(p *pattern, dst []byte, match []int) []byte, longest int,
) (string, error) {
	p, err := r.pattern(expr, s)
	if err != nil {
		return "", err
	}
	if err := r.spend(longest); err != nil {
		return "", err
	}
	matches := p.FindAllStringSubmatchIndex(s, MaxElements+1)
	if err := r.elements(len(matches)); err != nil {
		return "", err
	}
	var out []byte
	end := 0
	for _, m := range matches {
		out = put(p, append(out, s[end:m[0]]...), m)
		end = m[1]
		if len(out) > MaxText {
			return "", r.room(len(out))
		}
	}
	return r.text(string(append(out, s[end:]...)))
}
