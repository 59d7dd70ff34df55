package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
)

// TestPictureBounds: a picture has so many bars and says how many more there are, and words for so
// many changes.
func TestPictureBounds(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	spans := func(n int) (list []preview.Span) {
		for i := range n {
			list = append(list,
				preview.Span{
					Start: midnight.Add(time.Duration(i) * time.Second),
					End:   midnight.Add(time.Duration(i+1) * time.Second), State: "open",
				})
		}
		return list
	}
	for n, more := range map[int]int{maxBars: 0, maxBars + 1: 1, 3 * maxBars: 2 * maxBars} {
		pic := newPicture(testDrawing(midnight, 1, spans(n), nil, midnight))
		if got := len(pic.Days[0].Bands); got != maxBars || pic.More != more {
			t.Errorf("%d spans: %d bars and %d more, want %d more", n, got, pic.More, more)
		}
	}
	lanes := []preview.Lane{{Calendar: "hours", More: 7}}
	for range 100 { // each is on in 31 rows
		lanes[0].Events = append(lanes[0].Events,
			preview.LaneEvent{Event: preview.Event{Start: midnight, End: midnight.AddDate(0, 1, 0)}})
	}
	pic, bars := newPicture(testDrawing(midnight, 31, nil, lanes, midnight)), 0
	for _, d := range pic.Days {
		for _, l := range d.Lanes {
			bars += len(l.Bars)
			if l.Rows > maxRows {
				t.Errorf("%d rows", l.Rows)
			}
		}
	}
	if bars != maxBars || pic.More != 7+31*100-maxBars {
		t.Errorf("long events: %d bars and %d more", bars, pic.More)
	}
	english := languages.New().All()[0]
	for n, want := range map[int]string{maxWords: "open from 00:00", maxWords + 1: "and 1 more changes"} {
		words := dayInWords(english, dayPicture(english, preview.RouteStatus{At: midnight, Day: spans(n)}))
		if !strings.HasSuffix(words, want) || strings.Count(words, "open") != maxWords {
			t.Errorf("%d changes: %s", n, words)
		}
	}
}

// TestPageBounds: pages have so many bytes, and lists on them so many elements, and say how many
// more there are.
func TestPageBounds(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	s := pageWriter{ctx: ctx}
	if _, err := s.Write(make([]byte, maxPage)); err != nil {
		t.Error(err)
	}
	if _, err := s.Write([]byte("x")); err == nil || s.Len() != maxPage {
		t.Errorf("a page of %d bytes: %v", s.Len(), err)
	}
	leave()
	s.Reset()
	if _, err := s.Write([]byte("x")); !errors.Is(err, context.Canceled) || s.Len() != 0 {
		t.Errorf("for nobody: %d bytes, %v", s.Len(), err)
	}
	problems, mistakes := 0, 0
	c := New(Options{
		Now: time.Now, RealNow: time.Now, Feeds: func() []feeds.Status { return nil },
		Findings: func() ([]preview.Finding, int) { return nil, 0 },
		Status:   func() preview.Status { return preview.Status{Mistakes: make([]preview.FileMessage, mistakes)} },
		Calendar: func(string) (Calendar, bool) {
			return Calendar{Problems: make([]ical.Problem, problems), Routes: make([]string, maxRouteNames+1)},
				true
		},
		Preview: func() *preview.Preview { return nil },
	})
	for _, more := range []int{0, 1} {
		problems, mistakes = maxProblems+more, maxMessages+more
		for path, want := range map[string]string{"/calendars/hours": "And 1 more of these", "/config": "And 1 more;"} {
			rec := httptest.NewRecorder()
			c.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
			if got := strings.Contains(rec.Body.String(), want); got != (more == 1) || rec.Code != 200 {
				t.Errorf("%s, %d beyond the bound: got %d, %q is there: %v", path, more, rec.Code, want, got)
			}
		}
	}
}

// stalledClient is a connection that takes so many writes and then stalls.
type stalledClient struct {
	http.ResponseWriter
	takes     int
	mu        sync.Mutex // guards the following
	written   []string
	deadlines []time.Time
}

