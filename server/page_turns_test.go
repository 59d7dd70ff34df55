package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/render"
)

// queue is turns in a test, and what became of those who asked for one.
type queue struct {
	t *testing.T
	*turns
	results chan turnResult
	asking  sync.WaitGroup
	began   time.Time
}

type turnResult struct {
	client string
	after  time.Duration
	err    error
}

func newQueue(t *testing.T, places, ofOne int) *queue {
	return &queue{
		t: t, turns: newTurns(places, ofOne, turnTimeout, time.Now),
		results: make(chan turnResult, 4*maxWaiting), began: time.Now(),
	}
}

// hold takes a turn and keeps it until it is ended.
func (q *queue) hold(client string) (end func()) {
	q.t.Helper()
	_, done, err := q.take(q.t.Context(), client, 0)
	if err != nil {
		q.t.Fatal(err)
	}
	return done
}

// ask asks for a turn that takes so long, and returns when it waits.
func (q *queue) ask(ctx context.Context, client string, takes time.Duration) {
	q.asking.Go(func() {
		_, done, err := q.take(ctx, client, turnWait)
		q.results <- turnResult{client, time.Since(q.began), err}
		if err == nil {
			<-time.After(takes)
			done()
		}
	})
	synctest.Wait()
}

// ended checks that nothing is left.
func (q *queue) ended() {
	q.t.Helper()
	q.asking.Wait()
	if len(q.waiting) != 0 || q.taken != 0 || len(q.running) != 0 || len(q.used) != 0 {
		q.t.Errorf("in the end %d wait, %d run, for %d clients, and %d are known", len(q.waiting), q.taken,
			len(q.running), len(q.used))
	}
}

// TestTurns: as many run at once as there are places, so many wait and no more, and none for longer
// than the wait.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 2, 2)
		ends := []func(){q.hold("a"), q.hold("a")}
		gone, leave := context.WithCancelCause(t.Context())
		q.ask(gone, "a", 0)
		for range maxWaiting - 1 {
			q.ask(t.Context(), "a", 0)
		}
		q.ask(t.Context(), "a", 0)
		if got := <-q.results; got.after != 0 || !errors.Is(got.err, errBusy) {
			t.Errorf("one too many: got %v", got)
		}
		left := errors.New("left")
		leave(left)
		if got := <-q.results; got.after != 0 || !errors.Is(got.err, left) {
			t.Errorf("who leaves: got %v", got)
		}
		ends[0]()
		for range maxWaiting - 1 {
			if got := <-q.results; got.err != nil {
				t.Errorf("after a turn has ended: got %v", got)
			}
		}
		again := q.hold("b")
		q.ask(t.Context(), "a", 0)
		if got := <-q.results; got.after != turnWait || !errors.Is(got.err, errBusy) {
			t.Errorf("who waits too long: got %v", got)
		}
		again()
		turn, done, err := q.take(t.Context(), "a", 0)
		if err != nil {
			t.Fatal(err)
		}
		<-turn.Done()
		if took := time.Since(q.began) - turnWait; took != turnTimeout || !errors.Is(context.Cause(turn), errTooLong) {
			t.Errorf("a turn lasts %v: %v", took, context.Cause(turn))
		}
		done()
		ends[1]()
		q.ended()
	})
}

// TestTurnsAreFair: however much one client asks for, and however long it takes, another one is
// next, and finds a place to wait.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 1, 1)
		end := q.hold("evil")
		for range maxWaiting {
			q.ask(t.Context(), "evil", time.Second)
		}
		q.ask(t.Context(), "good", 0)
		q.ask(t.Context(), "fair", 0)
		for range 2 {
			if got := <-q.results; got.client != "evil" || !errors.Is(got.err, errBusy) {
				t.Errorf("in a full queue a place is lost by %v", got)
			}
		}
		<-time.After(time.Millisecond)
		end()
		var order []string
		for range 3 {
			order = append(order, (<-q.results).client)
		}
		// Those who come anew are next each time.
		for range 3 {
			q.ask(t.Context(), "good", time.Millisecond)
			order = append(order, (<-q.results).client, (<-q.results).client)
		}
		if got, want := strings.Join(order, " "),
			"good fair evil good evil good evil good evil"; got != want {
			t.Errorf("turns go to %s, want %s", got, want)
		}
		q.asking.Wait()
		q.ended()
	})
}

