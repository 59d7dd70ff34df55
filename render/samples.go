package render

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates/funcs"
)

// maxNames is how many keys of a `names` field are tried.
const maxNames = 50

// sample is a call at a moment, with what is on and what comes next.
type sample struct {
	call   sampleCall
	now    time.Time
	event  sampleEvent
	field  string // of the `names` that found name, "" for none
	name   string
	ahead  bool // a change and the next span are in sight
	values string
}

// A sampleCall is one of what callers send; odd is one that nobody sends by chance.
type sampleCall struct {
	name string
	odd  bool
	call pivot.Call
}

type sampleEvent struct {
	name string // "" for none
	odd  bool
	Event
}

const sampleID = "0123456789abcdef0123456789abcdef"

// sampleCalls are plain, without a number, hostile, and with nothing known.
func sampleCalls() []sampleCall {
	const odd = "\",\"module\":\"x\"}\\\x00\x1f\xff\u2028<&>{{.}}' é😀"
	known := map[string]string{
		"Call-ID": "1f7c5e3a-9b21-4c0e-8f6d", "Account-ID": sampleID, "Direction": "inbound",
		"From-Realm": "acme.example", "To-Realm": "acme.example",
		"Request-Realm": "acme.example", "To": "+14155550100", "Request": "+14155550100", "Api-Version": "4.x",
	}
	make := func(more map[string]string) pivot.Call {
		all := maps.Clone(known)
		maps.Copy(all, more)
		return pivot.New(all)
	}
	return []sampleCall{
		{"an ordinary call", false, make(map[string]string{
			"From": "+12025550147", "Caller-ID-Number": "+12025550147", "Caller-ID-Name": "JANE DOE",
			"Language": "en-us", "Digits": "4711",
		})},
		{
			"a call from a hidden number", false,
			make(map[string]string{
				"From": "anonymous", "Caller-ID-Number": "anonymous",
				"Caller-ID-Name": "anonymous",
			}),
		},
		{"a call with odd characters", true, make(map[string]string{
			"From": odd, "Caller-ID-Number": odd, "Caller-ID-Name": strings.Repeat(odd, 64), "Language": odd,
			"Digits": odd, "To": odd, "Request": odd,
		})},
		{"a call of which nothing is known", false, pivot.New(map[string]string{})},
	}
}

func sampleEvents(now time.Time) []sampleEvent {
	y, m, d := now.Date()
	at := func(hour int) time.Time { return time.Date(y, m, d, hour, 0, 0, 0, now.Location()) }
	return []sampleEvent{
		{"an event", false, Event{
			Summary: "Sample event", Description: "A sample", Location: "Here", Categories: []string{"sample"},
			Start: at(9), End: at(17), UID: "sample", Calendar: "sample",
		}},
		{
			"an event with a long title", true,
			Event{
				Summary: strings.Repeat("\"Sample\" événement\\ ", 64), Start: at(0), End: at(24), AllDay: true,
				UID: "long", Calendar: "sample",
			},
		},
	}
}

// samples are those in which a branch can show what is wrong with it: one for each difference that
// it looks at.
func (r *Route) samples(index int, calls []sampleCall, now time.Time) []sample {
	b := &r.branches[index]
	if len(b.reads.each) == 0 && !b.reads.language {
		calls = calls[:1]
	}
	now = now.In(r.Zone)
	moments := []time.Time{now}
	if b.reads.day || slices.ContainsFunc(b.reads.each, func(name string) bool {
		return !strings.HasPrefix(name, ".Call")
	}) {
		moments = append(moments, time.Date(2028, 2, 29, 23, 59, 59, 0, r.Zone),
			time.Date(now.Year()+1, 1, 1, 0, 0, 0, 0, r.Zone))
	}
	event, match := r.comesWith(index)
	readsEvents := b.reads.event || len(b.reads.calendars) > 0
	var all []sample
	for _, c := range calls {
		for _, at := range moments {
			with := func(e sampleEvent, ahead bool) sample {
				s := sample{call: c, now: at, event: e, ahead: ahead}
				if len(calls) > 1 {
					s.values = c.name
				}
				if readsEvents {
					s.values += e.name
				}
				return s
			}
			events := sampleEvents(at)
			if !readsEvents {
				events = events[:1]
			}
			for _, e := range events {
				found := false
				for field, keys := range r.Names(index) {
					for _, name := range keys[:min(len(keys), maxNames)] {
						s := with(e, true)
						s.field, s.name = field, name
						s.event.Summary = name
						all, found = append(all, s), true
					}
				}
				if !found || !match {
					all = append(all, with(e, true))
				}
			}
			switch {
			case !event:
				all = append(all, with(sampleEvent{}, false))
			case len(b.reads.ahead) > 0 && !match:
				all = append(all, with(events[0], false))
			}
		}
	}
	return all
}

// comesWith says what a branch comes with whenever it answers: an event, and a name in its title.
func (r *Route) comesWith(index int) (event, match bool) {
	event, match = r.Provides(index)
	if index == r.options.Fallback || index == r.Unknown {
		return len(r.branches) == 1 && event, len(r.branches) == 1 && match
	}
	return event, match
}

// sampleView is what a template sees of a sample.
func (r *Route) sampleView(b *branch, s *sample) *View {
	v := &View{
		Call: &s.call.call, Now: s.now, Tenant: r.options.Tenant, sample: s,
		Route:  RouteView{r.Name, r.Zone.String(), r.options.Language},
		Branch: BranchView{b.name, b.state},
	}
	if s.event.name != "" {
		v.Events = []Event{s.event.Event}
		v.Event = &v.Events[0]
	}
	if s.field != "" {
		v.Match = &Match{Name: s.name, Value: member(b.plain[s.field], s.name)}
	}
	tomorrow := s.now.AddDate(0, 0, 1)
	v.env = funcs.Env{
		Now: s.now, Language: r.language(&s.call.call),
		Next: func(name string) (any, error) {
			if err := r.known(name); err != nil || !s.ahead {
				return nil, err
			}
			return &routes.Span{Start: tomorrow, End: tomorrow.Add(8 * time.Hour), Branch: name, State: routes.Open},
				nil
		},
		On:    func(string) (any, error) { return v.Events, nil },
		Spent: &v.spent,
	}
	return v
}
