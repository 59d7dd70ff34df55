package server

import (
	"net/http"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/server/listen"
)

// requestPath is a request's path with the token that may lead it. Such a path may also be that of
// a route whose first segment is the same text: then the call decides which of the two it is.
type requestPath struct {
	path        string // without a token
	token       string // that led it; "" for none
	unsplit     string // the path as it is, where a route has that too; "" where none does
	reauthorize bool   // the credentials are others than those that were let in
}

// splitToken takes a token that leads a path into the credentials.
func (l *live) splitToken(path string, presented *listen.Credentials) requestPath {
	token, rest := l.access.SplitToken(path)
	if token == "" {
		return requestPath{path: path}
	}
	r := requestPath{path: rest, token: token}
	if l.access.HasPath(path) {
		r.unsplit = path
	}
	presented.AddPathToken(token)
	return r
}

// authorize is that of the door to a path, whatever the path means.
func (l *live) authorize(r *requestPath, presented *listen.Credentials) (by *listen.Auth, status int) {
	by, status = l.access.Authorize(r.path, presented)
	if status != http.StatusOK && r.unsplit != "" {
		r.useUnsplit(presented)
		by, status = l.access.Authorize(r.path, presented)
	}
	return by, status
}

// useUnsplit takes the path as it is.
func (r *requestPath) useUnsplit(presented *listen.Credentials) {
	presented.DropPathToken()
	*r = requestPath{path: r.unsplit, reauthorize: true}
}

// match finds the route of a call. A token that leads the path counts if the route has it, or if
// no route is found either way.
func (l *live) match(r *requestPath, call *pivot.Call, presented *listen.Credentials) (int, routes.MissReason) {
	found, why := l.table.Match(r.path, call)
	if r.unsplit == "" || found != routes.None && l.served[found].auth.HasToken(r.token) {
		return found, why
	}
	if whole, how := l.table.Match(r.unsplit, call); whole != routes.None || found != routes.None {
		r.useUnsplit(presented)
		return whole, how
	}
	return found, why
}
