package config

import (
	"strings"
	"testing"
)

func TestStrong(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{
		"":                                        false,
		"pivot":                                   false,
		"correct-horse":                           false,
		"0123456789abcdef":                        false, // 64 bits
		"4f1c9a7be2d80365814f1c9a7be2d803":        true,  // openssl rand -hex 16
		"4f1c9a7be2d80365814f1c9a7be2d80":         false, // a digit less
		"4F1C9A7BE2D80365814F1C9A7BE2D803":        true,  //
		"Zk3tq9hV_x7RbLmW2pYc8g":                  true,  // 22 letters, digits and others
		"q7v0x2k9m4w8r1t6y3b5n0c2z":               true,  // 25 small letters and digits
		"q7v0x2k9m4w8r1t6y3b5n0c2":                false, // 24
		strings.Repeat("a", 64):                   false, // one text among few
		strings.Repeat("ab12", 32):                false, // likewise
		"31415926535897932384626433832795":        false, // 32 decimal digits
		"314159265358979323846264338327950288419": true,  // 39 of them
	} {
		if got := isStrong(token); got != want {
			t.Errorf("%q: got %v, want %v", token, got, want)
		}
	}
}
