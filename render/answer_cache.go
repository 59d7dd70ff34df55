package render

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
	"github.com/callhours/callhours/templates/funcs"
)

// reads is what a branch's template and the templates in its data depend on.
type reads struct {
	each      []string // what is another for each call or moment, such as ".Call.From" or ".Now"
	event     bool
	ahead     []string // ".Until" and "next": what comes later
	day       bool     // spoken
	language  bool
	calendars []string // full names
	names     bool     // those of the branch, the route or the tenant
	next      bool     // what comes next
	fail      bool     // fail, which ends it
}

func (r *reads) add(u templates.Uses, full map[string]string) {
	r.each = append(append(r.each, u.Call...), u.Clock...)
	r.event = r.event || u.Event || u.Match
	if u.Until {
		r.ahead = append(r.ahead, ".Until")
	}
	if u.Next {
		r.ahead = append(r.ahead, "next")
	}
	r.names, r.next = r.names || len(u.Names) > 0, r.next || u.Next
	r.fail = r.fail || u.Fail
	r.day, r.language = r.day || u.Day, r.language || u.Language
	for _, name := range u.Calendars {
		r.calendars = append(r.calendars, full[name])
	}
}

// CanFail reports whether what a branch renders calls fail anywhere, so that it may end for the
// reason Deliberate.
func (r *Route) CanFail(index int) bool { return r.branches[index].reads.fail }

// Renders is in a few words how often the callflow of a branch is rendered, and why; "" for a
// branch that passes.
func (r *Route) Renders(index int) string {
	b := &r.branches[index]
	switch {
	case b.asked:
		return "asked for each call"
	case b.template == nil:
		return ""
	}
	read := func(names []string) string {
		names = slices.Compact(slices.Sorted(slices.Values(names)))
		return strings.Join(names, ", ")
	}
	switch {
	case len(b.reads.each) > 0:
		return "rendered for each call: it reads " + read(b.reads.each)
	case len(b.reads.ahead) > 0 && r.asksCall:
		return "rendered for each call: it reads " + read(b.reads.ahead) +
			", and a condition of the route depends on the call"
	case b.reads.day:
		return "rendered once for this span and day"
	}
	return "rendered once for this span"
}

// Rendered is in a few words how often the callflow of an answer to a call is rendered, and why; ""
// where none is. It is asked after the answer, of the state that gave it.
func (s *State) Rendered(a Answer, call *pivot.Call, now time.Time) string {
	if a.Branch < 0 {
		return ""
	}
	text := s.route.Renders(a.Branch)
	live := s.route.State()
	switch {
	case text == "":
	case len(a.Failures) > 0: // which may be over with the next call
		return "rendered for each call: branch " + s.route.branches[a.Failures[0].Branch].name + " failed"
	case !s.route.isCacheable(&s.route.branches[a.Branch]) || s.isCached(call, now) ||
		live != nil && live.isCached(call, now):
	default:
		if _, ok := a.Decision.Key(); !ok {
			return "rendered for each call: too many conditions ask about the call"
		}
		return "rendered for each call: there is no room to keep it"
	}
	return text
}

// isCached reports whether the answer to a call at a moment is cached.
func (s *State) isCached(call *pivot.Call, now time.Time) bool {
	d := s.Decide(call, now)
	held, ok := d.Key()
	if !ok {
		return false
	}
	k := s.cache(d).get(held, s.route.language(call), now.Unix())
	return k != nil && k.rendered
}

// isCacheable reports whether a branch's answer is the same for all calls of a segment.
func (r *Route) isCacheable(b *branch) bool {
	return !b.asked && len(b.reads.each) == 0 && (len(b.reads.ahead) == 0 || !r.asksCall)
}

// cachedAnswer is what is computed once for equal decisions: the reason, the events, and the answer
// where it is the same for all calls.
type cachedAnswer struct {
	key         routes.DecisionKey
	language    string // of the call, where the answer depends on it
	from, until int64  // Unix seconds, [from, until)
	views       *eventViews
	answer      Answer // without the decision
	rendered    bool   // the answer was rendered and verified; else it has the events and the reason alone
}

// eventViews are the events that decided, as templates see them.
type eventViews struct {
	events []Event
	field  string // of a `names` condition, "" without one
	name   string // the key that it found
}

func (s *State) newEventViews(events []routes.Event) *eventViews {
	v := &eventViews{}
	for _, e := range events {
		if len(v.events) < funcs.MaxEvents {
			v.events = append(v.events, eventOf(e.Occurrence, e.Calendar, s.route.Zone))
		}
		if v.name == "" && e.Name != "" {
			v.field, v.name = e.Field, e.Name
		}
	}
	return v
}

// maxCached bounds the cached answers of one branch: callers choose the language, and what
// conditions say of them.
const maxCached = 16

// answerCache holds the cached answers of one branch.
type answerCache struct {
	list atomic.Pointer[[]cachedAnswer]
}

