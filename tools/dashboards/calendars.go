package main

// byCalendar selects what depends on a calendar.
const byCalendar = process + `, calendar=~"$calendar"`

// calendars is the dashboard of feeds and files.
func calendars() dashboard {
	d := newDashboard("callhours-calendars", "Calendars",
		"How fresh the calendars are that decide calls, what they hold, how far ahead they reach, and what in them cannot be used.", "now-7d",
		[]object{variable("calendar", "Calendar", `label_values(callhours_calendar_up{`+process+`}, calendar)`)},
		[]object{
			annotation("Configurations", "purple", "1m",
				`max by (job, instance) (callhours_config_last_reload_success_timestamp_seconds{`+process+
					`} > 0) * 1000`,
				"{{instance}}: configuration live", true),
		})
	var g grid
	g.add(4, 4,
		number("Calendars", "How many are configured.", "short",
			`count(count by (calendar) (callhours_calendar_up{`+byCalendar+`}))`, 0))
	g.add(4, 4,
		number("Unknown", "Calendars without a copy to decide from.", "short",
			`sum(max by (calendar) (callhours_calendar_unknown{`+byCalendar+`}))`, 1))
	g.add(4, 4,
		number("Failing", "Calendars whose last attempt to be read failed; their copies are used.", "short",
			`sum(1 - min by (calendar) (callhours_calendar_up{`+byCalendar+`}))`, 1))
	oldest := number("Oldest copy", "How long ago the calendar was read that was not read for the longest.", "s",
		`max(time() - (callhours_calendar_last_success_timestamp_seconds{`+byCalendar+`} > 0))`, 6*3600)
	g.add(4, 4, oldest)
	g.add(4, 4,
		number("Ignored events", "Events that were not understood.", "short",
			`sum(max by (calendar) (callhours_calendar_rejected_events{`+byCalendar+`}))`, 1))
	g.add(4, 4, number("Unmatched events", "Events that no condition fits: a misspelt title, most likely.", "short",
		`sum(max by (calendar) (callhours_calendar_unmatched_events{`+byCalendar+`}))`, 1))

	g.add(24, 8,
		states("State of each calendar",
			"Fresh: the last attempt confirmed the copy. Stale: it did not. Unknown: there is none to decide from.",
			value([3]string{"1", "fresh", "green"}, [3]string{"0", "stale", "orange"},
				[3]string{"-1", "unknown", "red"}, [3]string{"-2", "unknown", "red"}),
			over("{{calendar}}", `min by (calendar) (callhours_calendar_up{`+byCalendar+
				`} - 2 * callhours_calendar_unknown{`+byCalendar+`})`)))
	g.add(12, 8, graph("Age", "Time since the calendar was last read or confirmed unchanged.", "s", "none",
		over("{{calendar}}", `time() - min by (calendar) (callhours_calendar_last_success_timestamp_seconds{`+
			byCalendar+`} > 0)`)))
	g.add(12, 8,
		graph("Attempts to read, by result", "ok and unchanged are good; all others leave the former copy.", "short",
			"normal",
			over("{{result}}", `sum by (result) (increase(callhours_calendar_fetches_total{`+byCalendar+
				`}[$__rate_interval]))`)))
	g.add(12, 8, graph("Events", "Events in the calendar that count.", "short", "none",
		over("{{calendar}}", `max by (calendar) (callhours_calendar_events{`+byCalendar+`})`)))
	g.add(12, 8, graph("Events that are on", "How many events of the calendar are on at each moment.", "short", "none",
		over("{{calendar}}", `max by (calendar) (callhours_calendar_active_events{`+byCalendar+`})`)))

	horizon := table("Horizon",
		"When the last event ends that is in sight, and how far ahead there should be one; calendars without events are left out.", "none",
		nil, object{"Value #A": "last event", "Value #B": "expected ahead"},
		now(`max by (calendar) (callhours_calendar_last_event_timestamp_seconds{`+byCalendar+`} > 0) * 1000`),
		now(`max by (calendar) (callhours_calendar_expected_ahead_seconds{`+byCalendar+`} > 0)`))
	g.add(12, 9, unitOf(unitOf(horizon, "last event", "dateTimeFromNow"), "expected ahead", "s"))
	g.add(12, 9, table("Problems", "Events that were not understood, and those that no condition fits.", "short",
		nil, object{"Value #A": "ignored", "Value #B": "unmatched"},
		now(`max by (calendar) (callhours_calendar_rejected_events{`+byCalendar+`})`),
		now(`max by (calendar) (callhours_calendar_unmatched_events{`+byCalendar+`})`)))

	g.add(12, 6, states("Configuration of each replica", "Whether the present files were accepted.",
		value([3]string{"1", "accepted", "green"}, [3]string{"0", "refused", "red"}),
		over("{{instance}}", `callhours_config_last_reload_successful{`+process+`}`)))
	g.add(6, 6,
		number("Refused tenants", "Tenants whose present files are refused; their last accepted version answers.",
			"short",
			`sum(max by (tenant) (callhours_config_rejected{`+process+`})) or vector(0)`, 1))
	g.add(6, 6, number("Failed writes of copies", "Writes to the state directory that failed.", "short",
		`sum(increase(callhours_state_write_failures_total{`+process+`}[$__range]))`, 1))
	g.add(24, 6,
		table("Versions", "Of the program and of its time zone data, by replica.", "none", []string{"Value"}, object{},
			now(`callhours_build_info{`+process+
				`} * on (job, instance) group_left (tzdata, source) label_replace(callhours_tzdata_info{`+process+
				`}, "tzdata", "$1", "version", "(.*)")`)))
	d.Panels = g.panels
	return d
}
