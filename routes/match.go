package routes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// MissReason says by what a call found its route, or why it found none.
type MissReason string

// What a call can be matched by, most specific first, and the reasons for which it is not. The
// latter are label values of callhours_unmatched_calls_total.
const (
	ByAccountAndNumber MissReason = "account and number"
	ByNumber           MissReason = "number"
	ByAccountAndPrefix MissReason = "account and prefix"
	ByPrefix           MissReason = "prefix"
	ByAccount          MissReason = "account"
	ByPath             MissReason = "path"

	NoPath          MissReason = "no_path"
	OtherAccount    MissReason = "other_account"
	NumberNotListed MissReason = "number_not_listed"
	NoNumber        MissReason = "no_number"
)

// None is the index of no route.
const None = -1

// Table finds the route of a call. It is immutable and safe for concurrent use.
type Table struct {
	paths map[string]*place
	long  map[string]bool // segments of paths that are long enough to be a token
	// the paths, sorted, and how many bytes they have together
	sorted    []string
	pathBytes int
}

// place is what answers on one path. Routes go by their index.
type place struct {
	exact    map[string]int32  // by account and number; see keyed
	accounts map[string]*index // by account in lower case
	any      index             // routes that ask for no account
	numbers  int               // of exact that ask for no account
	listed   numbers           // every number of the path, whoever's
	leftover bool              // the rest of any is Leftover
}

// index is what answers on one path for one account, or for any, where a call does not dial a
// number that is listed whole.
type index struct {
	prefixes map[string]prefixRoute
	lengths  []int
	rest     int32 // asks for no number
}

type prefixRoute struct {
	prefix
	route int32
}

// NewTable puts routes where calls find them. A spelling of a number, or a path, that two routes
// claim for one account is a mistake.
func NewTable(rs []*Route) (*Table, []diag.Mistake) {
	t := &Table{paths: map[string]*place{}, long: map[string]bool{}}
	c := claims{routes: rs}
	for i, r := range rs {
		p := t.paths[r.Path]
		if p == nil {
			p = &place{exact: map[string]int32{}, accounts: map[string]*index{}, any: index{rest: None}}
			t.paths[r.Path] = p
			for segment := range strings.SplitSeq(r.Path, "/") {
				if len(segment) >= longSegment {
					t.long[segment] = true
				}
			}
		}
		if len(r.Match.Accounts) == 0 {
			before := len(p.exact)
			c.claim(p, "", &p.any, i)
			p.numbers += len(p.exact) - before
		}
		for _, account := range r.Match.Accounts {
			key := strings.ToLower(account.S)
			if p.accounts[key] == nil {
				p.accounts[key] = &index{rest: None}
			}
			c.claim(p, key, p.accounts[key], i)
		}
		p.listed.merge(&r.spellings)
	}
	t.sorted = slices.Sorted(maps.Keys(t.paths))
	for _, path := range t.sorted {
		t.pathBytes += len(path)
	}
	return t, c.mistakes
}

// claims are what routes claim for themselves while a table is made.
type claims struct {
	routes   []*Route
	mistakes []diag.Mistake
	key      []byte // room for one
}

// claim puts a route where the calls of an account find it, and notes whom it collides with.
func (c *claims) claim(p *place, account string, x *index, route int) {
	r, at := c.routes[route], int32(route)
	taken := func(by int32, claimed diag.Pos, what string, written *diag.Text) {
		if other := c.routes[by]; other != r {
			if written != nil {
				what = fmt.Sprintf("%s %q", what, written.S)
			}
			m := diag.Mistakef(claimed, "%s on path %s is already answered by route %q at %s; "+
				"give one of them another number, account or path", what, r.Path, other.Name, other.Pos)
			m.Other = other.Pos
			c.mistakes = append(c.mistakes, m)
		}
	}
	if len(r.Match.Dialed) == 0 {
		if x.rest == None {
			x.rest = at
			p.leftover = p.leftover || r.Match.Leftover
		}
		taken(x.rest, r.Pos, "every number", nil)
	}
	for spelling, written := range r.spellings.exact {
		c.key = keyed(c.key[:0], account, spelling)
		by, ok := p.exact[string(c.key)]
		if !ok {
			p.exact[string(c.key)], by = at, at
		}
		taken(by, written.Pos, "number", written)
	}
	for spelling, pre := range r.spellings.prefixes {
		if x.prefixes == nil {
			x.prefixes = map[string]prefixRoute{}
		}
		if _, ok := x.prefixes[spelling]; !ok {
			x.prefixes[spelling] = prefixRoute{pre, at}
		}
		taken(x.prefixes[spelling].route, pre.written.Pos, "prefix", pre.written)
	}
	x.lengths = union(x.lengths, r.spellings.lengths)
}

