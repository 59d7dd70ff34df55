package feeds

import (
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/metrics"
)

// Status is the state of a feed for pages and programs. It has no secret.
type Status struct {
	Calendars []string // that ask for it, by name
	Source    string   // a file, or scheme and host of an address
	Watched   bool     // Source is a file, or several, which are looked at all the time
	Holidays  string   // the place whose public holidays it has, worked out by us; "": Source is read or fetched
	State     Freshness
	// when its copy was last read or confirmed; zero: there is none, or that cannot be known
	Read      time.Time
	Doubt     string              // why Read may be wrong, or is not known; "" if it can be believed
	Result    metrics.FetchResult // of the last attempt; "" before the first
	Code      int                 // HTTP status of that; 0 without one
	Err       error               // why it brought nothing; nil if it was well
	Attempted time.Time           // when it ended; zero: none has
	Next      time.Time           // when the next one is due
	Failed    int                 // attempts in a row that failed
	Skew      time.Duration       // the server's clock less ours
	Title     string              // the copy's own (X-WR-CALNAME)
	Timezone  string              // what the copy says that its zone is (X-WR-TIMEZONE), which is not used
	Events    int                 // in the copy
	Problems  int                 // in the copy
}

// IsSkewed reports whether the server's clock is more than a minute off ours: one of them is wrong.
func (s Status) IsSkewed() bool { return isSkewed(s.Skew) }

// Freshness is what a feed's copy is worth.
type Freshness string

// The values of Worth. A copy is stale when the last attempt did not confirm it, when it is of a
// source that a calendar had before, and when it was read from disk and is older than two attempts
// are apart.
const (
	Fresh   Freshness = "fresh"
	Stale   Freshness = "stale"
	Unknown Freshness = "unknown"
)

// Feeds are all of them, by the names of their calendars.
func (s *Store) Feeds() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.feeds))
	for _, f := range s.feeds {
		list = append(list, s.status(f))
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Calendars[0], b.Calendars[0]) })
	return list
}

// status is the worst that the feed is to any of its calendars.
func (s *Store) status(f *feed) Status {
	st := Status{
		Calendars: f.names(), Source: f.subscriptions[0].location(), Watched: f.subscriptions[0].File != "",
		State: Fresh, Holidays: f.subscriptions[0].Holidays,
		Result: f.last.Result, Code: f.last.Status, Err: f.last.Err, Attempted: f.lastEnded, Next: f.next,
		Failed: f.failures, Skew: f.last.Skew,
	}
	now := s.options.Now()
	for _, sub := range f.subscriptions {
		subscriber := s.subscribers[sub.Calendar]
		if subscriber == nil || subscriber.feed != f { // the subscriptions have changed meanwhile
			continue
		}
		snapshot := subscriber.snapshotAt(now)
		if snapshot.Doubt != "" {
			st.Doubt = snapshot.Doubt
		}
		switch {
		case snapshot.Unknown():
			st.State = Unknown
		case snapshot.Stale && st.State == Fresh:
			st.State = Stale
		}
		if snapshot.Why != calendars.NeverRead { // an expired copy has an age, too
			st.Read = snapshot.Dated()
		}
		if c := snapshot.Calendar; c != nil {
			st.Title, st.Timezone = c.Name(), c.Timezone()
			st.Events, st.Problems = c.Len(), len(c.Problems())
		}
	}
	return st
}

// Why a calendar can be unknown, besides calendars.NeverRead.
const (
	expired = "its copy is older than expire_after"
	noAge   = "how old its copy is cannot be known: it is dated in the future"
)

// undated is why the age of a copy may be wrong, besides calendars.FromFuture.
const undated = "it was written by a former version, and has only the time of its file, which copying changes"
