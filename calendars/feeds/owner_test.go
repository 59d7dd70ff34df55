package feeds

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/metrics"
)

// tenant makes a calendar that one of a tenant, whose feeds are fetched from public addresses
// alone.
func tenant(owner string) func(*Subscription) {
	return func(s *Subscription) {
		s.Calendar, s.Source.Owner, s.Source.DenyPrivate = owner+"/"+s.Calendar, owner, true
	}
}

// TestOwnersConnections: the operator's feeds share connections, a tenant's attempt has one of its
// own, and no owner is served over another's.
func TestOwnersConnections(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := newCountedServer(t, ca.issue(t, fetchClock, fetchClock.AddDate(1, 0, 0), "127.0.0.1"), false)
	server.on("/feed", answerBody(small))
	now := fetchClock
	f := newTestFetcher(t, FetcherOptions{})
	f.now = func() time.Time { return now }
	fetch := func(s Source) {
		t.Helper()
		s.URL, s.CAFile = server.URL+"/feed", ca.file
		if got := resultLine(f.Fetch(t.Context(), s, Validators{})); got != "ok 200" {
			t.Errorf("got %s", got)
		}
	}
	for i, s := range []Source{{}, {Owner: "acme"}, {Owner: "evil"}} {
		for range 3 {
			fetch(s)
		}
		if got, want := int(server.opened.Load()), []int{1, 4, 7}[i]; got != want {
			t.Errorf("%d owners opened %d connections, want %d", i+1, got, want)
		}
	}
	if len(f.pools) != 3 {
		t.Errorf("there are %d pools, want one of each owner", len(f.pools))
	}
	now = now.Add(poolLifetime)
	fetch(Source{Owner: "acme"})
	if len(f.pools) != 1 {
		t.Errorf("there are %d pools after an hour, want that of the only owner that is left", len(f.pools))
	}
}

// TestUpgrade starts on the state of a version that named copies without their owners, while all
// feeds are down.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shared := func(calendar string) *Subscription { return hours(func(s *Subscription) { s.Calendar = calendar }) }
	synctest.Test(t, func(t *testing.T) {
		before := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		before.open(t, Options{Dir: dir}, shared("hours"), shared("acme/hours"), shared("other/hours"))
		after(20 * time.Minute) // a 304 has confirmed it
		before.stop()
		read := before.store.Snapshot("hours").Read

		down := &shop{}
		down.open(t, Options{Dir: dir}, hours(), hours(tenant("acme")), hours(tenant("other")),
			hours(tenant("newcomer")))
		for _, name := range []string{"hours", "acme/hours", "other/hours"} {
			down.is(name, "fresh: a")
			if got := down.store.Snapshot(name).Read; !got.Equal(read) {
				t.Errorf("%s: read at %s, want %s as before", name, got, read)
			}
		}
		down.is("newcomer/hours", "unknown: it was never read")
		down.stop()

		// Once their feeds have answered, the copies are the tenants' own: the operator's feed may
		// go.
		again := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		again.open(t, Options{Dir: dir}, hours(tenant("acme")), hours(tenant("other")), hours(tenant("newcomer")))
		again.is("acme/hours", "fresh: a")
		again.is("newcomer/hours", "fresh: a") // from the server, by now
		after(20 * time.Minute)
		again.stop()
		copied, err := filepath.Glob(filepath.Join(dir, bodies, "*"))
		if err != nil || len(copied) != 4 {
			t.Errorf("got files %v, %v, want the shared one and one of each tenant", copied, err)
		}
		if err := os.Remove(filepath.Join(dir, bodies, hours().terms().copyFile(hours().key()))); err != nil {
			t.Error(err)
		}
		for _, owner := range []string{"acme", "other", "newcomer"} {
			sub := hours(tenant(owner))
			if got := again.store.copies.pointer(sub); got != sub.copyName() {
				t.Errorf("%s points to %s", sub.Calendar, got)
			}
		}

		looking := &shop{}
		looking.open(t, Options{Dir: dir, ReadOnly: true}, hours(tenant("acme")))
		looking.is("acme/hours", "fresh: a")
		looking.stop()
	})
}

// TestUpgradeReadOnly: who only looks finds the copy under its former name.
func TestUpgradeReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		before := &shop{answers: map[string]func(Validators) Fetched{office: body(event("a"))}}
		before.open(t, Options{Dir: dir}, hours(func(s *Subscription) { s.Calendar = "acme/hours" }))
		before.stop()
		looking := &shop{}
		looking.open(t, Options{Dir: dir, ReadOnly: true}, hours(tenant("acme")), hours(tenant("evil")))
		looking.is("acme/hours", "fresh: a")
		looking.is("evil/hours", "unknown: it was never read")
		looking.stop()
	})
}

// TestOwnersApart: calendars of two owners that ask for the same share neither attempts nor what
// comes of them.
func TestOwnersApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{}
		s.fetched = func(source Source, v Validators) Fetched {
			if source.Owner == "evil" {
				return Fetched{Result: metrics.NotFound, Status: http.StatusNotFound, Err: errors.New("evil's: 404")}
			}
			return body(event("of-" + source.Owner))(v)
		}
		s.open(t, Options{Dir: t.TempDir()}, hours(), hours(tenant("acme")), hours(tenant("evil")),
			hours(tenant("acme"), func(s *Subscription) { s.Calendar = "acme/again" }))
		s.is("hours", "fresh: of-")
		s.is("acme/hours", "fresh: of-acme")
		s.is("acme/again", "fresh: of-acme")
		s.is("evil/hours", "unknown: it was never read")
		if n := s.times(office); n != 3 {
			t.Errorf("asked %d times, want once for each owner", n)
		}
		for _, f := range s.store.Feeds() {
			if failed := f.Err != nil; failed != (f.Calendars[0] == "evil/hours") {
				t.Errorf("%v: %v", f.Calendars, f.Err)
			}
		}
	})
}
