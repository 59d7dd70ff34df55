package render

import (
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callhours/callhours/routes"
)

// roomy is a state whose answers, of some thousand bytes, are kept in a room. Callers choose the
// branch and, by their language, the answer.
func roomy(t *testing.T, room *Room) *State {
	t.Helper()
	text := `{"module":"custom","data":{"text":"{{ .Branch.Name }} {{ toDate "2006-01-02" "2026-11-29" | spoken }}` +
		strings.Repeat("x", 4000) + `"}}`
	return compiled(t, setting{room: room, fallback: 1, branches: []Branch{
		{Template: inline(t, library(t), text)}, {Template: inline(t, library(t), text)},
	}, whens: []*routes.Condition{titled("open*")}})
}

// held is what the entries of a state take that it has.
func (s *State) held() (bytes int64, entries int) {
	for i := range s.caches {
		for _, k := range s.caches[i].entries() {
			bytes += k.bytes()
			entries++
		}
	}
	return bytes, entries
}

// TestKeptRoom: the answers that are kept of an owner's routes have a sum of bytes. Beyond it they
// are rendered for each call, and those of another owner's routes stay kept.
func TestKeptRoom(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	evils, goods := &Room{most: most}, &Room{most: most}
	good := roomy(t, goods)
	first := good.Answer(t.Context(), nil, now)
	evil := make([]*State, 20)
	for i := range evil {
		evil[i] = roomy(t, evils)
	}
	languages := []string{"en", "de", "fr", "es"}
	rendered := 0
	for _, s := range evil {
		for _, language := range languages {
			call := calling("Language", language)
			a, b := s.Answer(t.Context(), call, now), s.Answer(t.Context(), call, now)
			if a.Status != 200 || string(a.Body) != string(b.Body) || a.Reason != b.Reason {
				t.Fatalf("got %+v, then %+v", a, b)
			}
			if &a.Body[0] != &b.Body[0] {
				rendered++
			}
			if used := evils.used.Load(); used > most {
				t.Fatalf("%d bytes are kept, and may be %d", used, most)
			}
		}
	}
	var bytes int64
	entries := 0
	for _, s := range evil {
		b, n := s.held()
		bytes, entries = bytes+b, entries+n
	}
	if used := evils.used.Load(); used != bytes || most-used > most/4 {
		t.Errorf("%d bytes are counted, %d are kept of %d", used, bytes, most)
	}
	if all := len(evil) * len(languages); entries == 0 || rendered != all-entries {
		t.Errorf("%d of %d answers are kept, %d were rendered twice", entries, all, rendered)
	}
	if again := good.Answer(t.Context(), nil, now); &again.Body[0] != &first.Body[0] {
		t.Error("another owner's answer is not kept")
	}

	// What is gone makes room: in a state what other segments had, and all of a state with it.
	s := evil[0]
	_, before := s.held()
	s.Answer(t.Context(), calling("Language", "en"), now.Add(-4*time.Hour)) // another branch
	if _, after := s.held(); before != len(languages) || after != 1 {
		t.Errorf("%d answers, then %d are kept of a state", before, after)
	}
	clear(evil)
	for i := 0; evils.used.Load() > 5000 && i < 1000; i++ {
		runtime.GC()
		runtime.Gosched()
	}
	if used, _ := s.held(); evils.used.Load() != used {
		t.Errorf("%d bytes are counted, and %d are kept of the state that is left", evils.used.Load(), used)
	}
	runtime.KeepAlive(good)
}

// TestKeptCurrent: an answer that is everybody's is one of those that are counted.
func TestKeptCurrent(t *testing.T) {
	t.Parallel()
	text := `{"module":"custom","data":{"text":"{{ .Branch.Name }}` + strings.Repeat("x", 4000) + `"}}`
	room := &Room{most: 20_000}
	s := compiled(t, setting{
		room: room, branches: []Branch{{Template: inline(t, library(t), text)}, {}}, fallback: 1,
	})
	for _, at := range []time.Time{now, now.Add(10 * 24 * time.Hour), now} {
		for range 3 {
			s.Answer(t.Context(), nil, at)
		}
		if s.current.Load() == nil {
			t.Fatalf("at %s: no answer is everybody's", at)
		}
	}
	room.most = 0
	s.charge.release(s.charge.used.Load()) // as if others had taken what there is
	stale := &constantAnswer{from: now.Unix() - 2, until: now.Unix() - 1}
	s.current.Store(stale)
	s.caches = make([]answerCache, len(s.caches))
	for range 3 {
		if a := s.Answer(t.Context(), nil, now); a.Status != 200 {
			t.Fatal(a.Failures)
		}
	}
	if bytes, n := s.held(); n > 0 || s.current.Load() != nil || room.used.Load() != 0 {
		t.Errorf("%d answers of %d bytes are kept without room, %v is everybody's", n, bytes, s.current.Load())
	}
}

