package routes

import (
	"fmt"
	"math/rand/v2"
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

// TestMissingCosts: what a path or number that no route has is compared with is bounded, whatever the
// paths and numbers of a tenant are, since anybody can ask for one.
func TestMissingCosts(t *testing.T) {
	long := func(i int) string {
		return fmt.Sprintf("/%015d/%015d/%015d/%08d", i, i, i, i)
	}
	table := func(paths int) *Table {
		var all []*Route
		for i := range paths {
			all = append(all, &Route{Options: Options{Path: long(i)}})
		}
		table, mistakes := NewTable(all)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		return table
	}
	meant := long(9)
	got := meant[:len(meant)-1]
	most := maxComparedBytes / len(meant) / len(got)
	if _, near := table(most).MissingPath(got); near != meant {
		t.Errorf("got %q, want %q", near, meant)
	}
	many := table(most + 1)
	if message, near := many.MissingPath(got); near != "" || strings.Contains(message, "did you mean") {
		t.Errorf("got %q, %q; want none where it takes too long", message, near)
	}
	if allocated := testing.AllocsPerRun(10, func() { many.MissingPath(got) }); allocated > 10 { // as one comparison takes
		t.Errorf("%.0f allocations, though nothing is to be compared", allocated)
	}
}

// TestOneSlip compares with the distance, which takes the product of both lengths.
func TestOneSlip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		b := make([]byte, random.IntN(6))
		for i := range b {
			b[i] = "12"[random.IntN(2)]
		}
		return string(b)
	}
	slips := 0
	for range 20_000 {
		a, b := text(), text()
		got, want := isOneSlip(a, b), diag.Distance(a, b) == 1
		if got != want {
			t.Fatalf("%q and %q: got %t, want %t", a, b, got, want)
		}
		if got {
			slips++
		}
	}
	if slips == 0 {
		t.Error("no two texts were one slip apart")
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
