package config

// testKeys has every key of a file of routing tests, as keyTable has those of a configuration. It
// is the table of docs/testing.md.
var testKeys = []key{
	{inTests, "config", "path", "`callhours.yaml`", "the configuration that is tested; relative to the test file"},
	{
		inTests, "calendars", "calendars", "none",
		"contents of the configuration's calendars while the tests run, by their full names",
	},
	{
		inTests, "upstreams", "upstreams by branch", "none",
		"what the upstreams of branches answer while the tests run; without it, none is asked",
	},
	{inTests, "tests", "list of tests", "required", "the tests"},

	{inTestCalendar, "file", "path or glob", "required", "a calendar file, relative to the test file"},

	{inTestEvent, "summary", "text", "none", "its title"},
	{
		inTestEvent, "start", "date, or date and time", "required",
		"its start; a date alone makes it an all-day event",
	},
	{inTestEvent, "end", "date, or date and time", "a day after a date", "its end, exclusive as in iCalendar"},
	{inTestEvent, "rrule", "text", "none", "how it recurs, as in RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO,TU`"},
	{inTestEvent, "except", "dates", "none", "days that are excluded"},
	{inTestEvent, "description", "text", "none", "its description"},
	{inTestEvent, "location", "text", "none", "its location"},
	{inTestEvent, "category", "texts", "none", "its categories"},

	{inTest, "name", "text", "such as `test 3`", "name in reports and for `--run`; unique in the file"},
	{
		inTest, "calendars", "calendars", "those of the file",
		"contents of calendars in this test; overrides those of the file",
	},
	{inTest, "upstreams", "upstreams by branch", "those of the file", "what upstreams answer in this test; overrides those of the file"},
	{inTest, "route", "name", "the route that the call finds", "the route that is tested; a tenant's is `acme/main`"},
	{inTest, "call", "call", "the ordinary call", "the call to make"},
	{inTest, "at", "moments", "none", "one time or a list of them, in the route's zone or RFC 3339"},
	{
		inTest, "moments", "lines, or branches by moment", "none",
		"times and ranges, with the branch or state expected then",
	},
	{inTest, "want", "want", "none", "expected results at each of them"},

	{inTestCall, "path", "URL path", "the configuration's `path`", "path of the request"},
	{inTestCall, "account", "text", "none", "the Kazoo account ID"},
	{inTestCall, "dialed", "text", "none", "the dialed number"},
	{inTestCall, "caller", "text", "none", "the caller's number"},
	{inTestCall, "caller_name", "text", "none", "the caller's name"},
	{inTestCall, "params", "texts by name", "none", "any other parameter of Kazoo's request, such as `Digits[pin]`"},

	{inTestWant, "route", "name", "not compared", "the route that answers; `\"\"` for none"},
	{inTestWant, "branch", "name", "not compared", "the branch that is decided"},
	{inTestWant, "state", "`open`, `closed`, `other`", "not compared", "the state of that branch"},
	{inTestWant, "event", "pattern", "not compared", "the title of the event that decides; `\"\"` for none"},
	{
		inTestWant, "reason", "pattern", "not compared",
		"the reason, as in `explain`; if no route answers, why",
	},
	{inTestWant, "unknown", "true or false", "not compared", "whether a calendar that is needed to decide is unknown"},
	{
		inTestWant, "until", "moment or `never`", "not compared",
		"when another branch takes over; a change of event within the branch does not count",
	},
	{inTestWant, "status", "number", "not compared", "HTTP status of the answer: 200, 404, 500"},
	{
		inTestWant, "answered_by", "name", "the branch that is decided",
		"the branch whose callflow is sent, if the decided one is expected to fail",
	},
	{inTestWant, "callflow", "mapping", "not compared", "a part of the callflow, or values by JSONPath"},

	{inTestUpstream, "body", "text", "`body` or `fails`", "its answer, with status 200; checked as in a call"},
	{inTestUpstream, "type", "text", "JSON's", "Content-Type of the answer"},
	{
		inTestUpstream, "fails", "`timeout`, `status`, `refused`, `circuit`", "`body` or `fails`",
		"why it does not answer",
	},
}
