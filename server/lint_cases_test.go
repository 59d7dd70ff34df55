package server

import "strings"

// lintBranches are about branches and the moments at which they are taken.
var lintBranches = []lintCase{
	{name: "an ordinary office", yaml: office},
	{name: "an ordinary route", yaml: branches(holidayBranch, openBranch)},
	{
		name: "a keyword that nothing fits at present",
		yaml: branches(`name: closed-by-hand, state: closed, when: {calendar: hours, summary: "*closed*"}, template: voicemail`, holidayBranch, openBranch),
	},
	{
		name: "the holiday branch below the open one", yaml: branches(openBranch, holidayBranch),
		files: holidays(christmas, event("Boxing Day", "20251226", "20251227", yearly),
			event("Thanksgiving", "20261126", "20261127")),
		want: []string{
			"branch_shadowed: callhours.yaml:14:16: branch holiday of route main is taken only when the route is closed anyway: while it is open, branch open above takes the call, as on Thu 2026-11-26 09:00; move it up",
		},
	},
	{
		name: "a one-off opening on a holiday beats it", yaml: office,
		files: map[string]string{
			"hours.ics": ics(open, lunch, event("Open 9-12", "20261225T090000"+ny, "20261225T120000"+ny)),
		},
	},
	{
		name: "a message for weeks below the open branch",
		yaml: branches(openBranch, `name: season, state: closed, when: {calendar: holidays}, template: voicemail`),
		files: holidays(event("Winter greeting", "20261201", "20270228"),
			event("Spring greeting", "20270228", "20270601"), event("Summer greeting", "20270601", "20271231")),
	},
	{
		name: "a closing inside the open hours",
		yaml: branches(openBranch,
			`name: closed-by-hand, state: closed, when: {calendar: hours, summary: "*closed*"}, template: voicemail`,
			holidayBranch),
		files: hours(open, event("Closed for stocktaking", "20261202T130000"+ny, "20261202T150000"+ny)),
		want: []string{
			"branch_shadowed: branch closed-by-hand of route main is not taken until 2027-12-28: whenever its condition matches, a branch above it takes the call, as open does on Wed 2026-12-02 13:00",
			"branch_shadowed: branch holiday of route main is taken only when",
		},
	},
	{
		name: "a branch that only some callers reach",
		yaml: branches(`name: vip, state: other, when: {caller: ["+14155550100"]}, template: voicemail`, holidayBranch,
			openBranch,
			`name: night, state: other, when: {all: [{not: {calendar: hours}}, {caller_name: "boss*"}]}, template: voicemail`),
		want: nil,
	},
	{
		name: "a branch below one that takes all of its calls",
		yaml: branches(`name: any, state: other, when: {calendar: hours}, template: voicemail`, openBranch,
			holidayBranch),
		want: []string{
			"branch_never_taken: callhours.yaml:14:16: branch open of route main: it can never be taken: whenever its condition matches, branch any above it takes the call",
			"branch_shadowed: branch open of route main is not taken", "never_open: ",
		},
	},
	{
		name: "a branch for what the one above lets pass",
		yaml: branches(holidayBranch, openBranch,
			`name: rest, state: other, when: {calendar: hours}, template: voicemail`),
		files: hours(open),
	},
	{
		name: "a condition that contradicts itself",
		yaml: branches(openBranch,
			`name: odd, state: other, when: {all: [{calendar: hours}, {not: {calendar: hours}}]}, template: voicemail`),
		want: []string{
			"branch_never_taken: branch odd of route main: it can never be taken: its condition contradicts itself",
		},
	},
	{
		name: "a branch that is there for the unknown", yaml: branches(openBranch, holidayBranch,
			`name: unsure, state: other, when: {all: [{calendar: hours}, {not: {calendar: hours}}]}, template: voicemail`) + "    unknown: unsure\n",
		files: holidays(event("New Year", "20270101", "20270102")), want: []string{"ends_soon", "branch_shadowed: "},
	},
	{
		name: "a route that is never open", yaml: branches(openBranch),
		files: hours(event("Working hours", "20260105T090000"+ny, "20260105T170000"+ny, weekdays)),
		want: []string{
			`never_open: callhours.yaml:10:11: route main is never open until 2027-12-28`,
			`events_unmatched: callhours.yaml:7:3: calendar hours has 1 event from now on, such as "Working hours", and no condition matches any; conditions: events with summary "open*"`,
		},
	},
	{
		name: "titles of none of a plan's many patterns", yaml: "language: de\n" + office,
		files: hours(event("Dienst", "20260105T090000"+ny, "20260105T170000"+ny, weekdays)),
		want: []string{
			`never_open: `,
			`events_unmatched: callhours.yaml:8:3: calendar hours has 1 event from now on, such as "Dienst", and no condition matches any; ` +
				`conditions: an event titled like “geschlossen” (9 patterns), a single event titled like “offen” (19 patterns), `,
		},
	},
	{
		name: "a bar that is cut off at midnight",
		yaml: strings.Replace(branches(holidayBranch, openBranch), "  - name: main",
			"  - name: main\n    timezone: Europe/Berlin", 1),
		files: map[string]string{
			"hours.ics": ics(event("Open", "20260105T180000@Europe/Berlin", "20260106T020000@Europe/Berlin",
				"RRULE:FREQ=DAILY")),
			"holidays.ics": ics(event("Heiligabend", "20251224", "20251225", yearly)),
		},
		want: []string{
			`closure_cuts_opening: at midnight before Thu 2026-12-24 the all-day event "Heiligabend" of calendar holidays cuts the opening "Open"`,
		},
	},
	{
		name: "a bar whose day starts at five",
		yaml: strings.Replace(branches(holidayBranch, openBranch), "  - name: main",
			"  - name: main\n    timezone: Europe/Berlin\n    day_starts: \"05:00\"", 1),
		files: map[string]string{
			"hours.ics": ics(event("Open", "20260105T180000@Europe/Berlin", "20260106T020000@Europe/Berlin",
				"RRULE:FREQ=DAILY")),
			"holidays.ics": ics(event("Heiligabend", "20251224", "20251225", yearly)),
		},
	},
	{
		name: "a shop that is open day and night but on holidays", yaml: branches(holidayBranch, openBranch),
		files: hours(event("Open", "20260105", "20260106", "RRULE:FREQ=DAILY")),
	},
	{
		name: "a holiday on a Saturday", yaml: office,
		files: holidays(christmas, event("Independence Day", "20210704", "20210705", yearly),
			event("Juneteenth", "20210619", "20210620", yearly)),
		want: []string{
			`holiday_on_closed_day: holidays.ics:12: "Independence Day" of calendar holidays falls on Sun 2027-07-04, when route main is closed anyway`,
			`holiday_on_closed_day: "Juneteenth" of calendar holidays falls on Sat 2027-06-19`,
		},
	},
	{
		name: "a holiday on a Sunday long after the weekly hours have ended", yaml: office,
		files: map[string]string{
			"hours.ics": ics(event("Open", "20260105T090000@America/New_York", "20260105T170000@America/New_York",
				weekdays+";UNTIL=20270601T000000Z")),
			"holidays.ics": ics(christmas, event("Independence Day", "20210704", "20210705", yearly)),
		},
		want: []string{`series_ends: hours.ics:4: the series "Open" ends on Mon 2027-05-31`},
	},
	{
		name: "a holiday on a Saturday that is observed", yaml: office,
		files: holidays(christmas, event("Independence Day", "20210704", "20210705", yearly),
			event("Independence Day (observed)", "20270705", "20270706")),
	},
	{
		name: "a holiday on a Saturday in Germany",
		yaml: strings.Replace(office, "  - name: main", "  - name: main\n    timezone: Europe/Berlin", 1),
		files: map[string]string{
			"hours.ics": ics(event("Open", "20260105T090000@Europe/Berlin", "20260105T170000@Europe/Berlin",
				weekdays)),
			"holidays.ics": ics(event("Tag der Arbeit", "20250501", "20250502", yearly)),
		},
	},
	{
		name: "a day that is always a Sunday", yaml: office,
		files: holidays(christmas,
			event("Mother's Day", "20250511", "20250512", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU")),
	},
	{
		name: "hours that are written in another zone", yaml: office,
		files: hours(event("Open", "20260105T090000@Europe/Berlin", "20260105T170000@Europe/Berlin", weekdays)),
		want: []string{
			`zones_differ: callhours.yaml:10:11: the series of calendar hours are written in Europe/Berlin, and route main is in America/New_York`,
		},
	},
	{
		name: "another name of the same clock", yaml: office,
		files: hours(event("Open", "20260105T090000@America/Toronto", "20260105T170000@America/Toronto", weekdays)),
	},
	{
		name:  "a branch that will fail on a day",
		yaml:  branches(`name: holiday, state: closed, when: {calendar: holidays}, callflow: '{"module":"tts","data":{"text":"{{ if contains "!" .Event.Summary }}{{ index (list) 3 }}{{ end }}x"}}'`, openBranch),
		files: holidays(christmas, event("Party!", "20270310", "20270311")),
		want: []string{
			"branch_will_fail: branch holiday of route main will not answer, first on Wed 2027-03-10 00:00: render_failed: ",
		},
	},
}

// lintCalendars are about what a calendar holds as a whole.
var lintCalendars = []lintCase{
	{
		name: "holidays that end", yaml: office,
		files: holidays(event("Thanksgiving", "20261126", "20261127"), event("Christmas Day", "20261225", "20261226")),
		want: []string{
			`ends_soon: callhours.yaml:8:3: calendar holidays ends with "Christmas Day" on Fri 2026-12-25; add events, or set expect`,
		},
	},
	{
		name: "holidays that are over", yaml: office, files: holidays(event("Easter Monday", "20260406", "20260407")),
		want: []string{
			`no_events_ahead: callhours.yaml:8:3: calendar holidays has no event from now on; its last one, "Easter Monday", was on Mon 2026-04-06; add`,
		},
	},
	{
		name: "no holidays at all", yaml: office, files: holidays(),
		want: []string{
			`no_events_ahead: calendar holidays has no events; if that is meant, set expect: may_be_empty`,
		},
	},
	{
		name:  "an only that no event fits",
		yaml:  strings.Replace(office, "holidays.ics}", "holidays.ics, only: {description: \"public holiday*\"}}", 1),
		files: holidays(christmas, event("New Year", "20270101", "20270102")),
		want: []string{
			`no_events_ahead: calendar holidays has 2 events, and only and except leave none of them; correct its only or except, or set expect: may_be_empty`,
		},
	},
	{
		name:  "an except that leaves what is over",
		yaml:  strings.Replace(office, "holidays.ics}", "holidays.ics, except: {summary: \"New*\"}}", 1),
		files: holidays(event("New Year", "20270101", "20270102"), event("Easter Monday", "20260406", "20260407")),
		want: []string{
			`no_events_ahead: calendar holidays has no event from now on (only and except leave out 1 of its 2 events); its last one, "Easter Monday", was on Mon 2026-04-06`,
		},
	},
	{
		name: "a calendar that may be empty",
		yaml: strings.Replace(office, "holidays.ics}", "holidays.ics, expect: may_be_empty}", 1), files: holidays(),
	},
	{
		name:  "holidays that reach less far than expected",
		yaml:  strings.Replace(office, "holidays.ics}", "holidays.ics, expect: {ahead: 2160h}}", 1),
		files: holidays(event("New Year", "20270101", "20270102")),
		want: []string{
			`expected_ahead: calendar holidays ends with "New Year" on Fri 2027-01-01, and is expected to reach 90 days ahead; add events`,
		},
	},
	{
		name:  "holidays that reach as far as expected",
		yaml:  strings.Replace(office, "holidays.ics}", "holidays.ics, expect: {ahead: 720h}}", 1),
		files: holidays(event("New Year", "20270101", "20270102")),
	},
	{
		name: "none where some are expected",
		yaml: strings.Replace(office, "holidays.ics}", "holidays.ics, expect: {ahead: 720h}}", 1), files: holidays(),
		want: []string{
			`expected_ahead: calendar holidays has no event from now on, and is expected to reach 30 days ahead`,
		},
	},

	{
		name: "titles with a slip", yaml: office,
		files: hours(open,
			event("Opne hours", "20261207T080000"+ny, "20261207T090000"+ny, "RRULE:FREQ=WEEKLY;COUNT=12"),
			event("Clsoed", "20261210", "20261211")),
		want: []string{
			`near_miss: hours.ics:12: "Opne hours" (12 events, first on Mon 2026-12-07 08:00) matches no condition; did you mean a title matching "open*"?`,
			`near_miss: "Clsoed" (1 event, on Thu 2026-12-10 00:00) matches no condition; did you mean a title matching "*closed*"`,
		},
	},
	{name: "a manager's meetings", yaml: office, files: hours(append([]string{open}, meetings...)...)},

	{
		name: "only free or busy", yaml: office,
		files: hours(event("Busy", "20260105T090000"+ny, "20260105T170000"+ny, weekdays),
			event("Tentative", "20261210", "20261211")),
		want: []string{
			`busy_only: callhours.yaml:7:3: all events of calendar hours are titled "Busy" and the like: it`,
			"never_open",
		},
	},
	{
		name: "busy days that close", yaml: branches(holidayBranch, openBranch),
		files: holidays(event("Busy", "20251225", "20251226", yearly)),
	},

	{
		name: "titles that mean two things", yaml: office,
		files: hours(open, event("Open 9-12, then closed", "20261210T090000"+ny, "20261210T120000"+ny)),
		want: []string{
			`title_fits_two: hours.ics:12: "Open 9-12, then closed", on Thu 2026-12-10, fits both branch closed-by-hand (closed) and branch open (open) of route main; closed-by-hand comes first`,
		},
	},
	{
		name: "a title that fits a later branch too", yaml: office,
		files: hours(open, event("Open over lunch", "20261210T110000"+ny, "20261210T150000"+ny)),
		want: []string{
			`title_fits_two: "Open over lunch", on Thu 2026-12-10, fits both branch open (open) and branch lunch (closed) of route main; open comes first`, "branch_shadowed: branch lunch of route main",
		},
	},
	{
		name: "titles that mean one thing", yaml: office,
		files: hours(open, event("Closed for lunch", "20261210T090000"+ny, "20261210T120000"+ny),
			event("We are open, not closed", "20261211T090000"+ny, "20261211T120000"+ny)),
	},

	{
		name: "two people on call", yaml: onCall, files: hours(
			event("Maria", "20261123", "20261130", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
			event("Bob", "20261129", "20261207", "RRULE:FREQ=WEEKLY;INTERVAL=2")),
		want: []string{
			`events_overlap: hours.ics:12: "Maria" and "Bob" are both on from Sun 2026-11-29 00:00 to Mon 2026-11-30 00:00, and 28 times more`,
		},
	},
	{name: "a replacement on call", yaml: onCall, files: hours(
		event("Maria", "20261123", "20261130", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
		event("Bob", "20261130", "20261207", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
		event("Bob", "20261125", "20261126"), event("Maria", "20261202T080000"+ny, "20261202T120000"+ny))},
	{
		name: "a replacement with both names", yaml: onCall, files: hours(
			event("Maria", "20261123", "20261130", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
			event("Bob", "20261130", "20261207", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
			event("Bob for Maria", "20261125", "20261126")),
		want: []string{
			`shift_unfilled: hours.ics:20: "Bob for Maria" (1 event, on Wed 2026-11-25 00:00) contains 2 names of people: "Bob", "Maria"; "Maria" answers the calls; write only one of them`,
		},
	},
	{
		name: "a name with a slip", yaml: onCall,
		files: hours(event("Maria", "20261123", "20261130", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
			event("On call: Bbo", "20261130", "20261207"),
			event("Mraia", "20261130", "20261207", "RRULE:FREQ=WEEKLY;INTERVAL=2")),
		want: []string{
			`shift_unfilled: hours.ics:12: "On call: Bbo" (1 event, on Mon 2026-11-30 00:00)`,
			`shift_unfilled: hours.ics:19: "Mraia" (29 events, first on Mon 2026-11-30 00:00) contains no name of people, and no one else is on call then; correct the title; did you mean "Maria"?`,
		},
	},
	{
		name: "a gap in the rotation", yaml: onCall,
		files: hours(event("Maria", "20261123", "20261130"), event("Bob", "20261201", "20270601"),
			event("Maria", "20270602", "20271231")),
		want: []string{
			`coverage_gap: callhours.yaml:7:3: calendar hours is expected to be covered, and nothing is on from Mon 2026-11-30 00:00 to Tue 2026-12-01 00:00, and 1 times more; fill the gap`,
		},
	},

	{
		name: "a shared calendar with a zone of its own",
		yaml: strings.Replace(office, "holidays.ics}", "holidays.ics, timezone: Europe/Berlin}", 1),
		want: []string{
			`calendar_timezone: callhours.yaml:8:3: calendar holidays has timezone Europe/Berlin, so that its all-day and floating events begin at midnight there, and route main is in America/New_York`,
		},
	},
	{
		name: "a shared calendar with a zone of the same clock",
		yaml: strings.Replace(office, "holidays.ics}", "holidays.ics, timezone: America/Toronto}", 1),
	},
}

// meetings are what stands in a calendar beside the hours and means nothing to callers.
var meetings = []string{
	event("Product launch", "20261207T100000"+ny, "20261207T110000"+ny),
	event("Oven repair", "20261208T100000"+ny, "20261208T110000"+ny),
	event("Pen test", "20261209T100000"+ny, "20261209T110000"+ny),
	event("Month close", "20261210T100000"+ny, "20261210T110000"+ny),
	event("Team meeting", "20261207T140000"+ny, "20261207T150000"+ny, weekdays),
	event("1:1 with Bob", "20261207T150000"+ny, "20261207T153000"+ny, weekdays),
	event("Dentist", "20261211T140000"+ny, "20261211T150000"+ny),
	event("Discuss open positions", "20261211T150000"+ny, "20261211T160000"+ny),
	event("Budget 2027", "20261211", "20261212"), event("Reminder", "20261211T160000"+ny, ""),
	event("Munch", "20261214T160000"+ny, "20261214T170000"+ny),
	event("Review of the clothes line", "20261215T160000"+ny, "20261215T170000"+ny),
	event("Weekly in UTC", "20261216T160000Z", "20261216T170000Z", weekdays),
}

// onCall is a rotation of two people.
const onCall = `
calendars:
  hours: {file: hours.ics, expect: covered}
routes:
  - name: main
    data: {voicemail: ` + voicemail + `, people: {Maria: "+14155550100", Bob: "+14155550101"}}
    branches:
      - {name: on-call, state: other, when: {calendar: hours, names: people}, callflow: '{"module":"tts","data":{"text":"x"}}'}
      - {name: closed, template: voicemail}
`

// lintEvents are about single events.
var lintEvents = []lintCase{
	{
		name: "an event without length", yaml: office,
		files: hours(open, event("Closed for a moment", "20261210T100000"+ny, "")),
		want: []string{
			`no_length: hours.ics:12: "Closed for a moment" has no length, so it never takes place; give it an end`,
		},
	},
	{
		name: "an event that ends as it starts", yaml: office,
		files: hours(open, event("Closed for a moment", "20261210T100000"+ny, "20261210T100000"+ny)),
		want: []string{
			`no_length: "Closed for a moment" has no length, so it never takes place: DTEND is not after DTSTART, in their time zones; correct DTEND`,
		},
	},
	{
		name: "an event that ends as it starts, since its end has no zone", yaml: office,
		files: hours(open, event("Closed for a moment", "20261210T150000Z", "20261210T100000")),
		want: []string{
			`no_length: "Closed for a moment" has no length, so it never takes place: DTEND is not after DTSTART, in their time zones; correct DTEND`,
		},
	},
	{
		name: "days that are one day", yaml: office,
		files: holidays(christmas, event("Closed 24-26", "20261224", "20261225"),
			event("Betriebsferien", "20270802", "20270803"), event("Closed until January 2", "20261231", "20270101")),
		want: []string{
			`one_day: holidays.ics:12: "Closed 24-26" lasts one day, Thu 2026-12-24, but its title mentions several`,
			`one_day: "Betriebsferien"`, `one_day: "Closed until January 2"`,
		},
	},
	{
		name: "days that are several, and one that is one", yaml: office,
		files: holidays(christmas, event("Closed 24-26", "20261224", "20261227"),
			event("Company outing", "20270802", "20270803"),
			event("Closed from 9-12 at half past 11", "20261231T090000"+ny, "20261231T120000"+ny)),
	},
	{
		name: "a time that the clocks skip", yaml: office,
		files: hours(open, event("Closed for maintenance", "20270314T023000"+ny, "20270314T040000"+ny)),
		want: []string{
			`clock_change: hours.ics:12: "Closed for maintenance" begins or ends at 2027-03-14 02:30, a time that the clock of America/New_York skips`,
		},
	},
	{
		name: "a time that the clocks show twice", yaml: office,
		files: hours(open, event("Closed for maintenance", "20271106T233000"+ny, "20271107T013000"+ny)),
		want: []string{
			`clock_change: "Closed for maintenance" begins or ends at 2027-11-07 01:30, a time that the clock of America/New_York shows twice`,
		},
	},
	{
		name: "times beside the change of the clocks", yaml: office,
		files: hours(open, event("Closed for maintenance", "20270314T010000"+ny, "20270314T020000"+ny),
			event("Closed for cleaning", "20270314T030000"+ny, "20270314T040000"+ny),
			event("Closed for the night", "20271106T230000"+ny, "20271107T020000"+ny),
			event("Closed on Sunday", "20270314", "20270315")),
	},
	{
		name: "a series that ended", yaml: office,
		files: hours(lunch,
			event("Open", "20260105T090000"+ny, "20260105T170000"+ny,
				"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261030T235959Z")),
		want: []string{
			`series_ended: hours.ics:12: the series "Open" ended on Fri 2026-10-30, and no events with summary "open*"`,
			"never_open",
		},
	},
	{
		name: "a series whose count is done", yaml: office,
		files: hours(lunch, event("Open", "20260105T090000"+ny, "20260105T170000"+ny, "RRULE:FREQ=DAILY;COUNT=300")),
		want:  []string{`series_ended: the series "Open" ended on Sat 2026-10-31`, "never_open"},
	},
	{
		name: "a series that ended long ago", yaml: office,
		files: hours(open,
			event("Lunch", "20250105T120000"+ny, "20250105T130000"+ny, "RRULE:FREQ=DAILY;UNTIL=20260601T000000Z")),
	},
	{
		name: "a series that another one follows", yaml: office,
		files: hours(lunch, open,
			event("Open", "20260104T090000"+ny, "20260104T170000"+ny, "RRULE:FREQ=DAILY;COUNT=90")),
	},
	{
		name: "a series that ends", yaml: office,
		files: hours(lunch,
			event("Open", "20260105T090000"+ny, "20260105T170000"+ny,
				"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20270430T235959Z")),
		want: []string{
			`series_ends: hours.ics:12: the series "Open" ends on Fri 2027-04-30, and no events with summary "open*"`,
		},
	},
	{
		name: "a year too far", yaml: office,
		files: hours(open, event("Closed for the move", "20621210", "20621211"),
			event("A meeting", "20620101T100000"+ny, "20620101T110000"+ny)),
		want: []string{`far_future: hours.ics:12: "Closed for the move" begins in the year 2062; is that meant?`},
	},
	{
		name: "a yearly day that begins later", yaml: office,
		files: holidays(christmas, event("New Year's Day (observed)", "20340102", "20340103", yearly)),
	},
	{
		name: "what cannot be used, and what is odd", yaml: office,
		files: hours(open, event("Closed", "20261399", ""),
			event("Closed in UTC", "20260105T200000Z", "20260105T210000Z", "RRULE:FREQ=WEEKLY")),
		want: []string{
			`event_unusable: hours.ics:15: DTSTART: expected a time such as`,
			`odd_event: hours.ics:18: DTSTART: a series in UTC moves on the clock of America/New_York`,
		},
	},
}

// lintConfig are about the configuration alone.
var lintConfig = []lintCase{
	{
		name: "a secret in plain text", yaml: "auth: {basic: {username: kazoo, password: hush}}\n" + office,
		want: []string{"secret_in_plain: callhours.yaml:5:"},
	},
	{
		name: "a credential without systemd",
		yaml: "auth: {basic: {username: kazoo, password: {credential: pw}}}\n" + office,
		want: []string{"credential_absent: callhours.yaml:5:"},
	},
	{
		name: "a secrets file that others can read", yaml: "secrets: [s.yaml]\n" + office,
		files: map[string]string{"s.yaml for all": "pw: hush\n"},
		want:  []string{"secrets_readable: s.yaml: secrets are open to others (mode 0644); chmod 600"},
	},
	{
		name: "a secrets file that nobody can read", yaml: "secrets: [s.yaml]\n" + office,
		files: map[string]string{"s.yaml": "pw: hush\n"},
	},
	{
		name: "no files where some are named", yaml: "include: [tenants/*.yaml]\n" + office,
		want: []string{"glob_matches_nothing"},
	},
	{name: "no routes", yaml: "", want: []string{"no_routes"}},
	{
		name: "a database elsewhere", yaml: "database: {url: \"postgres://u@db/callhours\"}\n" + office,
		want: []string{"database_unverified: callhours.yaml:5:17: the connection to the database can be read"},
	},
	{
		name: "an account that is none",
		yaml: strings.Replace(office, "routes:",
			"routes:\n  - {name: other, match: {account: acme}, branches: [{name: closed, pass: true}]}", 1),
		want: []string{`account_odd: callhours.yaml`},
	},
	{
		name: "no auth", yaml: "listen: \":8080\"\ntimezone: America/New_York\n" + office,
		want: []string{"no_auth: callhours.yaml:1:9: there is no auth"},
	},
	{
		name: "a fallback by another template",
		yaml: "templates: t\n" +
			branches(holidayBranch, `name: open, when: {calendar: hours, summary: "open*"}, template: hello`),
		files: map[string]string{"t/hello.json.tmpl": hello}, want: nil,
	},
	{
		name: "a fallback by a template that reads the call",
		yaml: "templates: t\n" +
			strings.Replace(branches(holidayBranch,
				`name: open, when: {calendar: hours, summary: "open*"}, template: hello`),
				"{name: closed, template: voicemail}", "{name: closed, template: hello}", 1),
		files: map[string]string{"t/hello.json.tmpl": hello},
		want: []string{
			"fallback_same_template: callhours.yaml:15:16: branch open of route main answers by the template of its fallback, branch closed, which would fail as it does",
		},
	},
	{
		name: "a default that false cannot change",
		yaml: branches(`name: odd, state: other, when: {calendar: holidays}, data: {self: false}, callflow: '{"module":"device","data":{"id":"1","can_call_self":{{ default true .Data.self }}}}'`, openBranch),
		want: []string{
			"template_odd: callhours.yaml:13:150: default gives true also where the value is set to false, which counts as empty; write {{ dig \"self\" true .Data }}",
		},
	},
	{
		name: "a misspelt field that has a default", yaml: strings.Replace(office, "data: {", "data: {timout: 20, ", 1),
		want: []string{`data_unread: callhours.yaml:13:12: no template reads data "timout"; did you mean "timeout"?`},
	},
	{
		name: "a message in two languages",
		yaml: branches(`name: odd, state: other, when: {calendar: holidays}, data: {message: "Wir sind bis {{ spoken .Event.End }} nicht zu erreichen. Bitte rufen Sie danach wieder an."}, callflow: '{"module":"tts","data":{"text":"{{ .Data.message }}"}}'`, openBranch),
		want: []string{
			`message_language: callhours.yaml:13:185: the message is in German, but the date in it is in English ("today"); write spoken "de", or translate the message (branch odd of route main`,
		},
	},
	{
		name: "an end that cannot be read, said once", yaml: office,
		files: hours(open, event("Open late", "20261204T170000"+ny, "", "DTEND:soon")),
		want: []string{
			`event_unusable: hours.ics:16: DTEND: expected a time such as 20261224 or 20261224T090000Z, found "soon"`,
		},
	},
	{
		name: "nothing known of the holidays, which are absent then",
		yaml: strings.Replace(office, "{file: holidays.ics}",
			`{url: "https://calendar.example.com/h.ics", if_unknown: absent}`, 1),
		want: []string{"calendar_unknown: callhours.yaml:"},
	},
	{
		name: "what was forgiven", yaml: office, files: hours(open, event("Closed", "20261224", "", "RRULE:")),
		want: []string{`not_standard: hours.ics:16: an empty RRULE is ignored; remove it`},
	},
	{
		name: "a day that is lost west of its owner", yaml: office,
		files: hours(open, event("Closed", "20251201", "", "RRULE:FREQ=YEARLY;UNTIL=20261130T230000Z")),
		want: []string{
			`odd_event: hours.ics:12: RRULE: UNTIL is midnight on the clock of another zone: seen from America/New_York, 2026-12-01 is left out`,
		},
	},
	{
		name: "more actions than a call has tokens for",
		yaml: branches(`name: many, state: other, when: {calendar: holidays}, callflow: '`+
			strings.Repeat(`{"module":"noop","children":{"_":`, 20)+
			`{"module":"hangup"}`+strings.Repeat("}}", 20)+`'`, openBranch) + "kazoo_version: master\n",
		want: []string{"action_budget: callhours.yaml:13:735: the output is odd: .children._.children._"},
	},
	{
		name: "an id that is mistyped, in a callflow",
		yaml: branches(`name: odd, state: other, when: {calendar: holidays}, callflow: '{"module":"device","data":{"id":"`+voicemail[1:]+`"}}'`, openBranch),
		want: []string{
			`callflow_odd: callhours.yaml:13:106: the output is odd: .data.id: an id of Kazoo has 32 digits from 0 to 9 and a to f, found "` + voicemail[1:] + `" of 31; is one mistyped?`,
		},
	},
	{
		name: "odd callflows",
		yaml: branches(`name: odd, state: other, when: {calendar: holidays}, callflow: '{"module":"tts","data":{"text":"x","langage":"en"}}'`, openBranch), want: []string{"callflow_odd: callhours.yaml:13:"},
	},

	{
		name: "an id of another tenant", yaml: tenants, files: map[string]string{
			"t/a.yaml": tenant("a", "account: ["+acme+"], ", frontDesk),
			"t/b.yaml": tenant("b", "account: ["+strings.Repeat("b", 32)+"], ", frontDesk),
		},
		want: []string{"id_of_two_tenants: t/b.yaml:4:41: the id 0a4cf9b1… is also tenant a's, at t/a.yaml:4:41"},
	},
	{name: "ids of their own", yaml: tenants, files: map[string]string{
		"t/a.yaml": tenant("a", "account: ["+acme+"], ", frontDesk),
		"t/b.yaml": tenant("b", "account: ["+strings.Repeat("b", 32)+"], ", voicemail),
	}},
	{
		name: "a tenant without an account", yaml: tenants, files: map[string]string{
			"t/a.yaml": tenant("a", "account: ["+acme+"], ", frontDesk), "t/b.yaml": tenant("b", "", voicemail),
		},
		want: []string{
			"routes_without_account: t/b.yaml:1:16: route b/main is in a file whose tenant names no account, so it answers calls of any account",
		},
	},
	{
		name: "an include without a tenant", yaml: "include: [t/a.yaml]\ninclude_shared: [t/b.yaml]\n",
		files: map[string]string{
			"t/a.yaml": tenant("a", "account: ["+acme+"], ", frontDesk),
			"t/b.yaml": "routes:\n" + tenantRoute(voicemail),
		},
		want: []string{"routes_without_account: t/b.yaml:2:11: route main is in a file which has no tenant"},
	},
	{
		name: "an include of the only company", yaml: "include_shared: [t/*.yaml]\n",
		files: map[string]string{"t/b.yaml": "routes:\n" + tenantRoute(voicemail)},
	},
}

// hello is a template that reads the call.
const hello = `{"module": "tts", "data": {"text": "Hello, {{ .Call.CallerName | trunc 20 }}"}}`

const tenants = "include: [t/*.yaml]\n"

func tenant(name, account, device string) string {
	return "tenant: {name: " + name + ", " + account + "timezone: America/New_York}\nroutes:\n" + tenantRoute(device)
}

func tenantRoute(device string) string {
	return "  - name: main\n    branches: [{name: closed, data: {x: " + device +
		`}, callflow: '{"module":"device","data":{"id":"{{ .Data.x }}"}}'}]` + "\n"
}