func (k *answerCache) get(held routes.DecisionKey, language string, now int64) *cachedAnswer {
	list := k.list.Load()
	if list == nil {
		return nil
	}
	for i := range *list {
		a := &(*list)[i]
		if a.key == held && a.from <= now && now < a.until && (a.language == "" || a.language == language) {
			return a
		}
	}
	return nil
}

// entries are the cached answers; they must not be changed.
func (k *answerCache) entries() []cachedAnswer {
	if list := k.list.Load(); list != nil {
		return *list
	}
	return nil
}

// evict drops the cached answers of other segments and days than a decision's at a moment, and all
// but the first most.
func (s *State) evict(k *answerCache, held routes.DecisionKey, now int64, most int) {
	var list []cachedAnswer
	dropped := false
	for _, o := range k.entries() {
		if len(list) < most && o.key.SameSegment(held) && o.from <= now && now < o.until {
			list = append(list, o)
		} else {
			s.charge.release(o.bytes())
			dropped = true
		}
	}
	if dropped {
		k.list.Store(&list)
	}
}

// add caches an answer if there is room for it, and evicts those of other segments and days.
func (s *State) add(d routes.Decision, a cachedAnswer, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.cache(d)
	for _, o := range k.entries() {
		if o.key == a.key && o.language == a.language && o.from <= now && now < o.until && (o.rendered || !a.rendered) {
			return // another call was faster
		}
	}
	s.evict(k, a.key, now, maxCached-1)
	// The current answer takes no room of its own: it is one of those that are held.
	if c := s.current.Load(); c != nil && !c.isValid(now) {
		s.current.Store(nil)
	}
	if !s.charge.acquire(a.bytes()) {
		for i := range s.caches {
			s.evict(&s.caches[i], a.key, now, maxCached)
		}
		if !s.charge.acquire(a.bytes()) {
			return
		}
	}
	list := append([]cachedAnswer{a}, k.entries()...)
	k.list.Store(&list)
}

// constantAnswer is the answer to all calls for a while. It is found without reading anything else:
// with calls to many routes, little of each is in the processor's caches.
type constantAnswer struct {
	from, until int64 // Unix seconds, [from, until)
	answer      Answer
}

func (c *constantAnswer) isValid(now int64) bool { return c.from <= now && now < c.until }

// promote makes a rendered answer that does not depend on the call the answer to all calls, for as
// long as it and the decision last. The decision is the ordinary call's, since that of a call holds
// its whole request.
func (s *State) promote(k *cachedAnswer, now time.Time) {
	if s.route.asksCall || k.language != "" {
		return
	}
	d := s.Decide(nil, now)
	if from, until, ok := d.Lasts(); ok {
		c := &constantAnswer{from: max(from, k.from), until: min(until, k.until), answer: k.answer}
		c.answer.Decision = d
		s.mu.Lock()
		defer s.mu.Unlock()
		list := s.cache(d).entries()
		for i := range list {
			if &list[i] == k { // else it was forgotten meanwhile
				s.current.Store(c)
			}
		}
	}
}

// cache is the one of a decision's branch.
func (s *State) cache(d routes.Decision) *answerCache {
	i := d.Branch
	if d.Unknown {
		i += len(s.route.branches)
	}
	return &s.caches[i]
}

// store keeps what was found out about a decision, and the answer if it is the same for other
// calls.
func (s *State) store(a *Answer, seen *eventViews, held routes.DecisionKey, call *pivot.Call, now time.Time) {
	b := &s.route.branches[a.Decision.Branch]
	k := cachedAnswer{
		key: held, from: math.MinInt64, until: math.MaxInt64, views: seen,
		answer: Answer{Events: a.Events, More: a.More, Reason: a.Reason, Title: a.Title},
	}
	if len(a.Failures) > 0 || !s.route.isCacheable(b) {
		s.add(a.Decision, k, now.Unix())
		return
	}
	k.answer, k.rendered = *a, true
	k.answer.Decision, k.answer.Spent = routes.Decision{}, 0
	if b.reads.language {
		k.language = s.route.language(call)
	}
	if b.reads.day {
		y, m, d := now.In(s.route.Zone).Date()
		k.from, k.until = time.Date(y, m, d, 0, 0, 0, 0, s.route.Zone).Unix(),
			time.Date(y, m, d+1, 0, 0, 0, 0, s.route.Zone).Unix()
	}
	at := now.Unix()
	for _, name := range b.reads.calendars {
		t := s.timelines[name]
		if t == nil { // unknown for as long as this state lives; the template did not come to ask
			continue
		}
		k.from, k.until = t.Edges(at, k.from, k.until)
	}
	if len(b.reads.calendars) > 0 { // nobody knows what is on outside the window
		from, to := s.Window()
		k.from, k.until = max(k.from, from.Unix()), min(k.until, to.Unix())
	}
	s.add(a.Decision, k, at)
}

// language is what spoken and phone speak to a call: its own, where they know it, else the route's;
// never "".
func (r *Route) language(call *pivot.Call) string {
	if call != nil {
		if known := funcs.Language(call.Language); known != "" {
			return known
		}
	}
	return r.speaks
}
