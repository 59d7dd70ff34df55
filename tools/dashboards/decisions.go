package main

// process selects what does not depend on a route, byRoute what does.
const (
	process = `job=~"$job", instance=~"$instance"`
	byRoute = process + `, route=~"$route"`
	active  = `callhours_branch_active{` + byRoute + `} == 1`
)

// decisions is the dashboard of calls.
func decisions() dashboard {
	d := newDashboard("callhours-decisions", "Routing decisions",
		"What callhours told Kazoo to do with calls, by route and branch, and what it would tell an ordinary call at present.", "now-24h",
		[]object{
			variable("route", "Route", `label_values(callhours_decisions_total{`+process+`}, route)`),
			{
				"name": "utc_offset", "label": "Hours from UTC", "type": "textbox",
				"description": "for the table of hours and weekdays; -5 in New York in winter",
				"query":       "0", "current": object{"text": "0", "value": "0"}, "options": []object{}, "hide": 0,
			},
		},
		[]object{
			// Another branch, or the same by another event: the moment that was to end the span is over.
			annotation("Changes", "blue", "1m",
				`(`+active+` and changes(callhours_branch_active{`+byRoute+`}[1m]) > 0) or (`+active+
					` and on (job, instance, route) callhours_next_span_timestamp_seconds{`+byRoute+`} offset 1m <= time())`,
				"{{route}}: {{branch}}", false),
			annotation("Configurations", "purple", "1m",
				`max by (job, instance) (callhours_config_last_reload_success_timestamp_seconds{`+process+
					`} > 0) * 1000`,
				"{{instance}}: configuration live", true),
		})
	var g grid
	g.add(4, 4,
		number("Calls in this time", "Calls for which a branch was decided.", "short",
			`sum(increase(callhours_decisions_total{`+byRoute+`}[$__range]))`, 0))
	g.add(4, 4, number("Fallbacks", "Calls for which the decided branch could not answer, without those that called fail.", "short",
		`sum(increase(callhours_fallbacks_total{`+byRoute+`, reason!~"no_answer|deliberate"}[$__range]))`, 1))
	g.add(4, 4,
		number("Not answered", "Calls that neither the branch nor the fallback could answer: Kazoo got a 500.", "short",
			`sum(increase(callhours_fallbacks_total{`+byRoute+`, reason="no_answer"}[$__range]))`, 1))
	g.add(4, 4, number("Calendar unknown", "Calls decided while a calendar needed to decide was unknown.", "short",
		`sum(increase(callhours_unknown_decisions_total{`+byRoute+`}[$__range]))`, 1))
	g.add(4, 4,
		number("Without a route", "Calls that no route answers.", "short",
			`sum(increase(callhours_unmatched_calls_total{`+process+`}[$__range]))`, 0))
	slowest := number("Slowest of 100", "The time that 99 of 100 requests stay under.", "s",
		`histogram_quantile(0.99, sum by (le) (rate(callhours_request_duration_seconds_bucket{`+process+
			`}[$__range])))`, 0.5)
	slowest.FieldConfig["defaults"].(object)["decimals"] = 1
	g.add(4, 4, slowest)

	onCall(&g)
	problems(&g)

	g.row("Calls")
	g.add(16, 9,
		graph("Calls by route and branch", "Calls a second, by the branch that was decided.", "reqps", "normal",
			over("{{route}} {{branch}}",
				`sum by (route, branch) (rate(callhours_decisions_total{`+byRoute+`}[$__rate_interval]))`)))
	g.add(8, 9, panel{
		Type: "piechart", Title: "Share by branch",
		Description: "Of the calls in this time, by the branch that was decided.",
		Targets: []target{
			{
				Expr:         `sum by (branch) (increase(callhours_decisions_total{` + byRoute + `}[$__range]))`,
				LegendFormat: "{{branch}}", Format: "time_series", Instant: true,
			},
		},
		FieldConfig: fields("short", object{}, object{"decimals": 0}),
		Options: object{
			"pieType": "donut", "displayLabels": []string{"percent"},
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
			"legend": object{
				"displayMode": "table", "placement": "right",
				"values": []string{"value", "percent"}, "showLegend": true,
			},
			"tooltip": object{"mode": "single", "sort": "none"},
		},
	})

	g.row("Routes")
	g.add(24, 8,
		states("State of each route",
			"Whether an ordinary call finds the route open, closed or otherwise, at each moment.",
			value([3]string{"0", "closed", "red"}, [3]string{"1", "open", "green"}, [3]string{"2", "other", "blue"}),
			over("{{route}}", `max by (route) (callhours_branch_active{`+byRoute+
				`, state="closed"} * 0 or callhours_branch_active{`+byRoute+
				`, state="open"} * 1 or callhours_branch_active{`+byRoute+`, state="other"} * 2)`)))
	g.add(24, 8, names("Branch of each route", "The branch that an ordinary call takes, at each moment.",
		`max by (route, branch) (callhours_branch_active{`+byRoute+`} == 1)`))

	g.add(8, 9,
		unitOf(table("Next change",
			"When an ordinary call takes another branch, or another event decides; routes without a change in sight are left out.",
			"none",
			nil, object{"route": "route", "Value": "next change"},
			now(`min by (route) (callhours_next_span_timestamp_seconds{`+byRoute+`} < +Inf) * 1000`)), "next change",
			"dateTimeFromNow"))
	g.add(16, 9, week())

	g.row("Time and requests")
	latency := graph("Time to answer",
		"What half, nine of ten and 99 of 100 requests stay under; points are calls, by their id.", "s", "none",
		over("half", `histogram_quantile(0.5, sum by (le) (rate(callhours_request_duration_seconds_bucket{`+process+
			`}[$__rate_interval])))`),
		over("9 of 10", `histogram_quantile(0.9, sum by (le) (rate(callhours_request_duration_seconds_bucket{`+process+
			`}[$__rate_interval])))`),
		over("99 of 100", `histogram_quantile(0.99, sum by (le) (rate(callhours_request_duration_seconds_bucket{`+
			process+`}[$__rate_interval])))`))
	latency.Targets[2].Exemplar = true
	g.add(12, 8, latency)
	buckets := over("{{le}}",
		`sum by (le) (increase(callhours_request_duration_seconds_bucket{`+process+`}[$__rate_interval]))`)
	buckets.Format = "heatmap"
	g.add(12, 8, panel{
		Type: "heatmap", Title: "Times to answer", Description: "How many requests took how long.",
		Targets:     []target{buckets},
		FieldConfig: fields("short", object{}, nil),
		Options: object{
			"calculate": false, "cellGap": 1, "yAxis": object{"unit": "s", "axisPlacement": "left"},
			"color":  object{"mode": "scheme", "scheme": "Oranges", "steps": 64},
			"legend": object{"show": true}, "tooltip": object{"mode": "single", "yHistogram": false},
			"showValue": "never",
			"exemplars": object{"color": "rgba(255,0,255,0.7)"}, "rowsFrame": object{"layout": "auto"},
		},
	})
	g.add(12, 8,
		graph("Requests by status", "What Kazoo was told; 404 is no route or a branch that passes.", "reqps", "normal",
			over("{{code}}", `sum by (code) (rate(callhours_requests_total{`+process+`}[$__rate_interval])) > 0`)))
	g.add(12, 8, table("Whom to call", "Routes, their tenants and contacts.", "none", []string{"Value"}, object{},
		now(`max by (route, tenant, contact) (callhours_route_info{`+byRoute+`})`)))
	d.Panels = g.panels
	return d
}

