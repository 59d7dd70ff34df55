package routes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

var newYork = zone("America/New_York")

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// office is a calendar of opening hours: weekdays nine to five, lunch at noon, a short
// Christmas Eve, a closed afternoon.
const office = `
UID:open
DTSTART;TZID=America/New_York:20260105T090000
DTEND;TZID=America/New_York:20260105T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
SUMMARY:Open
--
UID:lunch
DTSTART;TZID=America/New_York:20260105T120000
DTEND;TZID=America/New_York:20260105T130000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
SUMMARY:Lunch
--
UID:eve
DTSTART;TZID=America/New_York:20261224T090000
DTEND;TZID=America/New_York:20261224T120000
SUMMARY:Open 9-12
--
UID:stock
DTSTART;TZID=America/New_York:20261201T130000
DTEND;TZID=America/New_York:20261201T180000
SUMMARY:Closed for stocktaking
--
UID:anna
DTSTART;VALUE=DATE:20261130
DTEND;VALUE=DATE:20261205
SUMMARY:On call: Anna Schmidt
`

const holidays = `
UID:thanksgiving
DTSTART;VALUE=DATE:20261126
DTEND;VALUE=DATE:20261127
SUMMARY:Thanksgiving Day
--
UID:christmas
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261226
SUMMARY:Christmas Day
`

