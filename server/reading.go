package server

import (
	"net/http"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/server/listen"
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
func (l *live) read(path string, presented *listen.Credentials) reading {
	token, rest := l.access.SplitToken(path)
	if token == "" {
		return reading{path: path}
	}
	r := reading{path: rest, token: token}
	if l.access.HasPath(path) {
		r.whole = path
	}
	presented.AddPathToken(token)
	return r
}

// admit is that of the door to a path, whatever the path means.
func (l *live) admit(r *reading, presented *listen.Credentials) (by *listen.Auth, status int) {
	by, status = l.access.Authorize(r.path, presented)
	if status != http.StatusOK && r.whole != "" {
		r.useWhole(presented)
		by, status = l.access.Authorize(r.path, presented)
	}
	return by, status
}

// useWhole takes the path as it is.
func (r *reading) useWhole(presented *listen.Credentials) {
	presented.DropPathToken()
	*r = reading{path: r.whole, again: true}
}

// match finds the route of a call. A token that leads the path counts if the route has it, or if
// no route is found either way.
func (l *live) match(r *reading, call *pivot.Call, presented *listen.Credentials) (int, routes.Why) {
	found, why := l.table.Match(r.path, call)
	if r.whole == "" || found != routes.None && l.served[found].auth.HasToken(r.token) {
		return found, why
	}
	if whole, how := l.table.Match(r.whole, call); whole != routes.None || found != routes.None {
		r.useWhole(presented)
		return whole, how
	}
	return found, why
}