// week is a table of hours and weekdays, coloured by calls.
func week() panel {
	const moment = `vector(time() - 1 + 3600 * ($utc_offset))` // what has been counted by a full hour was before it
	p := table("Calls by hour and weekday",
		"Calls of this time, by weekday (0 is Sunday) and hour, so many hours from UTC as is set above.", "short", nil,
		object{},
		now(`sum by (weekday, hour) (sum_over_time((`+
			`sum(increase(callhours_decisions_total{`+byRoute+
			`}[1h])) * on () group_right () count_values("hour", hour(`+moment+`))`+
			` * on () group_left (weekday) count_values("weekday", day_of_week(`+moment+`)))[$__range:1h]))`))
	p.Transformations = []object{
		{"id": "convertFieldType", "options": object{"fields": object{}, "conversions": []object{
			{"targetField": "hour", "destinationType": "number"},
			{"targetField": "weekday", "destinationType": "number"},
		}}},
		{"id": "sortBy", "options": object{"fields": object{}, "sort": []object{{"field": "weekday"}}}},
		{"id": "sortBy", "options": object{"fields": object{}, "sort": []object{{"field": "hour"}}}},
		{
			"id":      "groupingToMatrix",
			"options": object{"columnField": "hour", "rowField": "weekday", "valueField": "Value"},
		},
	}
	p.FieldConfig = fields("short",
		object{"align": "center", "cellOptions": object{"type": "color-background", "mode": "basic"}},
		object{"decimals": 0, "color": object{"mode": "continuous-BlPu"}, "noValue": "0"})
	return p
}

func annotation(name, color, step, expr, title string, valueIsTime bool) object {
	a := object{
		"name": name, "datasource": datasource, "enable": true, "hide": false, "iconColor": color, "step": step,
		"expr":        expr,
		"titleFormat": title, "textFormat": "", "tagKeys": "",
	}
	if valueIsTime {
		a["useValueForTime"] = "on"
	}
	return a
}