func calendar(t testing.TB, events string) *calendars.Calendar {
	t.Helper()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n")
	for event := range strings.SplitSeq(strings.TrimSpace(events), "\n--\n") {
		b.WriteString("BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\n" + event + "\nEND:VEVENT\n")
	}
	b.WriteString("END:VCALENDAR\n")
	c, err := calendars.Read([]byte(b.String()), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if ps := c.Problems(); len(ps) > 0 {
		t.Fatal(ps)
	}
	return c
}

// officeBranches are those of the built-in plan.
func officeBranches() []Branch {
	titled := func(e Events, patterns ...string) *Condition {
		e.Summary = texts(patterns...)
		return &Condition{Calendars: []string{"hours"}, Events: e}
	}
	holiday := &Condition{Calendars: []string{"holidays"}}
	special := Events{Recurring: new(false)}
	specialDay := Events{Recurring: new(false), WholeDay: true}
	return []Branch{
		{"closed-by-hand", Closed, titled(Events{}, "*closed*")},
		{"open", Open, &Condition{Any: []*Condition{
			titled(special, "open*"),
			{All: []*Condition{
				titled(Events{}, "open*"),
				{Not: &Condition{Any: []*Condition{titled(specialDay, "open*"), holiday, titled(Events{}, "*lunch*")}}},
			}},
		}}},
		{"holiday", Closed, holiday},
		{"lunch", Closed, titled(Events{}, "*lunch*")},
		{"closed", Closed, nil},
	}
}

type uses = map[string]calendars.Use

func known(c *calendars.Calendar) calendars.Use {
	return calendars.Use{Snapshot: calendars.Snapshot{Calendar: c}}
}

func compile(t testing.TB, o Options, u uses) *Segments {
	t.Helper()
	if o.Zone == nil {
		o.Zone = newYork
	}
	r, mistakes := New(o)
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 60)
	ts := calendars.NewTimelines(u, to.Sub(from))
	return r.Compile(func(name string) (*calendars.Timeline, string) {
		return ts.Timeline(name, calendars.View{Zone: o.Zone, DayStarts: o.DayStarts}, from, to)
	}, from, to, NewTotals(1_000_000))
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	m, err := time.ParseInLocation("2006-01-02 15:04:05", s+":00"[:max(0, 19-len(s))], newYork)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOffice(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(calendar(t, office)), "holidays": known(calendar(t, holidays))})
	for _, c := range []struct{ at, branch, event, reason, until, next string }{
		{"2026-11-23 08:59:59", "closed", "", "nothing else applies", "2026-11-23 09:00", "2026-11-23 09:00"},
		{
			"2026-11-23 09:00", "open", "Open", `calendar hours has "Open", 2026-11-23 09:00 to 17:00`,
			"2026-11-23 12:00",
			"2026-11-23 13:00",
		},
		{
			"2026-11-23 12:00", "lunch", "Lunch", `calendar hours has "Lunch", 2026-11-23 12:00 to 13:00`,
			"2026-11-23 13:00", "2026-11-23 13:00",
		},
		{
			"2026-11-23 16:59:59", "open", "Open", `calendar hours has "Open", 2026-11-23 09:00 to 17:00`,
			"2026-11-23 17:00", "2026-11-24 09:00",
		},
		{"2026-11-23 17:00", "closed", "", "nothing else applies", "2026-11-24 09:00", "2026-11-24 09:00"},
		{"2026-11-21 12:30", "closed", "", "nothing else applies", "2026-11-23 09:00", "2026-11-23 09:00"},
		{
			"2026-11-26 10:00", "holiday", "Thanksgiving Day",
			`calendar holidays has "Thanksgiving Day", all day on 2026-11-26`, "2026-11-27 00:00", "2026-11-27 09:00",
		},
		{
			"2026-12-01 14:00", "closed-by-hand", "Closed for stocktaking",
			`calendar hours has "Closed for stocktaking", 2026-12-01 13:00 to 18:00`, "2026-12-01 18:00",
			"2026-12-02 09:00",
		},
		{
			"2026-12-24 09:00", "open", "Open 9-12", `calendar hours has "Open 9-12", 2026-12-24 09:00 to 12:00`,
			"2026-12-24 12:00", "2026-12-28 09:00",
		},
		{
			"2026-12-24 12:30", "lunch", "Lunch", `calendar hours has "Lunch", 2026-12-24 12:00 to 13:00`,
			"2026-12-24 13:00", "2026-12-28 09:00",
		},
		{"2026-12-24 14:00", "closed", "", "nothing else applies", "2026-12-25 00:00", "2026-12-28 09:00"},
		{
			"2026-12-25 14:00", "holiday", "Christmas Day",
			`calendar holidays has "Christmas Day", all day on 2026-12-25`,
			"2026-12-26 00:00", "2026-12-28 09:00",
		},
	} {
		d := s.Decide(nil, at(t, c.at))
		if got := s.route.Branches[d.Branch].Name; got != c.branch || d.Unknown {
			t.Errorf("%s: got branch %s (unknown %t), want %s", c.at, got, d.Unknown, c.branch)
		}
		event := ""
		if es := d.Events(); len(es) > 0 {
			event = es[0].Event.Summary
		}
		if event != c.event {
			t.Errorf("%s: got event %q, want %q", c.at, event, c.event)
		}
		if got := d.Reason(); got != c.reason {
			t.Errorf("%s: got reason %s, want %s", c.at, got, c.reason)
		}
		if until, ok := d.Until(); !ok || !until.Equal(at(t, c.until)) {
			t.Errorf("%s: got until %v %t, want %s", c.at, until, ok, c.until)
		}
		if next := d.Next("open"); next == nil || !next.Start.Equal(at(t, c.next)) || next.State != Open {
			t.Errorf("%s: got next open %v, want %s", c.at, next, c.next)
		}
	}
	if d := s.Decide(nil, at(t, "2026-11-26 10:00")); d.Next("lunch").End.Format("15:04") != "13:00" ||
		d.Next("other") != nil {
		t.Errorf("next by branch: got %v and %v", d.Next("lunch"), d.Next("other"))
	}
	for _, outside := range []string{"2026-11-19 18:59", "2027-01-19 00:00"} {
		d := s.Decide(nil, at(t, outside))
		if _, ok := d.Until(); !d.Unknown || d.Branch != 4 || ok || d.Events() != nil || d.Next("open") != nil {
			t.Errorf("%s, outside the window: got %+v, want the unknown branch", outside, d)
		}
		if got, want := d.Reason(),
			"branch closed-by-hand cannot be decided: the moment lies outside the window that the calendars are expanded for"; got != want {
			t.Errorf("%s: got reason %q, want %q", outside, got, want)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	branches, hours := officeBranches(), known(calendar(t, office))
	nobodyKnows := calendars.Use{}
	absent := calendars.Use{Absent: true}
	for _, c := range []struct {
		name    string
		u       uses
		at      string
		branch  string
		unknown bool
		reason  string
	}{
		{
			"holidays unknown, open by hours",
			uses{"hours": hours, "holidays": nobodyKnows},
			"2026-11-23 10:00", "closed",
			true, "branch open cannot be decided: calendar holidays is unknown: it was never read",
		},
		{
			"holidays unknown, but closed by hand",
			uses{"hours": hours, "holidays": nobodyKnows},
			"2026-12-01 14:00",
			"closed-by-hand", false, `calendar hours has "Closed for stocktaking", 2026-12-01 13:00 to 18:00`,
		},
		{
			"holidays unknown, but open on purpose",
			uses{"hours": hours, "holidays": nobodyKnows},
			"2026-12-24 10:00",
			"open", false, `calendar hours has "Open 9-12", 2026-12-24 09:00 to 12:00`,
		},
		{
			"holidays unknown, at night",
			uses{"hours": hours, "holidays": nobodyKnows},
			"2026-11-23 20:00", "closed",
			true, "branch holiday cannot be decided: calendar holidays is unknown: it was never read",
		},
		{
			"holidays absent",
			uses{"hours": hours, "holidays": absent},
			"2026-11-26 10:00", "open", false,
			`calendar hours has "Open", 2026-11-26 09:00 to 17:00`,
		},
		{
			"hours unknown",
			uses{"hours": nobodyKnows, "holidays": absent},
			"2026-11-23 10:00", "closed", true,
			"branch closed-by-hand cannot be decided: calendar hours is unknown: it was never read",
		},
		{
			"hours not defined at all",
			uses{"holidays": absent},
			"2026-11-23 10:00", "closed", true,
			"branch closed-by-hand cannot be decided: calendar hours is unknown: it was never read",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, Options{Branches: branches, Unknown: 4}, c.u)
			d := s.Decide(nil, at(t, c.at))
			if got := branches[d.Branch].Name; got != c.branch || d.Unknown != c.unknown || d.Reason() != c.reason {
				t.Errorf("got %s, unknown %t, %s\nwant %s, unknown %t, %s", got, d.Unknown, d.Reason(), c.branch,
					c.unknown, c.reason)
			}
		})
	}
}

