package routes

import (
	"fmt"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// Why says by what a call found its route, or why it found none.
type Why string

// What a call can be matched by, most specific first, and the reasons for which it is not. The latter are label values
// of callhours_unmatched_calls_total.
const (
	ByAccountAndNumber Why = "account and number"
	ByNumber           Why = "number"
	ByAccountAndPrefix Why = "account and prefix"
	ByPrefix           Why = "prefix"
	ByAccount          Why = "account"
	ByPath             Why = "path"

	NoPath          Why = "no_path"
	OtherAccount    Why = "other_account"
	NumberNotListed Why = "number_not_listed"
	NoNumber        Why = "no_number"
)

// Table finds the route of a call. It is immutable and safe for concurrent use.
type Table struct {
	paths map[string]*place
}

// place is what answers on one path.
type place struct {
	accounts map[string]*index // by account in lower case
	any      index             // routes that ask for no account
	listed   numbers           // every number of the path, whoever's
}

// index is what answers on one path for one account, or for any.
type index struct {
	exact    map[string]*Route
	prefixes map[string]prefixRoute
	lengths  []int
	rest     *Route // asks for no number
}

type prefixRoute struct {
	prefix
	route *Route
}

// NewTable puts routes where calls find them. A spelling of a number, or a path, that two routes claim for one account is a mistake.
func NewTable(rs []*Route) (*Table, []diag.Mistake) {
	t := &Table{paths: map[string]*place{}}
	var mistakes []diag.Mistake
	for _, r := range rs {
		p := t.paths[r.Path]
		if p == nil {
			p = &place{accounts: map[string]*index{}}
			t.paths[r.Path] = p
		}
		indexes := []*index{&p.any}
		if len(r.Match.Accounts) > 0 {
			indexes = indexes[:0]
			for _, account := range r.Match.Accounts {
				key := strings.ToLower(account.S)
				if p.accounts[key] == nil {
					p.accounts[key] = &index{}
				}
				indexes = append(indexes, p.accounts[key])
			}
		}
		for _, x := range indexes {
			mistakes = append(mistakes, x.claim(r)...)
		}
		p.listed.merge(&r.spellings)
	}
	return t, mistakes
}

// claim puts a route into the index and reports whom it collides with.
func (x *index) claim(r *Route) []diag.Mistake {
	var mistakes []diag.Mistake
	taken := func(at diag.Pos, what string, by *Route) {
		if by != r {
			m := diag.Mistakef(at, "%s on path %s is already answered by route %q at %s; "+
				"give one of them another number, account or path", what, r.Path, by.Name, by.Pos)
			m.Other = by.Pos
			mistakes = append(mistakes, m)
		}
	}
	if len(r.Match.Dialed) == 0 {
		if x.rest == nil {
			x.rest = r
		}
		taken(r.Pos, "every number", x.rest)
	}
	for spelling, written := range r.spellings.exact {
		if x.exact == nil {
			x.exact = map[string]*Route{}
		}
		if x.exact[spelling] == nil {
			x.exact[spelling] = r
		}
		taken(written.Pos, fmt.Sprintf("number %q", written.S), x.exact[spelling])
	}
	for spelling, p := range r.spellings.prefixes {
		if x.prefixes == nil {
			x.prefixes = map[string]prefixRoute{}
		}
		if x.prefixes[spelling].route == nil {
			x.prefixes[spelling] = prefixRoute{p, r}
		}
		taken(p.written.Pos, fmt.Sprintf("prefix %q", p.written.S), x.prefixes[spelling].route)
	}
	x.lengths = union(x.lengths, r.spellings.lengths)
	return mistakes
}

// Match finds the route that answers a call on a path ([CleanPath] of what was asked for), and by what it was found. Most
// specific wins: account and number, number, account and longest prefix, prefix, account, path alone. Without a route
// it is nil, and why says what is missing. It allocates nothing.
func (t *Table) Match(path string, c *pivot.Call) (*Route, Why) {
	p := t.paths[path]
	if p == nil {
		return nil, NoPath
	}
	var accountBuf, numberBuf [longest]byte
	account := p.accounts[string(normal(accountBuf[:0], c.AccountID))]
	number := normal(numberBuf[:0], c.Dialed)
	if r := account.number(number); r != nil {
		return r, ByAccountAndNumber
	}
	if r := p.any.number(number); r != nil {
		return r, ByNumber
	}
	if r := account.longestPrefix(number); r != nil {
		return r, ByAccountAndPrefix
	}
	if r := p.any.longestPrefix(number); r != nil {
		return r, ByPrefix
	}
	if account != nil && account.rest != nil {
		return account.rest, ByAccount
	}
	if p.any.rest != nil {
		return p.any.rest, ByPath
	}
	return nil, p.miss(account, c)
}

// miss says why a call on the path finds no route.
func (p *place) miss(account *index, c *pivot.Call) Why {
	switch {
	case account == nil && len(p.any.exact) == 0 && len(p.any.prefixes) == 0:
		return OtherAccount
	case c.Dialed == "":
		return NoNumber
	case p.listed.has(c.Dialed):
		return OtherAccount
	}
	return NumberNotListed
}

func (x *index) number(key []byte) *Route {
	if x == nil || len(key) == 0 {
		return nil
	}
	return x.exact[string(key)]
}

func (x *index) longestPrefix(key []byte) *Route {
	if x == nil {
		return nil
	}
	for _, length := range x.lengths {
		if length <= len(key) {
			if p, ok := x.prefixes[string(key[:length])]; ok && len(key) >= p.least {
				return p.route
			}
		}
	}
	return nil
}

// CleanPath is the path that a request means: doubled and trailing slashes are ignored. It allocates only if there are any.
func CleanPath(path string) string {
	if !strings.Contains(path, "//") && (len(path) == 1 || !strings.HasSuffix(path, "/")) && strings.HasPrefix(path, "/") {
		return path
	}
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(segments, "/")
}
