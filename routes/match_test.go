package routes

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

const (
	acme  = "7a1c0f8e2d4b4f6d9b3e5c7d8f9a0b1c"
	bravo = "1b2c3d4e5f60718293a4b5c6d7e8f901"
)

func route(t testing.TB, name, path string, m Match) *Route {
	t.Helper()
	r, mistakes := New(Options{
		Name: name, Path: path, Match: m, Region: "US", Zone: time.UTC,
		Pos:      diag.Pos{File: name + ".yaml", Line: 3, Col: 5},
		Branches: []Branch{{Name: "closed", State: Closed}},
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

func table(t testing.TB, rs ...*Route) *Table {
	t.Helper()
	table, mistakes := NewTable(rs)
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

func TestMatch(t *testing.T) {
	t.Parallel()
	rs := []*Route{
		route(t, "acme-number", "/pivot", Match{Accounts: texts(acme), Dialed: texts("+14155550100")}),
		route(t, "any-number", "/pivot", Match{Dialed: texts("+14155550100", "+14155550111")}),
		route(t, "acme-prefix", "/pivot", Match{Accounts: texts(acme), Dialed: texts("+1415*")}),
		route(t, "acme-longer", "/pivot", Match{Accounts: texts(acme), Dialed: texts("+1415777*")}),
		route(t, "any-prefix", "/pivot", Match{Dialed: texts("+14*")}),
		route(t, "acme-rest", "/pivot", Match{Accounts: texts(acme)}),
		route(t, "main", "/main", Match{}),
		route(t, "acme-only", "/acme", Match{Accounts: texts(acme)}),
		route(t, "acme-line", "/line", Match{Accounts: texts(acme), Dialed: texts("1001")}),
		route(t, "numbers", "/numbers", Match{Dialed: texts("1001")}),
	}
	tb := table(t, rs...)
	for _, c := range []struct {
		path, account, dialed string
		want                  string
		why                   MissReason
	}{
		{"/pivot", acme, "+14155550100", "acme-number", ByAccountAndNumber},
		{"/pivot", acme, "4155550100", "acme-number", ByAccountAndNumber},
		{"/pivot", "7A1C0F8E2D4B4F6D9B3E5C7D8F9A0B1C", "14155550100", "acme-number", ByAccountAndNumber},
		{"/pivot", bravo, "+14155550100", "any-number", ByNumber},
		{"/pivot", acme, "+14155550111", "any-number", ByNumber},
		{"/pivot", acme, "+14157770000", "acme-longer", ByAccountAndPrefix},
		{"/pivot", acme, "+14158880000", "acme-prefix", ByAccountAndPrefix},
		{"/pivot", bravo, "+14158880000", "any-prefix", ByPrefix},
		{"/pivot", acme, "+15005550000", "acme-rest", ByAccount},
		{"/pivot", acme, "", "acme-rest", ByAccount},
		{"/pivot", "", "+14155550100", "any-number", ByNumber},
		{"/pivot", bravo, "+15005550000", "", NumberNotListed},
		{"/pivot", bravo, "", "", NoNumber},
		{"/main", bravo, "", "main", ByPath},
		{"/main", "", "anything", "main", ByPath},
		{"/acme", bravo, "+14155550100", "", OtherAccount},
		{"/acme", "", "", "", OtherAccount},
		{"/line", bravo, "1001", "", OtherAccount},
		{"/line", acme, "1002", "", NumberNotListed},
		{"/line", acme, "", "", NoNumber},
		{"/numbers", acme, "1002", "", NumberNotListed},
		{"/nowhere", acme, "1001", "", NoPath},
		{"", acme, "1001", "", NoPath},
	} {
		got, why := tb.Match(c.path, &pivot.Call{AccountID: c.account, Dialed: c.dialed})
		name := ""
		if got != None {
			name = rs[got].Name
		}
		if name != c.want || why != c.why {
			t.Errorf("%s account %q dialed %q: got %q by %q, want %q by %q", c.path, c.account, c.dialed, name, why,
				c.want, c.why)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	tb := table(t, route(t, "a", "/pivot", Match{Accounts: texts(acme), Dialed: texts("+14155550100", "+1416*")}))
	for _, dialed := range []string{"+14155550100", "+1 (416) 555-0100", "nobody"} {
		call := &pivot.Call{AccountID: acme, Dialed: dialed}
		if got := testing.AllocsPerRun(100, func() { tb.Match("/pivot", call) }); got != 0 {
			t.Errorf("dialed %q: got %v allocations, want 0", dialed, got)
		}
	}
}

func TestTableMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b Match
		want string
	}{
		{
			"one number in two spellings",
			Match{Dialed: texts("+14155550100")},
			Match{Dialed: texts("(415) 555-0100")},
			`callhours.yaml:10:5: number "(415) 555-0100" on path /p is already answered by route "a" at a.yaml:3:5; give one of them another number, account or path`,
		},
		{
			"one prefix",
			Match{Accounts: texts(acme), Dialed: texts("+1415*")},
			Match{Accounts: texts(bravo, acme), Dialed: texts("1", "+1415*")},
			`callhours.yaml:10:6: prefix "+1415*" on path /p is already answered by route "a" at a.yaml:3:5; give one of them another number, account or path`,
		},
		{
			"a whole path",
			Match{},
			Match{},
			`b.yaml:3:5: every number on path /p is already answered by route "a" at a.yaml:3:5; give one of them another number, account or path`,
		},
		{
			"one number of two accounts",
			Match{Accounts: texts(acme), Dialed: texts("1001")},
			Match{Accounts: texts(bravo), Dialed: texts("1001")},
			"",
		},
		{
			"an account and anybody",
			Match{Accounts: texts(acme), Dialed: texts("1001")},
			Match{Dialed: texts("1001")},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, mistakes := NewTable([]*Route{route(t, "a", "/p", c.a), route(t, "b", "/p", c.b)})
			got := ""
			if err := diag.Mistakes(mistakes).Err(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// TestTenantsAreApart: whatever a call of one account dials, and on whatever path, it reaches a
// route of its own tenant or none.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	accounts := make([]string, 20)
	accountOf := map[string]string{} // route -> account
	var rs []*Route
	// Half of the tenants share numbers and paths with others, as resellers' customers do.
	dialed := []string{"+14155550100", "1001", "+1415*", "10*", "*72", "user_7kq2zp"}
	for i := range accounts {
		accounts[i] = fmt.Sprintf("%032x", rnd.Uint64())
		for j := range 3 {
			name := fmt.Sprintf("t%d/r%d", i, j)
			m := Match{Accounts: texts(accounts[i])}
			switch j {
			case 0:
				m.Dialed = texts(dialed[rnd.IntN(len(dialed))], fmt.Sprintf("+1500555%04d", i))
			case 1:
				m.Dialed = texts(fmt.Sprintf("2%03d", i))
			}
			rs = append(rs, route(t, name, []string{"/pivot", "/other", "/pivot"}[j], m))
			accountOf[name] = accounts[i]
		}
	}
	tb := table(t, rs...)
	tries := append([]string{
		"", "nouser", "+14155550199", "1002", "+15005550003", "2004", "0014155550100",
		"14155550100", "4155550100",
	}, dialed...)
	reached := 0
	for _, account := range append(accounts, "", "unknown", fmt.Sprintf("%032x", 7)) {
		for _, path := range []string{"/pivot", "/other"} {
			for _, number := range tries {
				i, _ := tb.Match(path, &pivot.Call{AccountID: account, Dialed: number})
				if i == None {
					continue
				}
				r := rs[i]
				reached++
				if accountOf[r.Name] != account {
					t.Fatalf("account %s, %s %q: reached %s of account %s", account, path, number, r.Name,
						accountOf[r.Name])
				}
			}
		}
	}
	if reached < len(accounts) {
		t.Errorf("only %d calls reached a route; the test tries too little", reached)
	}
}

func TestCleanPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/main": "/main", "/main/": "/main", "//main": "/main", "/a//b///": "/a/b", "/": "/", "//": "/", "": "/",
		"main":    "/main",
		"/a/../b": "/a/../b", "/a/./b": "/a/./b",
	} {
		if got := CleanPath(path); got != want {
			t.Errorf("CleanPath(%q): got %q, want %q", path, got, want)
		}
	}
}

// TestTableCost: what a table takes grows no faster than numbers times accounts, and an entry takes
// its key and its share of the maps, but no text for a message that nobody reads.
func TestTableCost(t *testing.T) {
	cost := func(accounts, numbers int) float64 {
		var m Match
		for i := range accounts {
			m.Accounts = append(m.Accounts, diag.Text{S: fmt.Sprintf("%032x", i)})
		}
		for i := range numbers {
			m.Dialed = append(m.Dialed, diag.Text{S: fmt.Sprintf("+1415%07d", i)})
		}
		r := route(t, "r", "/pivot", m)
		return testing.AllocsPerRun(1, func() { table(t, r) })
	}
	const spelled = 4 // ways in which each of these numbers is written
	for accounts := 2; accounts <= 8; accounts *= 2 {
		small, large := cost(accounts, 500), cost(accounts, 1000)
		if large > 2.3*small || large > 1.2*float64(accounts*1000*spelled) {
			t.Errorf("for %d accounts 500 numbers take %v allocations, 1,000 take %v", accounts, small, large)
		}
	}
}
