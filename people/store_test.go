package people

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/callhours/callhours/internal/database"
	"github.com/callhours/callhours/internal/pgtest"
)

// clock is a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func root() Author { return Author{Name: "root@ops1", Certainty: Claimed, Origin: "command line"} }

// fixture is a store, another one of the same database, as another process has it, and their clock.
type fixture struct {
	store, other *Store
	clock        *clock
	dir          string
}

func newFixture(t *testing.T, o database.Options) fixture {
	t.Helper()
	f := fixture{clock: newClock(), dir: o.Dir}
	o.Now = f.clock.Now
	open := func() *Store {
		db, err := database.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		s := NewStore(db, f.clock.Now)
		s.cost = cost{memory: 64, time: 1, threads: 1}
		return s
	}
	f.store, f.other = open(), open()
	return f
}

func TestStoreSQLite(t *testing.T) {
	t.Parallel()
	testStore(t, func(t *testing.T) fixture { t.Helper(); return newFixture(t, database.Options{Dir: t.TempDir()}) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	testStore(t, func(t *testing.T) fixture {
		t.Helper()
		return newFixture(t, database.Options{URL: server.NewDatabase(t), Password: pgtest.Password})
	})
}

func anna() New {
	return New{
		Tenant: "acme", Name: "Anna  Berger", Language: "de", Phones: []string{"+49 (30) 1234-5678", "1001", "1001"},
		May: map[string][]Permission{"front-desk": {Open, Close}, "sales": {}}, PIN: "481516",
	}
}

func testStore(t *testing.T, fresh func(t *testing.T) fixture) {
	add := func(t *testing.T, s *Store, n ...New) []Added {
		t.Helper()
		added, err := s.Add(t.Context(), root(), n)
		if err != nil {
			t.Fatal(err)
		}
		return added
	}
	t.Run("added, listed, found by link, revoked", func(t *testing.T) {
		f := fresh(t)
		added := add(t, f.store, anna(), New{Name: "Otto"})
		want := []Person{
			{
				Name: "Otto", May: map[string][]Permission{"*": {See}}, CreatedBy: "root@ops1 (claimed)",
				CreatedAt: f.clock.now,
			},
			{
				Tenant: "acme", Name: "Anna Berger", Language: "de", Phones: []string{"+493012345678", "1001"},
				HasPIN:    true,
				May:       map[string][]Permission{"front-desk": {See, Close, Open}, "sales": {See}},
				CreatedBy: "root@ops1 (claimed)", CreatedAt: f.clock.now,
			},
		}
		equal := func(what string, want, got any) {
			t.Helper()
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Person{}, "ID"), cmpopts.EquateApproxTime(0)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		got, err := f.other.List(t.Context(), Filter{})
		if err != nil {
			t.Fatal(err)
		}
		equal("listed", want, got)
		equal("added", want[1], added[0].Person)
		if a, b := added[0].Token, added[1].Token; len(a) < 26 || a == b {
			t.Errorf("the tokens are %q and %q", a, b)
		}

		f.clock.advance(time.Hour)
		here, err := f.other.ByLink(t.Context(), " "+strings.ToLower(added[0].Token))
		if err != nil {
			t.Fatal(err)
		}
		want[1].UsedAt = f.clock.now
		equal("by link", want[1], here)
		f.clock.advance(usedEvery - time.Second)
		if here, err = f.other.ByLink(t.Context(), added[0].Token); err != nil {
			t.Fatal(err)
		}
		equal("by link, seconds later", want[1], here)
		for _, token := range []string{"", "x", added[0].ID, added[0].Token + "A"} {
			if _, err := f.store.ByLink(t.Context(), token); !errors.Is(err, ErrUnknown) {
				t.Errorf("token %q: got %v, want ErrUnknown", token, err)
			}
		}
		for _, c := range []struct {
			permission Permission
			route      string
			want       bool
		}{
			{Close, "front-desk", true},
			{Close, "sales", false},
			{See, "sales", true},
			{See, "other", false},
			{Branch, "front-desk", false},
		} {
			if got := here.Allows(c.permission, c.route); got != c.want {
				t.Errorf("%s on %s: got %v", c.permission, c.route, got)
			}
		}

		for pin, want := range map[string]bool{"481516": true, "481517": false, "": false} {
			if ok, err := f.other.VerifyPIN(t.Context(), here.ID, pin); ok != want || err != nil {
				t.Errorf("PIN %q: got %v, %v", pin, ok, err)
			}
		}
		if ok, err := f.other.VerifyPIN(t.Context(), added[1].ID, ""); ok || err != nil {
			t.Errorf("somebody without a PIN: got %v, %v", ok, err)
		}

		f.clock.advance(time.Hour)
		revoked, err := f.store.Revoke(t.Context(), root(), "acme", "Anna Berger")
		if err != nil {
			t.Fatal(err)
		}
		if revoked.Allows(See, "sales") {
			t.Error("somebody who is revoked may see")
		}
		// At once, in another process that has just used it.
		if _, err := f.other.ByLink(t.Context(), added[0].Token); !errors.Is(err, ErrUnknown) {
			t.Errorf("by the link of somebody revoked: got %v, want ErrUnknown", err)
		}
		if _, err := f.other.VerifyPIN(t.Context(), added[0].ID, "481516"); !errors.Is(err, ErrUnknown) {
			t.Errorf("by the PIN of somebody revoked: got %v, want ErrUnknown", err)
		}
		if _, err := f.store.Revoke(t.Context(), root(), "acme", "Anna Berger"); !errors.Is(err, ErrUnknown) {
			t.Errorf("revoked twice: got %v, want ErrUnknown", err)
		}
		want[1].Phones, want[1].RevokedBy, want[1].RevokedAt = nil, "root@ops1 (claimed)", f.clock.now
		acme := "acme"
		for _, c := range []struct {
			filter Filter
			want   []Person
		}{
			{Filter{}, want[:1]},
			{Filter{Revoked: true}, want},
			{Filter{Tenant: &acme}, nil},
			{Filter{Tenant: &acme, Revoked: true}, want[1:]},
		} {
			got, err := f.other.List(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			equal(fmt.Sprintf("list %+v", c.filter), c.want, got)
		}
		add(t, f.store, anna()) // the name and the phones are free

		changes, err := f.store.Changes(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		const rights = "front-desk: see, close, open; sales: see"
		if diff := cmp.Diff([]Change{
			{f.clock.now, root(), "acme", "person added", "Anna Berger", rights},
			{f.clock.now, root(), "acme", "person revoked", "Anna Berger", rights},
		}, changes[:2], cmpopts.EquateApproxTime(0),
			cmpopts.SortSlices(func(a, b Change) bool { return a.Action < b.Action })); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	})
	t.Run("all or none", func(t *testing.T) {
		f := fresh(t)
		add(t, f.store, New{Tenant: "acme", Name: "Ben", Phones: []string{"1001"}}, New{Tenant: "other", Name: "Cem"})
		_, err := f.other.Add(t.Context(), root(), []New{
			{Tenant: "acme", Name: "Dana"},
			{Tenant: "acme", Name: "Ben", Phones: []string{"1001"}},
			{Tenant: "acme", Name: "Cem"},
			{Tenant: "other", Name: "Cem"},
		})
		want := `name "Ben" is taken; use another one, or revoke that person first
phone 1001 is taken by "Ben"
name "Cem" is taken; use another one, or revoke that person first`
		if wrong, ok := errors.AsType[ListError](err); !ok || err.Error() != want || !errors.Is(wrong[0].Err, ErrTaken) {
			t.Errorf("got  %v\nwant %v", err, want)
		}
		_, err = f.other.Add(t.Context(), root(), []New{
			{Tenant: "acme", Name: "Dana", Phones: []string{"+49301"}, PIN: "123"},
			{Tenant: "acme", Name: "Ed", Phones: []string{"1002"}},
			{Tenant: "acme", Name: "Ed"},
			{Tenant: "acme", Name: "Fay", Phones: []string{"10 02"}},
			{Tenant: "acme"},
			{Tenant: "acme", Name: "Gus", PIN: "111111"},
		})
		want = `expected phone "+49301" as +493012345678 (with the country) or as an extension such as 1001
name "Ed" is taken: it is twice in the list
phone 1002 is taken by "Ed" of the list
expected a name, such as "Anna Berger"
the PIN is easily guessed; use another one`
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
		list, err := f.store.List(t.Context(), Filter{Revoked: true})
		if err != nil || len(list) != 2 {
			t.Errorf("got %d people, %v, want the first two", len(list), err)
		}
	})
	t.Run("a name that many add at once is one person's", func(t *testing.T) {
		f := fresh(t)
		var all sync.WaitGroup
		var mu sync.Mutex
		added, refused := 0, 0
		for i := range 10 {
			all.Go(func() {
				s := f.store
				if i%2 == 0 {
					s = f.other
				}
				_, err := s.Add(t.Context(), root(), []New{{Tenant: "acme", Name: "Ida", Phones: []string{"1001"}}})
				mu.Lock()
				defer mu.Unlock()
				var list ListError
				switch {
				case err == nil:
					added++
				case errors.As(err, &list) && errors.Is(list[0].Err, ErrTaken):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if added != 1 || refused != 9 {
			t.Errorf("%d were added and %d refused, want 1 and 9", added, refused)
		}
	})
	t.Run("a database that cannot be used", func(t *testing.T) {
		f := fresh(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.store.List(ctx, Filter{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// TestNoSecrets: neither a link nor a PIN is in the files.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t, database.Options{Dir: t.TempDir()})
	added, err := f.store.Add(t.Context(), root(), []New{anna()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.ByLink(t.Context(), added[0].Token); err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, name := range []string{"overrides.db", "overrides.db-wal"} {
		content, err := os.ReadFile(filepath.Join(f.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		found += string(content)
	}
	if !strings.Contains(found, "Anna Berger") || !strings.Contains(found, hashToken(added[0].Token)) {
		t.Error("the files do not have what is kept; this test looks in the wrong place")
	}
	for _, secret := range []string{added[0].Token, strings.ToLower(added[0].Token), anna().PIN} {
		if strings.Contains(found, secret) {
			t.Errorf("%q is in the files", secret)
		}
	}
}

// TestUseIsNotNeeded: somebody is let in when it cannot be kept that they were here.
func TestUseIsNotNeeded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, database.Options{Dir: t.TempDir()})
	added, err := f.store.Add(t.Context(), root(), []New{anna()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = database.Write(t.Context(), f.store.db, func(ctx context.Context, tx *sql.Tx) (sql.Result, error) {
		return tx.ExecContext(ctx, "CREATE TRIGGER full BEFORE UPDATE ON people BEGIN SELECT RAISE(ABORT, 'no room'); END")
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.store.ByLink(t.Context(), added[0].Token)
	if err != nil || p.Name != "Anna Berger" || !p.UsedAt.IsZero() {
		t.Errorf("got %v, %v", p, err)
	}
}
