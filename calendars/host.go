package calendars

import (
	"slices"
	"time"
)

// host is how a server is treated that several feeds come from: a few attempts at a time, spread as its owner likes, and none
// while it has had enough of us. It is guarded by its Store's mutex.
type host struct {
	pace    time.Duration // between two attempts; 0: none
	running int           // attempts that take a place
	waiting []*feed       // for a place, in order
	next    time.Time     // when the pace allows another attempt
	until   time.Time     // no attempt before
	refused int           // how often in a row it had enough of us
}

const (
	// places is how many attempts of a host may begin before one of them has ended or grown slow.
	places = 4
	// slow is when an attempt gives its place to the next one: three hundred feeds of which each hangs must not keep the others of
	// their host waiting for hours.
	slow = 2 * time.Second
	// firstPause and lastPause bound how long a host is left alone that says only that it has had enough.
	firstPause = 15 * time.Minute
	lastPause  = 6 * time.Hour
)

// admits is when the host may be asked, from now on.
func (h *host) admits(now time.Time) time.Time {
	at := now
	for _, other := range [2]time.Time{h.until, h.next} {
		if other.After(at) {
			at = other
		}
	}
	return at
}

// began counts an attempt.
func (h *host) began(now time.Time) {
	h.running++
	if h.pace > 0 {
		h.next = now.Add(h.pace)
	}
}

// released gives a place back. Those that wait for one are tried again, in order, when any is free.
func (h *host) released() (again []*feed) {
	h.running--
	free := min(max(0, places-h.running), len(h.waiting))
	again = slices.Clone(h.waiting[:free])
	clear(h.waiting[:free])
	h.waiting = h.waiting[free:] // not moved: of a large installation 20,000 feeds may wait
	for _, f := range again {
		f.waits = false
	}
	return again
}

// wait makes a feed wait for a place.
func (h *host) wait(f *feed) {
	h.waiting = append(h.waiting, f)
	f.waits = true
}

// dismiss makes a feed wait no longer.
func (h *host) dismiss(f *feed) {
	if f.waits {
		h.waiting = slices.DeleteFunc(h.waiting, func(other *feed) bool { return other == f })
		f.waits = false
	}
}

// ended takes in how an attempt went.
func (h *host) ended(f Fetched, now time.Time) {
	switch {
	case f.Busy:
		if !now.Before(h.until) { // Attempts that ran at the same time say the same.
			h.refused++
		}
		pause := f.RetryAfter
		if pause == 0 {
			pause = backoff(firstPause, lastPause, h.refused)
		}
		if until := now.Add(pause); until.After(h.until) {
			h.until = until
		}
	case f.Err == nil:
		h.refused = 0
	}
}

// backoff doubles from first to last.
func backoff(first, last time.Duration, times int) time.Duration {
	pause := first
	for ; times > 1 && pause < last; times-- {
		pause *= 2
	}
	return min(pause, last)
}
