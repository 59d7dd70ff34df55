package server

import (
	"context"
	"net/http"
	"net/netip"
)

// userKey finds the user name by which a request to the admin listener was let in.
type userKey struct{}

func withUser(r *http.Request, name string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), userKey{}, name))
}

// clientOf is what shares of the admin listener go by: the address of a request (of IPv6 the /64, which is one
// customer's), and the user name that it was let in by, which tells people behind a proxy apart.
func clientOf(r *http.Request) string {
	name, _ := r.Context().Value(userKey{}).(string)
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return name
	}
	own, _ := sites(peer.Addr().Unmap())
	return name + "@" + own.String()
}