func (l *stalledClient) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.written) == l.takes {
		return 0, errors.New("i/o timeout")
	}
	l.written = append(l.written, string(p))
	return len(p), nil
}

func (l *stalledClient) FlushError() error { return nil }

func (l *stalledClient) SetWriteDeadline(by time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadlines = append(l.deadlines, by)
	return nil
}

// told is what was written so far.
func (l *stalledClient) told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.written)
}

// TestSlowListener: who takes too long to read is dropped, each write has a deadline, and changes
// are told no more often than once in a while.
func TestSlowListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &Console{hub: newHub(), options: Options{RealNow: time.Now, Client: addressOf}}
		l := &stalledClient{ResponseWriter: httptest.NewRecorder(), takes: 3}
		ended := make(chan struct{})
		began := time.Now()
		go func() {
			defer close(ended)
			c.Events(l, httptest.NewRequest(http.MethodGet, "/", nil))
		}()
		synctest.Wait()
		for range 10 {
			c.Changed()
			synctest.Wait()
		}
		if told := l.told(); len(told) != 2 {
			t.Errorf("of ten changes at once are told %v", told[1:])
		}
		<-time.After(minInterval)
		synctest.Wait()
		if told := l.told(); len(told) != 3 || time.Since(began) != minInterval {
			t.Errorf("the others are told as %v", told[2:])
		}
		<-time.After(minInterval)
		c.Changed()
		<-ended
		for i, by := range l.deadlines {
			if left := by.Sub(began) - writeTimeout; left != max(0, time.Duration(i-1))*minInterval {
				t.Errorf("write %d has until %v after the beginning", i, by.Sub(began))
			}
		}
		if len(l.deadlines) != 4 || len(c.hub.listeners) != 0 {
			t.Errorf("%d deadlines, %d listeners", len(l.deadlines), len(c.hub.listeners))
		}
		for i := range maxListeners {
			if _, err := c.hub.join("192.0.2.1:1234"); err != nil {
				t.Fatal(i, err)
			}
		}
		if _, err := c.hub.join("192.0.2.1:1234"); !errors.Is(err, errFull) {
			t.Errorf("one more: %v", err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		rec := httptest.NewRecorder()
		c.Events(rec, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(gone))
		if rec.Code != http.StatusServiceUnavailable {
			t.Error(fmt.Sprint(rec.Code))
		}
	})
}

// addressOf tells clients apart by their address.
func addressOf(r *http.Request) string { return r.RemoteAddr }

// TestListenersAreFair: where all connections that may stay open are taken, the client with most
// loses its oldest to one with fewer.
func TestListenersAreFair(t *testing.T) {
	t.Parallel()
	h := newHub()
	var evils []*subscriber
	for range maxListeners {
		l, err := h.join("evil")
		if err != nil {
			t.Fatal(err)
		}
		evils = append(evils, l)
	}
	if _, err := h.join("evil"); !errors.Is(err, errFull) {
		t.Errorf("one more of the same: %v", err)
	}
	for i := range maxListeners / 2 {
		if _, err := h.join("good"); err != nil {
			t.Fatalf("good's number %d: %v", i, err)
		}
		if _, open := <-evils[i].changed; open {
			t.Fatalf("evil's number %d stays", i)
		}
	}
	if _, err := h.join("good"); !errors.Is(err, errFull) || len(h.listeners) != maxListeners {
		t.Errorf("good has half, and asks for more: %v, %d listen", err, len(h.listeners))
	}
	if _, err := h.join("fair"); err != nil {
		t.Errorf("a third one: %v", err)
	}
	h.notifyAll() // those that are left
	h.leave(evils[0])
	last := h.listeners[len(h.listeners)-1]
	<-last.changed
	h.disconnectAll()
	if _, open := <-last.changed; open || len(h.listeners) != 0 {
		t.Errorf("%d listen after all were dropped", len(h.listeners))
	}
	if _, err := h.join("evil"); err != nil {
		t.Errorf("anew: %v", err)
	}
	h.close()
}
