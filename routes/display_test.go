package routes

import "testing"

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, name, want string }{
		{"", "front-desk", "Front desk"},
		{"", "acme/main_line", "Main line"},
		{"", "öffnung", "Öffnung"},
		{"", "24x7", "24x7"},
		{"", "", ""},
		{"Büro Bonn", "bonn", "Büro Bonn"},
	} {
		if got := DisplayName(c.given, c.name); got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.given, c.name, got, c.want)
		}
	}
}