// TestTurnsGoByTime: a client whose turns take ten times as long has a tenth of them, and with
// several places one of them is nobody's alone.
func TestTurnsGoByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 1, 1)
		end := q.hold("x")
		for range 4 {
			q.ask(t.Context(), "slow", time.Second)
		}
		for range 11 {
			q.ask(t.Context(), "fast", 100*time.Millisecond)
		}
		end()
		var order []string
		for range 15 {
			got := <-q.results
			if got.err == nil {
				order = append(order, got.client)
			}
		}
		second := slices.Index(order[1:], "slow") + 1
		if order[0] != "slow" || second != 11 && second != 12 {
			t.Errorf("turns go to %v", order)
		}
		q.ended()

		q = newQueue(t, 3, 2)
		ends := []func(){q.hold("evil"), q.hold("evil")}
		q.ask(t.Context(), "evil", 0)
		q.ask(t.Context(), "good", 0)
		if got := <-q.results; got.client != "good" || got.err != nil || len(q.results) != 0 {
			t.Errorf("beside those of one client runs %v", got)
		}
		for _, end := range ends {
			end()
		}
		<-q.results
		q.ended()
	})
}

// TestTurnsForget: what clients have used is forgotten when there are too many of them.
func TestTurnsForget(t *testing.T) {
	t.Parallel()
	q := newTurns(2, 1, turnTimeout, time.Now)
	_, end, err := q.take(t.Context(), "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxUsers {
		_, done, err := q.take(t.Context(), fmt.Sprint(i), 0)
		if err != nil {
			t.Fatal(err)
		}
		done()
		if len(q.used) > maxUsers {
			t.Fatalf("%d clients are known", len(q.used))
		}
	}
	end()
	if len(q.used) != 0 {
		t.Errorf("%d clients are known in the end", len(q.used))
	}
}

// TestHoursOfOneOwner: the readers of one tenant's hours take neither the turns of another's nor
// those of the admin listener, and the latter none of theirs.
func TestHoursOfOneOwner(t *testing.T) {
	t.Parallel()
	w := started(t, openToReaders, readersFiles())
	p := w.calls.hours
	if p.turns == w.admin.turns {
		t.Fatal("subscribers and people share turns")
	}
	const path = "/-/hours/other/main.ics?token=" + anyToken
	_, end, err := p.turns.take(t.Context(), "acme", hoursWait)
	if err != nil {
		t.Fatal(err)
	}
	p.turns.places = 1
	for range maxWaiting {
		p.turns.waiting = append(p.turns.waiting, &waitingTurn{"acme", make(chan bool, 1)})
	}
	if got := w.people(t, hoursPath+"?route=acme/main", "localhost"); got.StatusCode != 200 {
		t.Errorf("people's page while subscribers' turns are taken: got %d", got.StatusCode)
	}
	answered := make(chan int)
	go func() { answered <- w.read(path).StatusCode }()
	for waits := false; !waits; {
		p.turns.mu.Lock()
		waits = slices.ContainsFunc(p.turns.waiting, func(w *waitingTurn) bool { return w.client == "other" })
		p.turns.mu.Unlock()
	}
	end()
	if got := <-answered; got != 200 {
		t.Errorf("behind a full queue of another tenant's: got %d", got)
	}
	p.turns = hoursTurns(time.Now) // those that were made to wait never end
	w.admin.turns.taken = w.admin.turns.places
	if got := w.read("/-/hours/plain.ics?token=" + anyToken); got.StatusCode != 200 {
		t.Errorf("a subscriber while people's turns are taken: got %d", got.StatusCode)
	}
}

