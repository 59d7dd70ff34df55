package listen

import (
	"context"
	"net/http"
	"net/netip"
)

// userKey finds the user name by which a request to the admin listener was authenticated.
type userKey struct{}

func withUser(r *http.Request, name string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), userKey{}, name))
}

// UserOf is the user name by which a request to the admin listener was authenticated; "" without
// one.
func UserOf(r *http.Request) string {
	name, _ := r.Context().Value(userKey{}).(string)
	return name
}

// ClientOf identifies the client of a request to the admin listener: its address (of IPv6 the /64,
// which is one customer's), and the user name of its login, which tells people behind a proxy
// apart.
func ClientOf(r *http.Request) string {
	name := UserOf(r)
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return name
	}
	own, _ := networksOf(peer.Addr().Unmap())
	return name + "@" + own.String()
}
