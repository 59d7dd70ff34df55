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

// reads is what a branch's template and the templates in its data look at.
type reads struct {
	each      []string // what is another for each call or moment, such as ".Call.From" or ".Now"
	event     bool
	ahead     []string // ".Until" and "next": what comes later
	day       bool     // spoken
	language  bool
	calendars []string // full names
	names     bool     // those of the branch, the route or the tenant
	next      bool     // what comes next
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
	r.day, r.language = r.day || u.Day, r.language || u.Language
	for _, name := range u.Calendars {
		r.calendars = append(r.calendars, full[name])
	}
}

// Renders says in a few words how often the callflow of a branch is rendered, and why; "" for a branch that passes.
func (r *Route) Renders(index int) string {
	b := &r.branches[index]
	if b.template == nil {
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
			", and a condition of the route asks about the call"
	case b.reads.day:
		return "rendered once for this span and day"
	}
	return "rendered once for this span"
}

// Rendered says in a few words how often the callflow of an answer to a call is rendered, and why; "" where none is. It
// is asked after the answer, of the state that gave it.
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
	case !s.route.lasts(&s.route.branches[a.Branch]) || s.keeps(call, now) || live != nil && live.keeps(call, now):
	default:
		if _, ok := a.Decision.Held(); !ok {
			return "rendered for each call: too many conditions ask about the call"
		}
		return "rendered for each call: there is no room to keep it"
	}
	return text
}

// keeps reports whether the answer to a call at a moment is kept.
func (s *State) keeps(call *pivot.Call, now time.Time) bool {
	d := s.Decide(call, now)
	held, ok := d.Held()
	if !ok {
		return false
	}
	k := s.keeper(d).find(held, s.route.language(call), now.Unix())
	return k != nil && k.whole
}

// lasts says whether what a branch answers is the same for all calls of a segment.
func (r *Route) lasts(b *branch) bool {
	return len(b.reads.each) == 0 && (len(b.reads.ahead) == 0 || !r.asksCall)
}

// kept is what was found out once about decisions: why they were taken, and where it is the
// same for all calls, the answer.
type kept struct {
	held        routes.Held
	language    string // of the call, where the answer depends on it
	from, until int64  // Unix seconds, [from, until)
	seen        *seen
	answer      Answer // without the decision
	whole       bool   // the answer was rendered and verified; else it has the events and the reason alone
}

// seen are the events that decided, as templates see them.
type seen struct {
	events []Event
	field  string // of a `names` condition, "" without one
	name   string // the key that it found
}

func (s *State) seen(events []routes.Event) *seen {
	v := &seen{}
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

// mostKept bounds the answers that are kept of one branch at a time: callers choose the language, and
// what conditions say of them.
const mostKept = 16

// keeper holds the answers of one branch.
type keeper struct{ list atomic.Pointer[[]kept] }

func (k *keeper) find(held routes.Held, language string, now int64) *kept {
	list := k.list.Load()
	if list == nil {
		return nil
	}
	for i := range *list {
		a := &(*list)[i]
		if a.held == held && a.from <= now && now < a.until && (a.language == "" || a.language == language) {
			return a
		}
	}
	return nil
}

// entries are the answers that are held; they are not to be changed.
func (k *keeper) entries() []kept {
	if list := k.list.Load(); list != nil {
		return *list
	}
	return nil
}

// forget drops the answers of other segments and days than a decision's at a moment, and all but the first most.
func (s *State) forget(k *keeper, held routes.Held, now int64, most int) {
	var list []kept
	dropped := false
	for _, o := range k.entries() {
		if len(list) < most && o.held.SameSegment(held) && o.from <= now && now < o.until {
			list = append(list, o)
		} else {
			s.charge.give(o.bytes())
			dropped = true
		}
	}
	if dropped {
		k.list.Store(&list)
	}
}

// add keeps an answer if there is room for it, and forgets those of other segments and days.
func (s *State) add(d routes.Decision, a kept, now int64) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	k := s.keeper(d)
	for _, o := range k.entries() {
		if o.held == a.held && o.language == a.language && o.from <= now && now < o.until && (o.whole || !a.whole) {
			return // another call was faster
		}
	}
	s.forget(k, a.held, now, mostKept-1)
	// The current answer takes no room of its own: it is one of those that are held.
	if c := s.current.Load(); c != nil && !c.holds(now) {
		s.current.Store(nil)
	}
	if !s.charge.take(a.bytes()) {
		for i := range s.keepers {
			s.forget(&s.keepers[i], a.held, now, mostKept)
		}
		if !s.charge.take(a.bytes()) {
			return
		}
	}
	list := append([]kept{a}, k.entries()...)
	k.list.Store(&list)
}

// current is the answer to all calls for a while, whoever calls. It is found without looking at anything else: calls to
// many routes find little of each in the processor's caches.
type current struct {
	from, until int64 // Unix seconds, [from, until)
	answer      Answer
}

func (c *current) holds(now int64) bool { return c.from <= now && now < c.until }

// goOn makes an answer that was kept whole the one to all calls for as long as the decision and the answer last, where
// it depends on nothing of a call. The decision is the ordinary call's, since that of a call holds all of its request.
func (s *State) goOn(k *kept, now time.Time) {
	if s.route.asksCall || k.language != "" {
		return
	}
	d := s.Decide(nil, now)
	if from, until, ok := d.Lasts(); ok {
		c := &current{from: max(from, k.from), until: min(until, k.until), answer: k.answer}
		c.answer.Decision = d
		s.keeping.Lock()
		defer s.keeping.Unlock()
		list := s.keeper(d).entries()
		for i := range list {
			if &list[i] == k { // else it was forgotten meanwhile
				s.current.Store(c)
			}
		}
	}
}

// keeper is that of the answers to a decision.
func (s *State) keeper(d routes.Decision) *keeper {
	i := d.Branch
	if d.Unknown {
		i += len(s.route.branches)
	}
	return &s.keepers[i]
}

// keep keeps what was found out about a decision, and the answer if it is the same for other calls.
func (s *State) keep(a *Answer, seen *seen, held routes.Held, call *pivot.Call, now time.Time) {
	b := &s.route.branches[a.Decision.Branch]
	k := kept{
		held: held, from: math.MinInt64, until: math.MaxInt64, seen: seen,
		answer: Answer{Events: a.Events, More: a.More, Reason: a.Reason, Title: a.Title},
	}
	if len(a.Failures) > 0 || !s.route.lasts(b) {
		s.add(a.Decision, k, now.Unix())
		return
	}
	k.answer, k.whole = *a, true
	k.answer.Decision = routes.Decision{}
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

// language is what spoken and phone speak to a call: its own, where they know it, else the route's; never "".
func (r *Route) language(call *pivot.Call) string {
	if call != nil {
		if known := funcs.Language(call.Language); known != "" {
			return known
		}
	}
	return r.speaks
}