// TestHoursDeadline: hours have longer to be answered than calls, for they may wait for their turn;
// and waiting and making them together leaves time to send them.
func TestHoursDeadline(t *testing.T) {
	t.Parallel()
	w := started(t, openToReaders, readersFiles())
	now := monday
	w.calls.hours.turns.now = func() time.Time { return now }
	for path, want := range map[string][]time.Time{
		"/-/hours/plain.ics?token=" + anyToken:       {now.Add(hoursWithin)},
		"/-/hours/plain.ics?token=" + anyToken + "x": nil,
	} {
		d := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		w.Calls().ServeHTTP(d, httptest.NewRequest(http.MethodGet, path, nil))
		if !slices.Equal(d.by, want) {
			t.Errorf("%s: written by %v, want %v", path, d.by, want)
		}
	}
	if hoursWait <= hoursLasts || hoursWait+hoursLasts >= hoursWithin {
		t.Error("a turn lasts longer than others wait, or than an answer may take")
	}
}

// TestKeptHours: what is kept has a bound in all, and whoever has most loses it.
func TestKeptHours(t *testing.T) {
	t.Parallel()
	var k hoursCache
	routes := make([]*render.Route, 40)
	for i := range routes {
		routes[i] = &render.Route{}
	}
	good, goods := routes[0], &published{body: make([]byte, maxHours)}
	k.add("good", good, goods)
	for round := range 3 {
		for _, r := range routes[1:] {
			k.add("evil", r, &published{body: make([]byte, maxHours/2)})
			if k.size > maxHoursCacheBytes || k.size != k.byOwner["good"].size+k.byOwner["evil"].size {
				t.Fatalf("%d bytes are kept", k.size)
			}
		}
		if k.get(good) != goods {
			t.Fatalf("round %d: evil's calendars have taken the place of good's", round)
		}
	}
	if n := len(k.byOwner["evil"].routes); n != (maxHoursCacheBytes-maxHours)/(maxHours/2) || k.get(routes[39]) == nil ||
		k.get(routes[1]) != nil {
		t.Errorf("%d of evil's are kept, the last one: %v", n, k.get(routes[39]) != nil)
	}
	for range 3 {
		k.add("good", good, &published{body: make([]byte, 100)})
	}
	if n := k.byOwner["good"].size; n != 100 || len(k.byOwner["good"].routes) != 1 {
		t.Errorf("one calendar, made anew, is %d of %d bytes", len(k.byOwner["good"].routes), n)
	}
	k.clear()
	if k.size != 0 || k.get(good) != nil {
		t.Error("something is left")
	}
}

// TestTurnsShare: who takes more than its share in the long run waits until it has one again, and
// nobody else does.
func TestTurnsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 1, 1)
		q.share = allowance{oneIn: 4, burst: 2 * time.Second}
		turn := func(client string, takes time.Duration) time.Duration {
			t.Helper()
			began := time.Now()
			_, done, err := q.take(t.Context(), client, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			waited := time.Since(began)
			<-time.After(takes)
			done()
			return waited
		}
		began, worked := time.Now(), time.Duration(0)
		for i := range 100 {
			waited := turn("evil", time.Second)
			worked += time.Second
			if burst := i < 3; (waited == 0) != burst {
				t.Fatalf("turn %d waits %v", i, waited)
			}
			if waited := turn("good", time.Millisecond); waited != 0 {
				t.Fatalf("another one waits %v", waited)
			}
		}
		if all := time.Since(began); worked > all/4+3*time.Second {
			t.Errorf("%v of %v are one client's, want a quarter", worked, all)
		}
		// A long turn is paid for, too, and whoever was away has no more than the burst.
		<-time.After(time.Hour)
		if waited := turn("evil", 10*time.Second) +
			turn("evil", time.Second); waited != 4*10*time.Second-4*2*time.Second {
			t.Errorf("after a long turn: %v", waited)
		}
		// Waiting ends with the request.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := q.take(ctx, "evil", time.Hour); err == nil {
			t.Error("who has gone has a turn")
		}
		<-time.After(time.Hour)
		for i := range maxUsers + 10 {
			turn("client "+strconv.Itoa(i), 0)
		}
		if len(q.spent) > maxUsers {
			t.Errorf("%d clients are known", len(q.spent))
		}
	})
}
