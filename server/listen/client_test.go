package listen

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestClientOf: shares go by address and user; of IPv6 addresses a customer has a /64.
func TestClientOf(t *testing.T) {
	t.Parallel()
	of := func(from, user string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = from
		if user != "" {
			r = withUser(r, user)
		}
		return ClientOf(r)
	}
	for _, c := range []struct {
		a, b, user string
		hasDigest  bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", "", true},
		{"192.0.2.1:1", "[::ffff:192.0.2.1]:2", "", true},
		{"192.0.2.1:1", "192.0.2.2:1", "", false},
		{"[2001:db8::1]:1", "[2001:db8::2]:1", "", true},
		{"[fe80::1%eth0]:1", "[fe80::1]:1", "", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", "", false},
		{"192.0.2.1:1", "192.0.2.1:2", "someone", false},
	} {
		if a, b := of(c.a, ""), of(c.b, c.user); (a == b) != c.hasDigest {
			t.Errorf("%s is %q and %s %q, same: want %v", c.a, a, c.b, b, c.hasDigest)
		}
	}
}
