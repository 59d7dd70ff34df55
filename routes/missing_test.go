package routes

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
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
		why  MissReason
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
		if got := table.Missing(c.path, c.why, ""); got != c.want {
			t.Errorf("%s at %s:\ngot  %s\nwant %s", c.why, c.path, got, c.want)
		}
	}
}

// TestMissingNumber: a number that no route lists is said with the one that was meant, where it may
// be shown.
func TestMissingNumber(t *testing.T) {
	t.Parallel()
	var all []*Route
	for _, number := range []string{"+442079460018", "2001", "02079460123"} {
		r, mistakes := New(Options{Name: "r" + number, Path: "/a", Match: Match{Dialed: []diag.Text{{S: number}}}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		all = append(all, r)
	}
	table, _ := NewTable(all)
	for dialed, near := range map[string]string{
		"+442079460081": "+442079460018", "2079460018": "+442079460018", "2010": "2001", "+442079460123": "02079460123",
		"2345": "", "+4930123456": "", "reception": "",
	} {
		want := `no route at this path lists the dialed number "` + dialed + `"`
		if near != "" {
			want += `; did you mean "` + near + `"?`
		}
		if got := table.Missing("/a", NumberNotListed, dialed); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