// TestKleene goes through the whole table of three-valued logic.
func TestKleene(t *testing.T) {
	t.Parallel()
	// In the window, calendar "on" always has an event, "off" never, and "unknown" nobody knows.
	u := uses{
		"on":  known(calendar(t, "UID:1\nDTSTART:20260101T000000Z\nDTEND:20280101T000000Z\nSUMMARY:On")),
		"off": known(calendar(t, "UID:1\nDTSTART:20200101T000000Z\nDTEND:20200102T000000Z\nSUMMARY:Past")),
	}
	leaf := map[truth]*Condition{
		yes: {Calendars: []string{"on"}}, no: {Calendars: []string{"off"}},
		unknown: {Calendars: []string{"unknown"}},
	}
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	check := func(name string, c *Condition, want truth) {
		s := compile(t, Options{Branches: []Branch{{"b", Open, c}, {"last", Closed, nil}}, Unknown: 1}, u)
		if got := s.eval(s.route.branches[0], nil, s.find(now.Unix())); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	for a, left := range leaf {
		check("not "+a.String(), &Condition{Not: left}, yes-a)
		for b, right := range leaf {
			check(fmt.Sprintf("%s and %s", a, b), &Condition{All: []*Condition{left, right}}, min(a, b))
			check(fmt.Sprintf("%s or %s", a, b), &Condition{Any: []*Condition{left, right}}, max(a, b))
			check(fmt.Sprintf("keys %s, %s", a, b), &Condition{Calendars: left.Calendars, All: []*Condition{right}},
				min(a, b))
		}
		for b, right := range leaf {
			check(fmt.Sprintf("several calendars %s, %s", a, b),
				&Condition{Calendars: append(append([]string(nil), left.Calendars...), right.Calendars...)}, max(a, b))
		}
	}
}

func TestCallConditions(t *testing.T) {
	t.Parallel()
	spam := []List{{"spam", texts("+12025550199", "+1900*")}}
	for _, c := range []struct {
		name     string
		when     Condition
		match    Match
		fits     []map[string]string
		not      []map[string]string
		ordinary bool
	}{
		{
			name: "caller", when: Condition{Caller: Numbers{Listed: texts("+12025550147", "+49*")}},
			fits: []map[string]string{
				{"Caller-ID-Number": "+12025550147"},
				{"Caller-ID-Number": "2025550147"},
				{"Caller-ID-Number": "+4930123456"},
			},
			not: []map[string]string{{}, {"Caller-ID-Number": "anonymous"}, {"Caller-ID-Number": "+12025550148"}},
		},
		{
			name: "caller on a list", when: Condition{Caller: Numbers{Lists: spam}},
			fits: []map[string]string{{"Caller-ID-Number": "12025550199"}, {"Caller-ID-Number": "+19005550000"}},
			not:  []map[string]string{{"Caller-ID-Number": "+12025550147"}},
		},
		{
			name: "caller withheld", when: Condition{Caller: Numbers{Withheld: true}},
			fits: []map[string]string{{"Caller-ID-Number": "anonymous"}, {"Caller-ID-Number": "Anonymous"}},
			not:  []map[string]string{{"Caller-ID-Number": "+12025550147"}},
		},
		{
			name: "caller not on a list", when: Condition{Not: &Condition{Caller: Numbers{Lists: spam}}},
			ordinary: true,
			fits:     []map[string]string{{"Caller-ID-Number": "+12025550147"}},
			not:      []map[string]string{{"Caller-ID-Number": "+12025550199"}},
		},
		{
			name: "dialed", when: Condition{Dialed: Numbers{Listed: texts("+14155550111")}},
			match: Match{Dialed: texts("+14155550100", "+14155550111")},
			fits:  []map[string]string{{"Request": "+14155550111"}, {"Request": "nouser", "To": "14155550111"}},
			not:   []map[string]string{{"Request": "+14155550100"}, {}},
		},
		{
			name: "dialed the route's first number", when: Condition{Dialed: Numbers{Listed: texts("+1415555010*")}},
			match: Match{Dialed: texts("+14155550100", "+14155550111")},
			fits:  []map[string]string{{"Request": "+14155550100"}},
			not:   []map[string]string{{"Request": "+14155550111"}}, ordinary: true,
		},
		{
			name: "caller name", when: Condition{CallerName: texts("*doe*", "!john*")},
			fits: []map[string]string{{"Caller-ID-Name": "JANE DOE"}},
			not:  []map[string]string{{"Caller-ID-Name": "John Doe"}, {}, {"Caller-ID-Name": "Jane"}},
		},
		{
			name: "caller name empty", when: Condition{CallerName: texts("")},
			fits: []map[string]string{{}}, not: []map[string]string{{"Caller-ID-Name": "unknown"}}, ordinary: false,
		},
		{
			name: "account", when: Condition{Account: texts(acme)}, match: Match{Accounts: texts(acme)},
			fits: []map[string]string{{"Account-ID": acme}}, not: []map[string]string{{"Account-ID": bravo}, {}},
			ordinary: true,
		},
		{
			name: "digits", when: Condition{Digits: texts("1", "2")},
			fits: []map[string]string{{"Digits": "1"}, {"Digits": "2"}}, not: []map[string]string{{"Digits": "12"}, {}},
		},
		{
			name: "variable", when: Condition{Vars: []Named{{"step", texts("2")}}},
			fits: []map[string]string{{"Custom-Application-Vars[step]": "2"}},
			not:  []map[string]string{{"Custom-Application-Vars[step]": "3"}, {"step": "2"}},
		},
		{
			name: "header", when: Condition{Headers: []Named{{"X-Queue", texts("gold*")}}},
			fits: []map[string]string{
				{"Custom-SIP-Headers[X-Queue]": "golden"},
				{"Custom-SIP-Headers[x-queue]": "gold"},
			},
			not: []map[string]string{{"Custom-SIP-Headers[X-Queue]": "silver"}, {}},
		},
		{
			name: "two keys are both wanted", when: Condition{Digits: texts("1"), CallerName: texts("jane*")},
			fits: []map[string]string{{"Digits": "1", "Caller-ID-Name": "Jane"}},
			not:  []map[string]string{{"Digits": "1"}, {"Caller-ID-Name": "Jane"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t,
				Options{
					Region: "US", Match: c.match, Branches: []Branch{{"yes", Other, &c.when}, {"no", Other, nil}},
					Unknown: 1,
				}, nil)
			now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
			check := func(params map[string]string, want int) {
				call := pivot.New(params)
				if d := s.Decide(&call, now); d.Branch != want || d.Unknown {
					t.Errorf("%v: got branch %d, unknown %t, want %d", params, d.Branch, d.Unknown, want)
				}
			}
			for _, p := range c.fits {
				check(p, 0)
			}
			for _, p := range c.not {
				check(p, 1)
			}
			if got := s.Decide(nil, now).Branch == 0; got != c.ordinary {
				t.Errorf("the ordinary call: got %t, want %t", got, c.ordinary)
			}
		})
	}
}

func TestReasonHidesTheCaller(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{Branches: []Branch{
		{"spam", Other, &Condition{Caller: Numbers{Lists: []List{{"spam", texts("+12025550199")}}}}},
		{
			"vip", Other,
			&Condition{CallerName: texts("jane*"), Caller: Numbers{Listed: texts("+1202*"), Withheld: true}},
		},
		{"closed", Closed, nil},
	}, Unknown: 2}, nil)
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ number, name, want string }{
		{"+12025550199", "X", "caller is on list spam"},
		{"+12025550147", "Jane Doe", `caller is "+1202*" or withheld and caller name is "jane*"`},
		{"+13", "Y", "nothing else applies"},
	} {
		call := pivot.New(map[string]string{"Caller-ID-Number": c.number, "Caller-ID-Name": c.name})
		if got := s.Decide(&call, now).Reason(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.number, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	onCall := &Condition{
		Calendars: []string{"hours"},
		Events:    Events{Names: &Names{"people", []string{"anna", "Anna Schmidt", "Ann"}}},
	}
	s := compile(t, Options{Branches: []Branch{{"on-call", Other, onCall}, {"closed", Closed, nil}}, Unknown: 1},
		uses{"hours": known(calendar(t, office))})
	d := s.Decide(nil, at(t, "2026-12-02 03:00"))
	es := d.Events()
	if d.Branch != 0 || len(es) != 1 || es[0].Name != "Anna Schmidt" || es[0].Field != "people" {
		t.Fatalf("got branch %d, events %+v; want the longest name, Anna Schmidt", d.Branch, es)
	}
	nobody := &Condition{
		Calendars: []string{"hours"},
		Events:    Events{Names: &Names{"people", []string{"Ann", "Schmid", "call Ann"}}},
	}
	s = compile(t, Options{Branches: []Branch{{"on-call", Other, nobody}, {"closed", Closed, nil}}, Unknown: 1},
		uses{"hours": known(calendar(t, office))})
	if d := s.Decide(nil, at(t, "2026-12-02 03:00")); d.Branch != 1 {
		t.Errorf("a part of a word was taken for a name")
	}
}

// TestEventOrder: timed before all-day, later start, shorter, order of calendars, UID.
func TestEventOrder(t *testing.T) {
	t.Parallel()
	a := calendar(t, `UID:all-day
DTSTART;VALUE=DATE:20261201
SUMMARY:all day
--
UID:early
DTSTART:20261201T100000Z
DTEND:20261201T200000Z
SUMMARY:early
--
UID:long
DTSTART:20261201T120000Z
DTEND:20261201T200000Z
SUMMARY:long
--
UID:short-2
DTSTART:20261201T120000Z
DTEND:20261201T180000Z
SUMMARY:short 2
--
UID:short-1
DTSTART:20261201T120000Z
DTEND:20261201T180000Z
SUMMARY:short 1`)
	b := calendar(t, "UID:a\nDTSTART:20261201T120000Z\nDTEND:20261201T180000Z\nSUMMARY:other calendar")
	s := compile(t,
		Options{
			Branches: []Branch{{"on", Open, &Condition{Calendars: []string{"a", "b"}}}, {"off", Closed, nil}},
			Unknown:  1,
		}, uses{"a": known(a), "b": known(b)})
	var got []string
	for _, e := range s.Decide(nil, time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC)).Events() {
		got = append(got, e.Event.Summary)
	}
	if want := "short 1, short 2, other calendar, long, early, all day"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}

