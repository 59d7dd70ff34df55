package config

import "testing"

func TestSameAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"127.0.0.1:7001", "localhost:7001", true},
		{"LocalHost.:7001", "[::ffff:127.0.0.1]:7001", true},
		{"127.0.0.1:07001", ":7001", true},
		{"[::ffff:127.0.0.1]:7001", "127.0.0.1:7001", true},
		{"[0:0::1]:7001", "[::1]:7001", true},
		{"pbx.example.com:7001", "PBX.example.com:7001", true},
		{"127.0.0.2:7001", "localhost:7001", false},
		{"[::1]:7001", "localhost:7001", false},
		{"192.0.2.7:7001", "localhost:7001", false},
		{"127.0.0.1:7001", "localhost:7002", false},
		{"127.0.0.1:0", "localhost:00", false},
		{"pbx.example.com:7001", "127.0.0.1:7001", false},
	} {
		if got, back := addressesConflict(c.a, c.b), addressesConflict(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%s and %s: got %t and %t, want %t", c.a, c.b, got, back, c.want)
		}
	}
}
