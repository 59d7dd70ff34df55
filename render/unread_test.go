package render

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
)

func TestResembles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key, other string
		want       bool
	}{
		{"timout", "timeout", true},
		{"tiemout", "timeout", true},
		{"Timeout", "timeout", true},
		{"time-out", "timeout", true},
		{"ringTimeout", "ring_timeout", true},
		{"ring_tiemot", "ring_timeout", true},
		{"holiday", "holidays", true},
		{"mesage", "message", true},
		{"line3", "line2", false},
		{"message2", "message", false},
		{"note", "name", false},
		{"fax", "max", false},
		{"url", "URL", true},
		{"note_of_mine", "number", false},
		{"ticket", "timeout", false},
	} {
		if got := resembles(bare(c.key), bare(c.other)); got != c.want {
			t.Errorf("resembles(%q, %q) = %t", c.key, c.other, got)
		}
	}
}

// TestUnreadBound: what a tenant's keys cost that no template reads is bounded, and so is what is
// said of them.
func TestUnreadBound(t *testing.T) {
	t.Parallel()
	var text string
	for i := range 400 {
		text += fmt.Sprintf("{{ with .Data.field_%s }}{{ end }}", letter(i))
	}
	key := func(i int) string { return "feild_" + letter(i) }
	for _, keys := range []int{10, 2_000, 60_000} {
		data := map[string]any{}
		for i := range keys {
			data[key(i)] = "x"
		}
		all := sharing(t, 3, `{"module":"hangup"}`+text, data)
		for _, r := range all {
			given := &r.options.Branches[0].Data
			given.Key = func(key string) diag.Pos { return diag.Pos{File: "c.yaml", Line: 2, Col: len(key)} }
			given.Beside = func(string, string) bool { return false }
			r.options.Tenant = "acme"
		}
		s := findUnread(all)
		if most := maxNearest + 400*64*64; s.spent["acme"] > most {
			t.Errorf("%d keys: %d characters are compared, want at most %d", keys, s.spent["acme"], most)
		}
		if got, most := s.found["acme"], min(keys, maxUnread); got == 0 || got > most {
			t.Errorf("%d keys: %d are said, want some, and at most %d", keys, got, most)
		}
	}
	// what resembles nothing is compared until the bound, and not beyond
	data := map[string]any{}
	for i := range 60_000 {
		data["zzzz_zzzzz_zz_zzzz_zzzzzz_zzzzz_zz_zzzz_"+letter(i)] = "x"
	}
	all := sharing(t, 1, `{"module":"hangup"}`+text, data)
	given := &all[0].options.Branches[0].Data
	given.Key = func(string) diag.Pos { return diag.Pos{File: "c.yaml", Line: 2} }
	s := findUnread(all)
	if got, most := s.spent[""], maxNearest+400*64*64; got < maxNearest/2 || got > most {
		t.Errorf("%d characters are compared, want at most %d, and most of that", got, most)
	}
	if diff := cmp.Diff([]diag.Mistake(nil), s.mistakes()); diff != "" {
		t.Error(diff)
	}
}

// letter is a number in letters alone.
func letter(n int) string {
	var out []byte
	for ; n >= 0; n = n/26 - 1 {
		out = append(out, byte('a'+n%26))
	}
	return string(out)
}
