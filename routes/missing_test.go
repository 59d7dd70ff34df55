package routes

import (
	"strings"
	"testing"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	table, mistakes := NewTable([]*Route{
		{Options: Options{Path: "/zentrale"}}, {Options: Options{Path: "/support-of-the-north-west/night"}},
	})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for _, c := range []struct {
		path string
		why  Why
		want string
	}{
		{"/zentral", NoPath, `no route has the path "/zentral"; did you mean "/zentrale"?`},
		{"/other", NoPath, `no route has the path "/other"; known: /support-of-the-north-west/night, /zentrale`},
		{"/support-of-the-north-west/nigth", NoPath, `no route has the path "/support-of-the-north-west/nigth"; ` +
			`did you mean "/support-of-the-north-west/night"?`},
		{
			"/c2VjcmV0IHRva2Vu-of-them/zentrale", NoPath,
			`no route has the path "/…/zentrale"; did you mean "/zentrale"?`,
		},
		{"/" + strings.Repeat("x/", 100), NoPath, `no route has the path "/` + strings.Repeat("x/", 63) + `…"; ` +
			"known: /support-of-the-north-west/night, /zentrale"},
		{"/short/zentrale", NoPath, `no route has the path "/…/zentrale"; did you mean "/zentrale"?`},
		{"/zentrale", NumberNotListed, "no route at this path lists the dialed number"},
		{"/zentrale", NoNumber, "the call names no dialed number, and the routes at this path go by number"},
		{"/zentrale", OtherAccount, "no route at this path is for the call's account"},
	} {
		if got := table.Missing(c.path, c.why); got != c.want {
			t.Errorf("%s at %s:\ngot  %s\nwant %s", c.why, c.path, got, c.want)
		}
	}
}