// TestDayStarts: a bar's Sunday ends at two in the morning, and with it what is closed all day.
func TestDayStarts(t *testing.T) {
	t.Parallel()
	c := calendar(t,
		"UID:closed\nDTSTART;VALUE=DATE:20261201\nSUMMARY:Closed\n--\nUID:gig\nDTSTART;TZID=America/New_York:20261203T230000\nDTEND;TZID=America/New_York:20261204T010000\nSUMMARY:Gig")
	branches := []Branch{
		{"closed", Closed, &Condition{Calendars: []string{"bar"}, Events: Events{Summary: texts("closed")}}},
		{
			"gig-day", Other,
			&Condition{Calendars: []string{"bar"}, Events: Events{Summary: texts("gig"), WholeDay: true}},
		},
		{"open", Open, nil},
	}
	s := compile(t, Options{Branches: branches, Unknown: 2, DayStarts: 5 * time.Hour}, uses{"bar": known(c)})
	for moment, want := range map[string]string{
		"2026-12-01 04:59": "open", "2026-12-01 05:00": "closed", "2026-12-02 04:59": "closed",
		"2026-12-02 05:00": "open",
		"2026-12-03 04:59": "open", "2026-12-03 05:00": "gig-day", "2026-12-04 04:59": "gig-day",
		"2026-12-04 05:00": "open",
	} {
		if got := branches[s.Decide(nil, at(t, moment)).Branch].Name; got != want {
			t.Errorf("%s: got %s, want %s", moment, got, want)
		}
	}
}