// keyed appends what a number of an account is found by, "" being any account. It is one key and
// not two maps, one in the other, since of ten thousand routes each step is another place in memory
// that is in no cache.
func keyed[T string | []byte](dst []byte, account, number T) []byte {
	return append(append(append(dst, account...), 0), number...)
}

// Match finds the route that answers a call on a path ([CleanPath] of what was asked for), and by
// what it was found. Most specific wins: account and number, number, account and longest prefix,
// prefix, account, path alone. It gives the route's index in what [NewTable] was given; without a
// route that is [None], and why says what is missing. It allocates nothing.
func (t *Table) Match(path string, c *pivot.Call) (int, MissReason) {
	p := t.paths[path]
	if p == nil {
		return None, NoPath
	}
	var accountBuf, numberBuf [longest]byte
	accountKey := normal(accountBuf[:0], c.AccountID)
	number := normal(numberBuf[:0], c.Dialed)
	if len(accountKey) > 0 {
		if i := p.number(accountKey, number); i != None {
			return i, ByAccountAndNumber
		}
	}
	if p.numbers > 0 {
		if i := p.number(nil, number); i != None {
			return i, ByNumber
		}
	}
	account := p.accounts[string(accountKey)]
	if i := account.longestPrefix(number); i != None {
		return i, ByAccountAndPrefix
	}
	if i := p.any.longestPrefix(number); i != None {
		return i, ByPrefix
	}
	if account != nil && account.rest != None {
		return int(account.rest), ByAccount
	}
	if p.any.rest != None && (account == nil || !p.leftover) {
		return int(p.any.rest), ByPath
	}
	return None, p.miss(account, c)
}

// miss says why a call on the path finds no route.
func (p *place) miss(account *index, c *pivot.Call) MissReason {
	switch {
	case account == nil && p.numbers == 0 && len(p.any.prefixes) == 0:
		return OtherAccount
	case c.Dialed == "":
		return NoNumber
	case account == nil && p.listed.has(c.Dialed): // to an account of the path it is not told what others have
		return OtherAccount
	}
	return NumberNotListed
}

// number is the route of a number that is listed whole.
func (p *place) number(account, number []byte) int {
	if len(number) == 0 {
		return None
	}
	var buf [2*longest + 1]byte
	if i, ok := p.exact[string(keyed(buf[:0], account, number))]; ok {
		return int(i)
	}
	return None
}

func (x *index) longestPrefix(key []byte) int {
	if x == nil {
		return None
	}
	for _, length := range x.lengths {
		if length <= len(key) {
			if p, ok := x.prefixes[string(key[:length])]; ok && len(key) >= p.least {
				return int(p.route)
			}
		}
	}
	return None
}

// CleanPath is the path that a request means: doubled and trailing slashes are ignored. It
// allocates only if there are any.
func CleanPath(path string) string {
	if !strings.Contains(path, "//") && (len(path) == 1 || !strings.HasSuffix(path, "/")) &&
		strings.HasPrefix(path, "/") {
		return path
	}
	var b strings.Builder
	b.Grow(len(path) + 1)
	after := byte(0)
	for i := range len(path) {
		switch c := path[i]; c {
		case '/':
			after = '/'
		default:
			if after == '/' || i == 0 {
				b.WriteByte('/')
			}
			b.WriteByte(c)
			after = c
		}
	}
	return cmp.Or(b.String(), "/")
}