// TestKeptRoomTogether: calls at the same time leave no answer uncounted, and count none twice.
func TestKeptRoomTogether(t *testing.T) {
	t.Parallel()
	room := &Room{most: 20_000}
	s := roomy(t, room)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 100 {
				at := now.Add(time.Duration(-4*((i+n)%2)) * time.Hour)
				call := calling("Language", []string{"en", "de", "fr", "es"}[n%4])
				if a := s.Answer(t.Context(), call, at); a.Status != 200 {
					t.Error(a.Failures)
				}
				if used := room.used.Load(); used > room.most {
					t.Errorf("%d bytes", used)
				}
			}
		})
	}
	wg.Wait()
	if bytes, n := s.held(); n == 0 || bytes > room.most || room.used.Load() != bytes || s.charge.used.Load() != bytes {
		t.Errorf("%d bytes of %d answers are kept, and %d counted", bytes, n, room.used.Load())
	}
}

// TestKeptBytes: what an answer is counted for is not less than what it takes.
func TestKeptBytes(t *testing.T) {
	t.Parallel()
	if size := reflect.TypeFor[cachedAnswer]().Size(); size > keptBytes {
		t.Errorf("an entry takes %d bytes, more than %d", size, keptBytes)
	}
	for _, e := range []reflect.Type{reflect.TypeFor[Event](), reflect.TypeFor[routes.Event]()} {
		if e.Size() > eventBytes {
			t.Errorf("%s takes %d bytes, more than %d", e, e.Size(), eventBytes)
		}
	}
	k := cachedAnswer{answer: Answer{Body: make([]byte, 10, 100), Reason: "because", Events: make([]routes.Event, 3)}}
	k.views = &eventViews{events: make([]Event, 5)}
	if got, want := k.bytes(), int64(keptBytes+100+len("because")+8*eventBytes); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if a, b := NewRoom("").most, NewRoom("tenants/evil").most; a != maxOperatorKept || b != maxTenantKept {
		t.Errorf("the operator has %d, a tenant %d", a, b)
	}
}

// TestRendered: how often an answer is rendered is said of what happens, not only of what the
// template reads.
func TestRendered(t *testing.T) {
	t.Parallel()
	const open = `{"module":"hangup","data":{"x":"{{ .Branch.Name }}"}}`
	l := library(t)
	for _, c := range []struct {
		name, first string
		room        int64
		live        bool // calls are answered from a state that kept the answer while there was room
		want        string
	}{
		{"kept", open, 64 << 10, false, "rendered once for this span"},
		{"full", open, 0, false, "rendered for each call: there is no room to keep it"},
		{"full, and kept for calls", open, 0, true, "rendered once for this span"},
		{"the fallback", `{{ fail "no" }}`, 64 << 10, false, "rendered for each call: branch b0 failed"},
		{
			"full, and of each call its own", `{"module":"hangup","data":{"x":"{{ .Call.From }}"}}`, 0, false,
			"rendered for each call: it reads .Call.From",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			room := &Room{most: 64 << 10}
			s := compiled(t, setting{
				room: room, whens: []*routes.Condition{titled("open*")}, fallback: 1,
				branches: []Branch{{Template: inline(t, l, c.first)}, {Template: inline(t, l, open)}},
			})
			if c.live {
				s.Answer(t.Context(), nil, now)
				s.route.Use(s)
			}
			again := &State{
				route: s.route, from: s.from, to: s.to, Segments: s.Segments, timelines: s.timelines,
				caches: make([]answerCache, len(s.caches)), charge: newCharge(s, room),
			}
			room.most = c.room
			if got := again.Rendered(again.Answer(t.Context(), nil, now), nil, now); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
