package main

// onCall is the row of names that conditions find in titles.
func onCall(g *grid) {
	const match = `max by (route, name) (callhours_route_match{` + byRoute + `})`
	g.row("Who is on call")
	current := table("On call now",
		"The name that is found in the event which decides at present, and when that event or the branch ends. Routes that look for no names are left out.",
		"none", nil, object{"route": "route", "name": "name", "Value": "until"},
		now(match+` * on (route) group_left () max by (route) (callhours_next_span_timestamp_seconds{`+byRoute+
			`}) * 1000 < +Inf or `+match+` * 0`))
	current.FieldConfig["defaults"].(object)["mappings"] = value([3]string{"0", "no change planned", "text"})
	g.add(9, 8, unitOf(current, "until", "dateTimeFromNow"))
	g.add(15, 8, names("On call in this time", "The name that was found, at each moment.", match))
	g.add(24, 5, table("Rotas without a shift",
		"Calendars that should have an event on at any time (expect: covered), and how many are: 0 if nobody is on call.",
		"short", nil, object{"calendar": "calendar", "Value": "events that are on"},
		now(`max by (calendar) (callhours_calendar_active_events{`+process+
			`}) and on (calendar) callhours_calendar_expected_covered{`+process+`} == 1`)))
}

// problems is the row of what needs somebody's attention.
func problems(g *grid) {
	const (
		unknown = `max by (calendar) (callhours_calendar_unknown{` + process + `})`
		faults  = `callhours_fallbacks_total{` + byRoute + `, reason!="deliberate"}[$__range]`
	)
	findings := func(severity string) string {
		return `sum(max by (kind) (callhours_findings{` + process + `, severity="` + severity + `"})) or vector(0)`
	}
	lost := func(metric string) string { return `sum(increase(` + metric + `{` + process + `}[$__range]))` }

	g.row("Problems")
	g.add(3, 4, number("Errors found", "Findings of severity error: calls are not answered as meant, or will not be.",
		"short", findings("error"), 1))
	g.add(3, 4, number("Warnings found", "Findings of severity warning.", "short", findings("warning"), 0))
	g.add(3, 4, number("Routes with problems",
		"Routes of which calls were not answered as decided, or were decided while a calendar was unknown, in this time.",
		"short", `count(sum by (route) (increase(`+faults+`)) > 0 or sum by (route) (increase(callhours_unknown_decisions_total{`+
			byRoute+`}[$__range])) > 0) or vector(0)`, 1))
	g.add(3, 4, number("Unknown calendars", "Calendars without a copy to decide from.", "short",
		`sum(`+unknown+`)`, 1))
	g.add(3, 4, number("Stale calendars",
		"Calendars whose last attempt to be read failed; their copies are used.", "short",
		`count(min by (calendar) (callhours_calendar_up{`+process+`}) == 0 unless `+unknown+` == 1) or vector(0)`, 1))
	g.add(3, 4, number("Log lines dropped", "Lines that the log could not keep up with.", "short",
		lost("callhours_log_lines_dropped_total"), 1))
	g.add(3, 4, number("State writes failed", "Writes to the state directory that failed.", "short",
		lost("callhours_state_write_failures_total"), 1))
	g.add(3, 4, number("Panics", "Bugs that were contained.", "short", lost("callhours_panics_total"), 1))

	g.add(8, 8, table("Findings", "What callhours check reports of the running configuration and its calendars.",
		"short", nil, object{"Value": "findings"},
		now(`max by (severity, kind) (callhours_findings{`+process+`}) > 0`)))
	g.add(8, 8, table("Failing branches",
		"Branches that could not answer, and why, in this time; without those that called fail.", "short", nil,
		object{"Value": "calls"}, now(`ceil(sum by (route, branch, reason) (increase(`+faults+`))) > 0`)))
	calendars := table("Calendars to look at",
		"Unknown: there is no copy to decide from. Stale: the last attempt to read failed; the copy is used.",
		"none", nil, object{"Value": "state"},
		now(`(min by (calendar) (callhours_calendar_up{`+process+`}) == bool 0) + `+unknown+` > 0`))
	calendars.FieldConfig["defaults"].(object)["mappings"] = value([3]string{"1", "stale", "orange"},
		[3]string{"2", "unknown", "red"})
	g.add(8, 8, calendars)
	g.add(12, 8,
		graph("Fallbacks over time", "Calls for which the decided branch could not answer, by that branch and why.",
			"short", "normal",
			over("{{route}} {{branch}} {{reason}}",
				`sum by (route, branch, reason) (increase(callhours_fallbacks_total{`+byRoute+
					`}[$__rate_interval])) > 0 or on () vector(0)`)))
	g.add(12, 8,
		graph("Upstreams", "Requests a second to the Pivot servers that answer branches, by result.", "reqps", "normal",
			over("{{route}} {{branch}} {{result}}",
				`sum by (route, branch, result) (rate(callhours_upstream_requests_total{`+byRoute+
					`}[$__rate_interval])) or on () vector(0)`)))
	g.add(12, 8,
		graph("Waiting for upstreams", "How long the slowest of 2 and of 100 requests to them take.", "s", "none",
			over("half", `histogram_quantile(0.5, sum by (le) (rate(callhours_upstream_duration_seconds_bucket{`+process+
				`}[$__rate_interval]))) or on () vector(0)`),
			over("99 of 100", `histogram_quantile(0.99, sum by (le) (rate(callhours_upstream_duration_seconds_bucket{`+
				process+`}[$__rate_interval]))) or on () vector(0)`)))
	g.add(12, 8, graph("Calls without a route", "By what was missing.", "short", "normal",
		over("{{reason}}", `sum by (reason) (increase(callhours_unmatched_calls_total{`+process+
			`}[$__rate_interval]))`)))
}