// TestSegmentsAgreeWithMinutes holds the compiled segments against a search through the
// occurrences, minute by minute over days on which clocks change.
func TestSegmentsAgreeWithMinutes(t *testing.T) {
	t.Parallel()
	c := calendar(t, office)
	s := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(c), "holidays": known(calendar(t, holidays))})
	from, to := s.Window()
	all := c.Compile(calendars.View{Zone: newYork}, from, to).All()
	open, lunch := s.route.branches[1].kids[1].kids[0].leaf, s.route.branches[3].leaf
	for m := from; m.Before(to); m = m.Add(time.Minute) {
		want := map[string]bool{}
		for _, o := range all {
			if o.Start <= m.Unix() && m.Unix() < o.End {
				word, _, _ := strings.Cut(o.Event.Summary, " ")
				want[word] = true
			}
		}
		segment := s.find(m.Unix())
		if got := s.truth(open, segment) == yes; got != want["Open"] {
			t.Fatalf("%s: open: got %t, want %t", m, got, want["Open"])
		}
		if got := s.truth(lunch, segment) == yes; got != want["Lunch"] {
			t.Fatalf("%s: lunch: got %t, want %t", m, got, want["Lunch"])
		}
	}
}

// TestMistakes: patterns and numbers that cannot be used are all reported, each at its place.
func TestMistakes(t *testing.T) {
	t.Parallel()
	_, mistakes := New(Options{Zone: newYork, Match: Match{Dialed: texts("*")}, Branches: []Branch{
		{"a", Open, &Condition{Calendars: []string{"hours"}, Events: Events{Summary: texts("open*", "/(/")}}},
		{"b", Open, &Condition{Not: &Condition{Caller: Numbers{Lists: []List{{"spam", texts("", "1001")}}}}}},
		{"c", Closed, nil},
	}})
	if len(mistakes) != 3 {
		t.Fatalf("got %v, want three mistakes", mistakes)
	}
	for _, m := range mistakes {
		if m.Line != 10 || m.Message == "" {
			t.Errorf("got %+v, want a message at line 10", m)
		}
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(calendar(t, office)), "holidays": {}})
	var got []string
	for _, step := range s.Decide(nil, at(t, "2026-11-23 12:30")).Steps(nil, calendars.English(), nil) {
		got = append(got, fmt.Sprintf("%s %s %t: %s", step.Branch, step.Truth, step.Taken, step.Reason))
	}
	want := `closed-by-hand false false: nothing is on in calendar hours with summary "*closed*"
open false false: nothing is on in calendar hours with summary "open*", not of a series and calendar hours has "Lunch", 2026-11-23 12:00 to 13:00
holiday unknown false: calendar holidays is unknown: it was never read
lunch true false: calendar hours has "Lunch", 2026-11-23 12:00 to 13:00
closed true true: nothing else applies`
	if strings.Join(got, "\n") != want {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), want)
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	s := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(calendar(t, office)), "holidays": known(calendar(t, holidays))})
	call := pivot.New(map[string]string{"Caller-ID-Number": "+12025550147", "Request": "+14155550100"})
	now := at(t, "2026-11-23 10:00")
	if got := testing.AllocsPerRun(100, func() { s.Decide(&call, now) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkDecide(b *testing.B) {
	s := compile(b, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(calendar(b, office)), "holidays": known(calendar(b, holidays))})
	call := pivot.New(map[string]string{"Caller-ID-Number": "+12025550147", "Request": "+14155550100"})
	now := at(b, "2026-12-10 20:00")
	b.ReportAllocs()
	for b.Loop() {
		s.Decide(&call, now)
	}
}

func BenchmarkMatch(b *testing.B) {
	var rs []*Route
	for i := range 10_000 {
		rs = append(rs,
			route(b, fmt.Sprint("r", i), "/pivot",
				Match{Accounts: texts(fmt.Sprintf("%032x", i)), Dialed: texts(fmt.Sprintf("+1415%07d", i))}))
	}
	tb := table(b, rs...)
	call := &pivot.Call{AccountID: fmt.Sprintf("%032x", 4711), Dialed: "+14150004711"}
	b.ReportAllocs()
	for b.Loop() {
		tb.Match("/pivot", call)
	}
}

// TestManyPictures: a moment's conditions are its own where there are more combinations of them
// than a byte counts.
func TestManyPictures(t *testing.T) {
	t.Parallel()
	const letters = "abcdefghi"
	var branches []Branch
	for _, letter := range letters {
		branches = append(branches, Branch{string(letter), Other, &Condition{
			Calendars: []string{"hours"}, Events: Events{Summary: []diag.Text{{S: "*" + string(letter) + "*"}}},
		}})
	}
	begin := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	title := func(n int) (title string) {
		for i := range letters {
			if n>>i&1 == 1 {
				title += letters[i : i+1]
			}
		}
		return title
	}
	var events []string
	for n := 1; n < 1<<len(letters); n++ {
		start := begin.Add(time.Duration(n) * time.Hour)
		events = append(events,
			fmt.Sprintf("UID:%d\nDTSTART:%s\nDTEND:%s\nSUMMARY:%s", n, start.Format("20060102T150405Z"),
				start.Add(time.Hour).Format("20060102T150405Z"), title(n)))
	}
	s := compile(t, Options{Branches: append(branches, Branch{"closed", Closed, nil}), Unknown: len(letters)},
		uses{"hours": known(calendar(t, strings.Join(events, "\n--\n")))})
	if len(s.holds) <= 256 {
		t.Fatalf("%d pictures, want more than 256", len(s.holds))
	}
	for n := 1; n < 1<<len(letters); n++ {
		segment := s.find(begin.Add(time.Duration(n) * time.Hour).Unix())
		if got, want := s.decide(nil, segment), s.evaluate(nil, segment); got != want {
			t.Errorf("%s: got %+v, want %+v", title(n), got, want)
		}
		for i := range letters {
			if got, want := s.truth(i, segment), truthOf(n>>i&1 == 1); got != want {
				t.Errorf("%s: condition on %c: got %s, want %s", title(n), letters[i], got, want)
			}
		}
	}
}

// TestShared: routes that share what they are made of have patterns of their own where those are
// others.
func TestShared(t *testing.T) {
	t.Parallel()
	shared := NewShared()
	titles := []diag.Text{{S: "open*"}, {S: "!*not*"}}
	decide := func(titles []diag.Text) string {
		s := compile(t, Options{
			Branches: []Branch{
				{"open", Open, &Condition{Calendars: []string{"hours"}, Events: Events{Summary: titles}}},
				{"closed", Closed, nil},
			},
			Unknown: 1, Shared: shared,
		}, uses{"hours": known(calendar(t, office))})
		return s.route.Branches[s.Decide(nil, at(t, "2026-11-23 10:00")).Branch].Name
	}
	for _, c := range []struct {
		titles []diag.Text
		want   string
	}{
		{titles, "open"},
		{titles, "open"},
		{titles[1:], "open"},
		{[]diag.Text{{S: "close*"}}, "closed"},
		{titles[:1], "open"},
		{nil, "open"},
	} {
		if got := decide(c.titles); got != c.want {
			t.Errorf("%v: got %s, want %s", c.titles, got, c.want)
		}
	}
	bad := []diag.Text{{S: "/(/"}}
	for range 2 {
		_, mistakes := New(Options{
			Branches: []Branch{{"open", Open, &Condition{Calendars: []string{"hours"}, Events: Events{Summary: bad}}}},
			Shared:   shared,
		})
		if len(mistakes) != 1 {
			t.Errorf("got %v, want a mistake each time", mistakes)
		}
	}
}

// TestAdmits: an event matters to a route if any of its conditions counts it, whatever others say
// of the same titles.
func TestAdmits(t *testing.T) {
	t.Parallel()
	open, lunch := []diag.Text{{S: "open*"}}, []diag.Text{{S: "lunch"}}
	on := func(calendar string, e Events) *Condition {
		return &Condition{Calendars: []string{calendar}, Events: e}
	}
	r, mistakes := New(Options{Branches: []Branch{
		{"a", Open, on("hours", Events{Summary: open, Recurring: new(false)})},
		{"b", Open, on("hours", Events{Summary: open})},
		{"c", Other, on("hours", Events{Summary: lunch, Recurring: new(false)})},
		{"d", Other, on("hours", Events{Summary: lunch, AllDay: new(false)})},
		{"e", Other, on("others", Events{Summary: lunch})},
		{"f", Closed, nil},
	}})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	if len(r.widest) != 4 {
		t.Errorf("%d conditions are asked, want 4", len(r.widest))
	}
	for _, c := range []struct {
		calendar, title   string
		recurring, allDay bool
		want              bool
	}{
		{"hours", "open", false, false, true},
		{"hours", "open", true, true, true},
		{"hours", "lunch", false, true, true},
		{"hours", "lunch", true, false, true},
		{"hours", "lunch", true, true, false},
		{"hours", "closed", false, false, false},
		{"others", "lunch", true, true, true},
		{"others", "open", false, false, false},
	} {
		if got := r.Matches(c.calendar,
			&calendars.Event{
				Event: ical.Event{Summary: c.title, Recurring: c.recurring, AllDay: c.allDay},
			}); got != c.want {
			t.Errorf("%+v: got %t", c, got)
		}
	}
}
