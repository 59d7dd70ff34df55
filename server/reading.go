package server

import (
	"net/http"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
)

// reading is what the path of a request means. One that begins with a token may also be the path of a route whose first
// segment is the same text: the call decides then which of the two it is.
type reading struct {
	path  string // without a token
	token string // that led it; "" for none
	whole string // the path as it is, where a route has that too; "" where none does
	again bool   // the credentials are others than those that were let in
}

// read takes a token that leads a path into the credentials.
func (l *live) read(path string, presented *credentials) reading {
	token, rest := l.tokens.split(path)
	if token == "" {
		return reading{path: path}
	}
	r := reading{path: rest, token: token}
	if l.doors.paths[path] != nil {
		r.whole = path
	}
	presented.tokens = append(presented.tokens, token)
	return r
}

// admit is that of the door to a path, whatever the path means.
func (l *live) admit(r *reading, presented *credentials) (by *auth, status int) {
	by, status = l.doors.at(r.path).admit(presented)
	if status != http.StatusOK && r.whole != "" {
		r.useWhole(presented)
		by, status = l.doors.at(r.path).admit(presented)
	}
	return by, status
}

// useWhole takes the path as it is.
func (r *reading) useWhole(presented *credentials) {
	presented.tokens = presented.tokens[:len(presented.tokens)-1]
	*r = reading{path: r.whole, again: true}
}

// match finds the route of a call. A token that leads the path counts if the route has it, or if
// no route is found either way.
func (l *live) match(r *reading, call *pivot.Call, presented *credentials) (int, routes.Why) {
	found, why := l.table.Match(r.path, call)
	if r.whole == "" || found != routes.None && same(l.tokenOf(found), r.token) {
		return found, why
	}
	if whole, how := l.table.Match(r.whole, call); whole != routes.None || found != routes.None {
		r.useWhole(presented)
		return whole, how
	}
	return found, why
}

// tokenOf is the digest of a route's token; nil for none.
func (l *live) tokenOf(route int) *[32]byte {
	if a := l.served[route].auth; a != nil {
		return a.token
	}
	return nil
}
