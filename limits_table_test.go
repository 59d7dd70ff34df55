package callhours_test

const limitsHead = `# Limits

Every limit of callhours, and what happens beyond it. Work is bounded by amounts, before it is done, rather than by time,
so that the same request has the same result on a busy machine. Keys are those of [config.md](config.md#every-key). This
page is generated from the constants (` + "`UPDATE=1 go test . -run TestLimits`" + `); each limit has a test.
`

// limitSection is a part of docs/limits.md.
type limitSection struct {
	title, text string
	limits      []limit
}

func limitSections() []limitSection {
	return []limitSection{
		{"Calls", "Requests on the Pivot listener (`listen`).", []limit{
			{"line and headers of a request", "{listen.MaxPivotHeader:bytes}", "", "431", "server.TestHeaderBytes"},
			{
				"lines of a request before its body, of both listeners, without TLS", "{listen.maxHeaderLines}", "",
				"431, and the connection is closed", "listen.TestHeaderLines",
			},
			{
				"body of a request", "{pivot.MaxBody:bytes}", "", "413: Kazoo runs its `_` child",
				"pivot.TestParseRefuses",
			},
			{"parameters of a call", "{pivot.maxParams}", "", "refused in the same way", "pivot.FuzzParse"},
			{"objects within objects in a JSON body", "{pivot.maxNesting}", "", "refused in the same way", "pivot.FuzzParse"},
			{
				"a number", "{routes.maxNumber} bytes", "", "treated as a name; its beginning is compared",
				"routes.TestNormalIsBounded",
			},
			{
				"time for a request to arrive", "{listen.readTimeout}, its headers {listen.headerTimeout}", "",
				"the connection is closed", "listen.TestDeadlines",
			},
			{"time to take an answer", "{listen.writeTimeout}", "", "the connection is closed", "listen.TestDeadlines"},
			{
				"connections", "{listen.maxPivotConns}, and half of the process's descriptors", "",
				"503 at once, and the connection is closed", "listen.TestTooManyConnections",
			},
			{"calls at once", "{server.inFlight} for each processor", "", "503", "server.TestOverload"},
			{
				"calls of one tenant that are answered at once; that are answered or wait",
				"half of the processors, one at least; {server.ownInFlight} for each processor, {server.ownWait}", "",
				"503 for calls of that tenant, after that time", "server.TestOwnTurns",
			},
			{
				"routes of one tenant that are compiled, and looked through for findings, at once",
				"half of the processors, one at least", "",
				"the others of that tenant wait; the owner that has used least time is next", "server.TestEachHalf",
			},
			{"addresses in `X-Forwarded-For`", "{listen.maxHops}", "", "403", "listen.TestClient"},
		}},
		{"Upstreams", "Other Pivot servers that answer branches.", []limit{
			{
				"addresses of `listen`", "{config.maxListeners}", "", "a mistake", "config.TestMistakes",
			},
			{
				"`timeout` and `answer_within` together", "{config.longestAnswer}", "`timeout`, `answer_within`",
				"a mistake", "config.TestMistakes",
			},
			{"`ca_file` of an upstream", "{config.maxAuthorities:bytes}", "", "a mistake", "config.TestAuthorities"},
			{
				"the URL, as written and as made for a call", "{upstream.maxURL:bytes}", "",
				"a mistake; `upstream_refused`", "upstream.TestBounds",
			},
			{
				"headers that are set; a name; all values with the credentials",
				"{upstream.maxHeaders}; {upstream.maxHeaderName} bytes; {upstream.maxHeaderValue:bytes}", "", "a mistake",
				"upstream.TestBounds",
			},
			{
				"an `X-Request-Id` that a proxy has set", "{upstream.maxRequestID} bytes", "", "another one is sent",
				"upstream.TestBounds",
			},
			{
				"an answer", "{upstream.maxAnswer:bytes}", "", "`upstream_invalid`: the fallback answers",
				"upstream.TestAnswers",
			},
			{"elements of a TwiML answer", "{upstream.maxVerbs}", "", "`upstream_invalid`", "upstream.TestBounds"},
			{
				"actions within each other, with `verify: warn`", "{pivot.maxTolerated}", "", "`upstream_invalid`",
				"pivot.TestTolerant",
			},
			{
				"calls that wait for one upstream, for all of a tenant, and in all",
				"{upstream.maxWaiting}, {upstream.maxTenantWaiting}, {upstream.maxAllWaiting}", "",
				"`upstream_circuit`: the fallback answers at once", "upstream.TestLimits",
			},
		}},
		{"Hours on the Pivot listener", "`/-/hours/ROUTE.ics`, for holders of a token.", []limit{
			{
				"calendars that are sent at once",
				"{server.hoursAtOnce}; {server.hoursOfOne} of one tenant's routes, or of one of the operator's", "",
				"503 with Retry-After", "server.TestReadersBounds",
			},
			{
				"calendars that are made at once", "half of the processors less one, one at least; one of an owner", "",
				"the next ones wait; the owner that has used least time is next", "server.TestHoursOfOneOwner",
			},
			{"wait for a turn", "{server.hoursWait}", "", "503 with Retry-After", "server.TestReadersBounds"},
			{"a turn", "{server.hoursLasts}", "", "503 with Retry-After", "server.TestReadersBounds"},
			{
				"turns of an owner in the long run",
				"one of {server.hoursShare} parts of a processor, after {server.hoursBurst} at once", "",
				"its next turn waits, the others' do not", "server.TestTurnsShare",
			},
			{
				"time to take an answer, with the wait and the turn", "{server.hoursWithin}", "",
				"the connection is closed", "server.TestHoursDeadline",
			},
			{
				"spans of a calendar", "{server.maxHourSpans}", "",
				"the later ones are left out, as X-WR-CALDESC and the log report", "server.TestCrowdedViews",
			},
			{"a calendar", "{server.maxHours:bytes}", "", "503, with a line in the log", "server.TestReadersBounds"},
			{
				"cached calendars", "{server.maxHoursCacheBytes:bytes}", "",
				"the oldest of the owner with most bytes are forgotten, and made again", "server.TestKeptHours",
			},
		}},
		{
			"Requests to the admin listener",
			"`admin_listen`: the console, the API, /metrics. Requests that another site's page makes a browser send are refused, except for health, readiness, the console's files and the " +
				"description of the API.",
			[]limit{
				{
					"line and headers of a request", "{listen.MaxAdminHeader:bytes}", "", "431",
					"server.TestHeaderBytes",
				},
				{"body of a request", "{server.maxPeopleBody:bytes}", "", "413", "server.TestRequestBounds"},
				{"path", "{server.maxPath:bytes}", "", "414", "server.TestRequestBounds"},
				{
					"Accept-Language of a page", "{languages.maxAccepted:bytes} are read", "", "the rest is ignored",
					"languages.TestMatch",
				},
				{
					"all parameters", "{server.maxQuery:bytes}, {server.maxParameters} of them", "", "414, 400",
					"server.TestRequestBounds",
				},
				{
					"a parameter", "{server.maxParameter} characters; `param` {server.maxCallText}", "", "400",
					"server.TestRequestBounds",
				},
				{
					"a moment", "the years {preview.firstYear:plain} to {preview.lastYear:plain}", "", "400",
					"server.TestRequestBounds",
				},
				{
					"days of `/api/v1/hours`", "{preview.MaxDays}", "", "400; request the others with `from`",
					"server.TestRequestBounds",
				},
				{
					"`limit` of routes and decisions", "{server.maxLimit}", "",
					"400; request the others with `offset`",
					"server.TestRequestBounds",
				},
				{
					"`offset`, and `limit` of findings and feeds", "{server.maxOffset}", "", "400",
					"server.TestRequestBounds",
				},
				{
					"pages and answers worked out at once",
					"half of the processors, one at least; one client (address and user) has at most all but one",
					"", "the next ones wait; the client that has used least time is next", "server.TestTurnsGoByTime",
				},
				{
					"that wait for their turn", "{server.maxWaiting}", "",
					"503 with Retry-After, for the last one of the client of which most wait",
					"server.TestTurnsAreFair",
				},
				{
					"clients whose used time is recorded", "{server.maxUsers}", "", "all are reset",
					"server.TestTurnsForget",
				},
				{"wait for a turn", "{server.turnWait}", "", "503 with Retry-After", "server.TestTurns"},
				{"a turn", "{server.turnTimeout}", "", "503, or the answer ends", "server.TestTurns"},
				{
					"scrapes of `/metrics` at once", "{server.maxScrapes}; {server.scrapesOfOne} of one client", "",
					"503 with Retry-After", "server.TestScrapes",
				},
				{
					"cached answers to scrapes; minimum size of each, and time",
					"{server.maxKept}; {server.largeScrape:bytes}, {server.scrapeLasts}", "",
					"the oldest is made again; each scrape has its own", "server.TestScrapesShare",
				},
				{
					"series of all tenants in a scrape of `/metrics`: of routes; of calendars",
					"{metrics.maxOfRoutes:bytes}; {metrics.maxOfCalendars:bytes}", "",
					"tenants share it evenly: further routes are counted as `_other`, further calendars have no series",
					"metrics.TestScrapeBytes",
				},
				{
					"a name in `callhours_route_match`", "{metrics.maxMatch:bytes}", "", "the rest is left out",
					"metrics.TestMethods",
				},
				{
					"time to take an answer", "{server.answerWithin}", "", "the connection is closed",
					"server.TestSlowReaders",
				},
				{
					"addresses whose failed logins are remembered", "{listen.maxFailures}", "",
					"the oldest are forgotten", "listen.TestLogins",
				},
				{
					"connections", "{listen.maxAdminConns}, and an eighth of the process's descriptors", "",
					"those that are idle make place", "listen.TestTooManyConnections",
				},
				{
					"listeners of `/api/v1/events`", "{console.maxListeners}", "",
					"503, or the oldest of the client with most of them ends", "console.TestListenersAreFair",
				},
				{
					"time in which a listener takes what is written to it", "{console.writeTimeout}", "",
					"it is dropped",
					"console.TestSlowListener",
				},
			},
		},
		{
			"Answers to people",
			"Omissions are reported in place, in the API by a member `truncated`, `more_events` or `more`, with how to request the rest.",
			[]limit{
				{"a list of the API", "{server.maxAnswer:bytes}", "", "the rest is left out", "server.TestAnswerList"},
				{
					"mistakes, and warnings, of `/api/v1/status`", "{server.maxSaid}", "", "the rest is left out",
					"server.TestStatusBounds",
				},
				{
					"spans of hours", "{preview.MaxSpans}; on a page {console.maxShownSpans}", "",
					"the later ones are left out", "preview.TestHoursBounds",
				},
				{
					"events of an explanation", "{preview.maxExplained}", "", "the rest is counted",
					"preview.TestExplainBounds",
				},
				{
					"events that are examined for the reason, in one answer", "{preview.maxEventsRead}", "",
					"the branch is shown without the reason", "preview.TestExplainBounds",
				},
				{
					"events whose titles are read to tell spans apart, in one answer", "{preview.maxTitlesRead}", "",
					"the later spans are distinguished by branch, and have no titles", "preview.TestHoursWithoutTitles",
				},
				{
					"the same, of a route for `callhours_next_span_timestamp_seconds` in one scrape",
					"{preview.maxScrapeTitles}", "",
					"the next change of branch is exported until later scrapes have read the rest",
					"preview.TestNextSpan",
				},
				{
					"segments that are passed to find when something changes, in one answer",
					"{preview.maxSegmentsScanned}",
					"",
					"the routes after that are left out", "preview.TestNowBounds",
				},
				{
					"a title", "{preview.maxTitle} characters; a reason {preview.maxReason}", "",
					"it is cut, but as written on the calendar's page", "preview.TestClip",
				},
				{
					"numbers on a route's card", "{preview.maxShownNumbers}", "",
					"how many others there are is shown", "server.TestDisplayNames",
				},
				{
					"what to write into a calendar, on a route's page",
					"{preview.maxGuideEntries} branches with {preview.maxGuideTitles} titles and {preview.maxGuideNames} names, each of {preview.maxGuideText} bytes", "",
					"the others are not shown", "server.TestGuidePage",
				},
				{
					"problems of a route", "{preview.maxProblems}, of {preview.maxProblemMessage} bytes each", "",
					"the most severe are shown, and how many others there are", "preview.TestNewProblems",
				},
				{
					"different calls without a route that are listed", "{server.maxUnmatched}", "",
					"the latest ones are listed", "server.TestUnmatchedCallsBound",
				},
				{
					"paths, and numbers of its path, that one without a route is compared with; bytes of the path times those of all paths",
					"{routes.maxCompared}; {routes.maxComparedBytes}", "",
					"it is not said which was probably meant", "routes.TestMissingCosts",
				},
				{
					"routes that a call without a route may have been meant for", "{server.maxCandidates}", "",
					"those that list the number come first, then those of the account", "server.TestUnmatchedCalls",
				},
				{
					"spans of a day in a list of routes", "{preview.maxStrip}", "", "the rest of the day is not drawn",
					"preview.TestNowBounds",
				},
				{
					"events in the lanes of a route", "{preview.MaxLaneEvents}", "", "the later ones are counted",
					"preview.TestLanesBounds",
				},
				{
					"cached segments for questions", "{preview.maxKept}", "", "all are compiled anew",
					"preview.TestKeptSegments",
				},
				{
					"cached windows of a route for questions", "{preview.maxStates}", "",
					"the oldest is compiled anew", "preview.TestFarAhead",
				},
				{"a page", "{console.maxPage:bytes}", "", "500", "console.TestPageBounds"},
				{
					"bars of a picture", "{console.maxBars}; events side by side {console.maxRows}", "",
					"the rest is counted; side by side they share a row", "console.TestPictureBounds",
				},
				{
					"titles on a day of a month", "{console.maxNotes}", "", "the rest is counted",
					"console.TestMonthBounds",
				},
				{
					"changes of a day in words", "{console.maxWords}", "", "the rest is counted",
					"console.TestPictureBounds",
				},
				{
					"events of a calendar's page",
					"{console.maxOccurrences} in 30 days; as written {console.maxEventTexts}, {console.maxTextBytes:bytes}",
					"", "a link shows the others", "server.TestCrowdedViews",
				},
				{
					"problems, and odd events, on a calendar's page",
					"{console.maxProblems}; routes {console.maxRouteNames}",
					"",
					"the rest is counted", "console.TestPageBounds",
				},
				{
					"mistakes, and warnings, on the page of the configuration", "{console.maxMessages}", "",
					"the rest is counted", "console.TestPageBounds",
				},
				{
					"a callflow that is drawn", "{console.maxDepth} levels, {console.maxFacts} fields of an action",
					"",
					"the JSON beside it has all", "console.TestTree",
				},
			},
		},
		{"Findings", "Findings are computed outside of calls; tenants take turns.", []limit{
			{
				"looking at one route or calendar", "{server.lintTimeout}, and not beyond its generation", "",
				"the rest is not reported", "server.TestLookingEnds",
			},
			{
				"segments of a route", "{preview.maxSegments}", "", "the later ones are not examined",
				"server.TestLintSteps",
			},
			{
				"events that are examined for why branches are true", "{preview.maxEventsHeld}", "",
				"the rest is ignored",
				"server.TestLintSteps",
			},
			{
				"occurrences of a calendar", "{preview.maxOccurrences}; events {preview.maxEvents}", "",
				"findings that need all of them are omitted", "server.TestLintIsBounded",
			},
			{
				"comparisons of texts with conditions, of one calendar", "{preview.maxCompared}", "",
				"the rest is not compared", "server.TestLintSteps",
			},
			{
				"findings of one kind about one calendar", "{preview.maxPerKind}", "", "the rest is counted",
				"server.TestLintIsBounded",
			},
			{
				"answers that are rendered ahead for a route", "{render.maxRendered}; events {render.maxRehearsed}",
				"",
				"the later ones are not rendered ahead", "server.TestRehearsalIsBounded",
			},
			{
				"steps of some 10 µs in which `check` looks at a tenant's routes and calendars", "{server.maxLooked}",
				"",
				"the rest is skipped, with a finding (`not_looked_at`)", "server.TestTenantTakesTooMuch",
			},
		}},
		{"Log and memory of calls", "", []limit{
			{"a text in a line of the log", "{server.maxField:bytes}", "", "it is cut", "server.TestBoundedLines"},
			{
				"a line of the log", "{server.maxLine:bytes}", "", "it is dropped, and counted as such",
				"server.TestBoundedLines",
			},
			{
				"a caller, a dialed number, an account, a Call-ID of a remembered decision",
				"{server.maxCaller}, {server.maxDialed}, {server.maxAccount}, {server.maxCallID} bytes", "",
				"they are cut", "server.TestDecisionsShow",
			},
			{
				"an address that cannot be read, in the log", "{listen.maxShown} characters", "", "it is cut",
				"server.TestUnreadableAddressIsLogged",
			},
			{"a summary of a callflow", "{pivot.MaxSummary} characters", "", "it is cut", "pivot.TestSummary"},
			{
				"a callflow in words; a name in it; a spoken text in it; phones of a group that are named",
				"{pivot.maxDescription}, {pivot.maxNameBytes}, {pivot.maxSpoken:bytes}; {pivot.maxRung}", "",
				"they are cut; the other phones are counted", "pivot.TestDescribe",
			},
			{
				"characters of a line that a mistake on the page is drawn with; before its caret",
				"{console.maxDrawn}, {console.maxDrawnBefore}", "", "the part around the caret is shown",
				"console.TestPointed",
			},
			{
				"routes to pick from on the page to try a call", "{console.maxRouteOptions}", "",
				"others are typed, or found by JavaScript", "server.TestManyRoutes",
			},
			{
				"an event in words; a rule in it as it is written",
				"{calendars.maxEventWords}, {calendars.maxRuleText:bytes}", "", "they are cut", "calendars.TestInWords",
			},
			{
				"dates and rules of an event that its words name", "{calendars.maxShownDates}, {calendars.maxShownRules}", "",
				"the others are counted", "calendars.TestInWords",
			},
			{
				"steps to find out for its words whether an event's rule falls on its start", "{calendars.maxWordSteps}", "",
				"the rule is shown as it is written", "calendars.FuzzInWords",
			},
			{
				"a condition or reason in words; a pattern or title in it; calendars and lists that are named",
				"{routes.maxSentence:bytes}; {routes.maxQuoted} characters; {routes.maxNamed}", "",
				"it is cut; `when` and `reason` have all", "routes.TestInWordsAreBounded",
			},
			{
				"values of a branch's data that are looked through for the names of ids", "{preview.maxNamed}", "",
				"ids are shown by their first characters", "preview.TestIDNames",
			},
			{
				"new problems of a calendar that are logged when it changes; that are compared with what was logged",
				"{server.maxLoggedProblems}; its first {server.maxComparedProblems}", "",
				"the rest is counted in one line",
				"server.TestProblemLog",
			},
			{
				"lines about problems in an owner's calendars, files and templates; about branches that will fail",
				"{server.maxOwnerProblems} in {server.ownerProblemsEvery}, each", "",
				"one line reports that; pages and metrics show them all the same", "server.TestProblemsOfAnOwner",
			},
			{
				"lines about what happens to a tenant's feeds", "{feeds.maxOwnerLines} in {feeds.ownerLinesEvery}", "",
				"one line reports that", "feeds.TestOwnerLines",
			},
			{
				"lines that wait for the reader of the log", "{server.waiting:bytes}", "", "lines are dropped, and counted",
				"server.TestStalledLog",
			},
			{
				"remembered decisions", "{server.maxTraces}, shared fairly among owners; of a route 20, {config.maxKept} at most", "keep",
				"the oldest are forgotten", "server.TestDecisionsRing",
			},
			{
				"remembered calls without a route", "as many of each owner, and of strangers, as of a route", "keep",
				"the oldest of that owner are forgotten", "server.TestUnroutedShares",
			},
			{
				"callflows and texts of remembered decisions",
				"{server.maxTraceBytes:bytes}; half of it is shared by all, the other half is divided equally among owners", "",
				"decisions are remembered without their callflows", "server.TestDecisionsBytesOfOwners",
			},
		}},
		{
			"Calendars",
			"Of each feed or file. An event that is over a limit is left out and named; the rest of the calendar decides.",
			[]limit{
				{
					"the source of a feed",
					"{feeds.maxURL:bytes}; {feeds.maxHeaders} headers with names of {feeds.maxHeaderName} and values of {feeds.maxHeaderValue} bytes; an agent of {feeds.maxUserAgent}", "", "refused at load", "feeds.TestSourceValidate",
				},
				{
					"a body", "{limits.Bytes:bytes}, {limits.Lines} lines", "bytes` and `lines",
					"it is refused, and the former copy stays", "calendars.TestRefused",
				},
				{"events", "{limits.Events}", "events", "refused in the same way", "calendars.TestRefused"},
				{
					"a line, unfolded", "{limits.LineBytes:bytes}", "line_bytes",
					"a text is cut; with any other property the event is left out", "calendars.TestHostile",
				},
				{
					"parameter values of a property", "{limits.Params}", "params", "the event is left out",
					"calendars.TestHostile",
				},
				{
					"components within components", "{limits.Nesting}", "nesting", "the event is left out",
					"calendars.TestHostile",
				},
				{
					"changed occurrences of a series", "{limits.Overrides}", "overrides", "the event is left out",
					"calendars.TestHostile",
				},
				{
					"EXDATEs and RDATEs of an event", "{limits.Dates}", "dates", "the event is left out",
					"calendars.TestHostile",
				},
				{
					"parts of a VTIMEZONE", "{limits.Observances}", "observances", "the definition is not used",
					"calendars.TestHostile",
				},
				{
					"steps of a rule", "{limits.Steps}; of all rules {limits.CalendarSteps}",
					"steps` and `calendar_steps",
					"the series is left out", "calendars.TestBudgets",
				},
				{
					"occurrences in a window", "{limits.Instances}; of a series {limits.EventInstances}",
					"instances` and `event_instances", "the series that do not fit are left out",
					"calendars.TestBudgets",
				},
				{
					"occurrences and steps of all calendars of a tenant",
					"{calendars.tenantTimes} times `instances` and `calendar_steps`", "",
					"a calendar is unknown to the routes for which there is no room, until there is; its problems report that",
					"calendars.TestOwnersTotal",
				},
				{
					"the same, compiled to find that there is no place", "as much again", "",
					"no further ones are compiled to find out, until a calendar of the tenant changes or is no longer used",
					"calendars.TestCompiledInVain",
				},
				{
					"events of all calendars of a tenant in memory, packed; their files, at load",
					"{feeds.ownerBytes:bytes}", "", "the feed or file is refused, and its former copy stays",
					"feeds.TestOwnerBytes",
				},
				{
					"copies of all feeds of a tenant in `state_dir`, with their events; a file counts {feeds.minFileSize:bytes} at least", "{feeds.ownerDisk:bytes}", "", "unused copies are dropped, the oldest first; then the feed's events stay in memory alone, with the finding `copy_not_kept`", "feeds.TestOwnerDisk",
				},
				{
					"unused files that are removed from `state_dir` while a reload waits", "{feeds.maxCleared}",
					"",
					"the others are removed after it", "feeds.TestPointersOfRenamed",
				},
				{
					"a CA file; of a tenant; those of a tenant together, each path counted; that differ",
					"{feeds.maxCAFile:bytes}; {feeds.maxTenantCAFile:bytes}; {feeds.maxTenantCAFiles:bytes}; {feeds.maxTenantBundles}",
					"", "refused at load; the feed is not fetched if a file grows later", "feeds.TestCAFiles",
				},
				{
					"sets of authorities for which an owner's connections are ready", "{feeds.maxPools}", "",
					"the least recently used one is dropped, and its file is parsed again", "feeds.TestPools",
				},
				{
					"files of a calendar", "{feeds.filesTimes} times `bytes`", "", "refused in the same way",
					"feeds.TestLoader",
				},
				{
					"occurrences that a route's conditions look at",
					"{routes.routeSteps} times `instances`, and those that they count begin and end {routes.routeEdges} times `instances`", "instances",
					"changes are known for at most a day ahead; beyond that, its calendars are unknown to it; `check` reports it (`route_too_large`)", "routes.TestRouteTotal",
				},
				{
					"regular expressions of a route over texts of events",
					"{routes.comparedInStep} steps of patterns count as one examined occurrence; " +
						"an instruction of an expression that is really looked at as {patterns.countedTimes} steps", "",
					"the same", "routes.TestExpressionsAreCounted",
				},
				{
					"names that conditions of a route look for in titles of events",
					"likewise; a text of the title's words that is looked up as {routes.lookedUp} steps and one for each byte, a byte of a title as {routes.foldedByte}",
					"", "the same", "routes.TestNamesAreCounted",
				},
				{
					"of all routes of a tenant",
					"{routes.tenantSteps} times and {routes.tenantEdges} times; half of it for what lies more than a day ahead", "instances",
					"the same, for the routes for which there is no room", "routes.TestTenantsTotal",
				},
				{
					"a line of times or a rule that is corrected", "{recur.LongestLenient:bytes}", "",
					"it is read strictly, and what is wrong with it is reported", "calendars.TestOddTimes",
				},
				{
					"misspelt names of an event that are reported", "{ical.maxSlips}", "",
					"the rest is not mentioned", "calendars.TestForgiven",
				},
				{
					"problems that are listed", "{ical.maxProblems}", "", "the rest is counted",
					"ical.TestManyProblems",
				},
				{
					"a title or place of an event; a description",
					"{ical.longestText} characters; {ical.longestDescription}", "", "it is cut",
					"calendars.TestCutTexts",
				},
				{
					"further names of an event; the language of one",
					"{ical.maxNames}; {ical.longestLanguage} bytes", "", "others are not read",
					"ical.TestNames",
				},
				{
					"the text of an event as written", "{ical.maxText:bytes}", "", "it is cut",
					"feeds.TestText",
				},
				{
					"files and copies that are in memory to show events as written", "{feeds.shownAtOnce}", "",
					"further requests wait", "feeds.TestTextsInTurn",
				},
				{
					"how long a server calls an answer fresh", "{feeds.maxMaxAge}", "", "it is taken for that",
					"feeds.FuzzTold",
				},
				{
					"large bodies of feeds in memory at a time",
					"{feeds.largeBodies}, of a tenant {feeds.largeOfTenant}, over {feeds.smallBody:bytes}",
					"",
					"they wait, and their attempts have their whole time afterwards", "feeds.TestRoom",
				},
				{
					"the same of files, where those of a calendar count as often as they fill `limits.bytes`",
					"{feeds.largeBodies}, of a tenant {feeds.largeOfTenant}, which one calendar may take", "",
					"they wait, unread", "feeds.TestFilesHeld",
				},
				{
					"bodies that are decompressed, parsed or compiled at a time, and CA files that are parsed",
					"{feeds.maxReaders}, of a tenant 1", "",
					"they wait, and their attempts have their whole time afterwards", "feeds.TestTurnsToUnzip",
				},
				{
					"compressed bytes of a body beyond those of its text; members of gzip",
					"{feeds.maxHollow:bytes}; {feeds.maxMembers}", "", "the attempt fails", "feeds.TestUnzipHollow",
				},
				{
					"calendars whose files are checked and read at a time",
					"{feeds.fileReaders}, of a tenant {feeds.filesOfTenant}", "",
					"they wait, and owners have turns", "feeds.TestFilesTurns",
				},
				{
					"tenants whose calendar files are read at a time, when a configuration is loaded",
					"{server.fileOwners}; 1 of those with files over {feeds.smallBody:bytes}", "",
					"they wait, those with large files apart from the others", "server.TestAnsweredWhileReading",
				},
				{
					"copies of a tenant's feeds that are read at a start before calls are answered",
					"{feeds.heavyCopies:bytes}", "", "they are read after those of all others, whose calls are answered",
					"feeds.TestHeavyOwners",
				},
				{
					"bytes that a feed's server sends before TLS is agreed on", "{feeds.maxHandshake:bytes}", "",
					"the attempt fails", "feeds.TestLongHandshake",
				},
				{
					"TLS handshakes of one tenant's feeds that are computed at once",
					"half of the processors, one at least", "", "the next ones wait", "feeds.TestHandshakeTurns",
				},
				{
					"redirects of a feed", "{feeds.maxRedirects}", "", "the attempt fails",
					"feeds.TestFetchFaults",
				},
				{
					"`Retry-After` of a server", "{feeds.maxRetryAfter}", "", "the feed is fetched after that",
					"feeds.TestRetryAfter",
				},
			},
		},
		{"Templates", "", []limit{
			{"text of a template", "{templates.MaxSource:bytes}", "", "refused at load", "templates.TestLimitMessages"},
			{
				"output of a template", "{templates.MaxOutput:bytes}", "", "the fallback answers",
				"templates.TestLimitMessages",
			},
			{
				"a text that a function makes", "{funcs.MaxText:bytes}", "", "the fallback answers",
				"templates.TestLimitMessages",
			},
			{
				"what the templates of one answer go through: bytes that functions make, look through or compare, elements of lists and maps, parts of the template",
				"{funcs.MaxWork:bytes}; an element or part counts as {funcs.perElement:bytes}", "",
				"the fallback answers", "templates.TestStraightText",
			},
			{
				"elements of a list or map", "{funcs.MaxElements}", "", "the fallback answers",
				"templates.TestLimitMessages",
			},
			{
				"turns of loops and calls of templates",
				"{funcs.MaxSteps}, {trees.MaxDepth} within one another",
				"", "the fallback answers", "templates.TestLimitMessages",
			},
			{"events that `on` gives", "{funcs.MaxEvents}", "", "the fallback answers", "render.TestManyEvents"},
			{
				"`.Events`", "{routes.MaxEvents}", "", "the later ones are left out; conditions look at all",
				"routes.TestEventsAreTheFirst",
			},
			{
				"crowds of more events than that, whose first events a route remembers",
				"{routes.maxCrowds} conditions, in one segment", "", "they are computed again",
				"routes.TestCrowdOfEvents",
			},
			{
				"`if`, `range`, `with` and parentheses within each other",
				"{trees.MaxNesting}; variables {templates.MaxVariables}; brackets of JSON {jsonsafe.MaxBrackets}",
				"", "refused at load", "templates.TestDocsBounds",
			},
			{
				"a text that is read as a number", "{funcs.longestNumeral:bytes}", "",
				"it is 0, as other texts are, and as lists, maps and objects", "funcs.TestNumerals",
			},
			{
				"bytes of a number in JSON; fields that a header declares",
				"{jsonsafe.MaxLiteral}; {templates.maxFields}", "", "refused at load", "templates.TestDocsBounds",
			},
			{
				"mistakes of a template", "{templates.maxMistakes}", "", "the rest is not reported",
				"templates.TestHostileTemplates",
			},
			{
				"steps that an analysis of a template follows", "{trees.maxSteps}", "", "refused at load",
				"templates.TestHostileTemplates",
			},
			{
				"sample calls of a branch, at a load",
				"{render.maxPassed} that pass a limit of templates; their templates go through {render.branchWork:bytes}",
				"", "the others are not tried, with a warning", "render.TestSampleBounds",
			},
			{
				"sample calls of a tenant's routes, at a load",
				"their templates go through {render.tenantWork:bytes}; without a tenant {render.ownWork:bytes}",
				"", "the others are not tried, with a warning", "render.TestSampleBounds",
			},
			{
				"cached answers of a tenant's routes; of the operator's; of a branch at a time",
				"{render.maxTenantKept:bytes}; {render.maxOperatorKept:bytes}; {render.maxCached}", "",
				"they are rendered for each call", "render.TestKeptRoom",
			},
			{
				"templates in the data of a branch; keys of a tenant's data that are copied for templates that read it whole and declare more",
				"{render.maxInData}; {render.maxCopied} in all", "", "refused at load", "render.TestDataMistakesOnce",
			},
			{
				"fields, variables and calendars that the templates of a tenant's branches name, those of a template for each branch",
				"{render.maxRead}", "", "refused at load", "render.TestReadBound",
			},
			{
				"mistakes of a tenant's branches; fields, and calendars, that are not there and for which one looks what was meant",
				"{render.maxTold}; {render.maxMisspelt} of a tenant", "",
				"of each further branch the first is reported, without a suggestion",
				"render.TestReadBound",
			},
			{
				"keys of a tenant's data that no template reads and that resemble one that is read; comparisons with those, in characters of both",
				"{render.maxUnread}; {render.maxNearest}", "", "the others are not reported",
				"render.TestUnreadBound",
			},
			{
				"warnings about the output of a sample call", "{pivot.MaxWarnings}", "", "the first are reported",
				"render.TestOddFields",
			},
			{
				"warnings about templates and outputs of a tenant's routes; of those without a tenant",
				"{render.maxWarned}; {render.maxWarned}", "", "the last one has the number of the others",
				"render.TestMostWarned",
			},
			{
				"spoken texts of a callflow whose language is compared with their voice; bytes of each",
				"{pivot.maxSpokenTexts}; {render.maxLanguageBytes}", "", "the rest is not looked at",
				"pivot.TestSpokenTexts",
			},
			{"a callflow", "{pivot.maxDepth} levels", "", "the fallback answers", "pivot.TestCheckCallflowRefuses"},
		}},
		{"Conditions", "Of one route; patterns of a plan count for each route that has it.", []limit{
			{"conditions", "{routes.maxConditions}", "", "refused at load", "routes.TestConditionCosts"},
			{
				"what patterns take for each byte of a text",
				"{routes.maxOnCalls} steps of a call's, {routes.maxOnEvents} of an event's", "", "refused at load",
				"routes.TestConditionCosts",
			},
			{
				"what `only` and `except` take for each byte of an event",
				"{server.maxFilterSteps} steps of a calendar, {server.maxTenantFilterSteps} of all of a tenant", "",
				"refused at load", "server.TestFilterSteps",
			},
			{
				"what they take in all, of all calendars of a tenant", "{server.maxCompared} steps", "",
				"the calendar is unknown, with the reason", "server.TestCompared",
			},
			{
				"counting the events that no condition matches, of all calendars of a tenant",
				"{server.maxCounting} steps", "", "the metric of the calendar is missing",
				"server.TestUnmatchedBound",
			},
			{
				"a pattern; a regular expression",
				"{regex.MaxLength} bytes; {regex.MaxSize} steps of its program, {regex.MaxGroups} groups", "",
				"refused at load", "regex.TestCompile",
			},
			{
				"what patterns in one place take for each byte", "{patterns.maxPatterns} steps", "", "refused at load",
				"patterns.TestParsePatternsBound",
			},
			{
				"a field of an event", "{patterns.maxCompared} bytes", "", "its beginning is compared",
				"patterns.FuzzPattern",
			},
			{
				"a number of a condition, as it is written", "{config.maxNumberText} characters", "", "refused at load",
				"config.TestTenantTotals",
			},
			{
				"words of a title that `names` looks at; bytes of a name that is no number",
				"{routes.maxTitle}; {routes.longest}", "", "the rest is ignored", "routes.TestNames",
			},
			{
				"a field of a call", "{routes.maxCallField} bytes", "", "its beginning is compared",
				"routes.TestLongFields",
			},
		}},
		{"Configuration and state", "", []limit{
			{"a file of the configuration", "{config.maxFile:bytes}", "", "refused", "config.TestFromDisk"},
			{
				"included files in one tenant's directory; all included files",
				"{config.maxOwnSources} with {config.maxOwnSourceBytes:bytes}; {config.maxSourceBytes:bytes}", "",
				"those of that tenant, or of the largest, are not read, which is one mistake; what was accepted answers",
				"config.TestOwnSources",
			},
			{
				"days that `also`, `half_days` and `open_on` of `holidays` name, each", "{config.maxOwnDays}", "",
				"refused", "config.TestOwnDays",
			},
			{"a credential", "{config.maxCredential:bytes}", "", "a mistake", "config.TestCredentials"},
			{"an `edit_url`", "{config.maxEditURL} characters", "", "refused", "config.TestEditURL"},
			{"an address of `public_url`", "{config.maxPublicURL} characters", "", "refused", "config.TestPublicURL"},
			{"a `language`", "{config.maxLanguage} characters", "", "refused", "config.TestLanguageLength"},
			{"a `display_name`", "{config.maxDisplayName} characters", "", "refused", "config.TestDisplayName"},
			{
				"the name of a tenant, calendar, list, plan, role, route or branch", "{config.maxName} characters", "",
				"refused", "config.TestLongName",
			},
			{
				"nesting in a file", "{config.maxDepth} levels; {config.maxCopies} nodes by aliases, of which each {config.maxCopiedBytes} bytes of a text count as one", "", "refused",
				"config.TestFileWithMistakes",
			},
			{
				"accounts of a tenant; that the main file gives one",
				"{config.maxAccounts}, or as many as it is given; {config.maxGranted}",
				"", "refused in the same way", "config.TestTenantAccounts",
			},
			{
				"what a tenant's file defines",
				"{config.maxCalendars} calendars, {config.maxRoutes} routes, {config.maxBranches} branches in them with {config.maxConditionParts} parts in their conditions (256 bytes of a text or callflow are one more), {config.maxMatchNumbers} numbers in their matches (each for each account), {config.maxRoles} roles of a plan, {config.maxLists} lists, {config.maxNumbers} numbers in them, {config.maxMergedKeys} keys of data merged for its routes and branches, {config.maxRegexSteps} steps in the programs of its regular expressions as often as they are written", "", "refused; the tenant's accepted copy answers", "config.TestTenantTotals",
			},
			{
				"files of lists and secrets that a tenant names",
				"{config.maxFiles}, {config.maxFileBytes:bytes}; {config.maxPaths} paths under `secrets`, whose globs look at {config.maxGlobNames} names (those of a directory for each glob, a name of a directory that is listed {config.globListed} more, a file that is looked up as {config.globStat}; long names and patterns as below), {config.maxSecrets} keys and values of secrets", "", "refused likewise, and no more is read", "config.TestTenantFiles",
			},
			{
				"reported mistakes of a file, and of one tenant's directory; those with a suggestion for a name",
				"{diag.MaxMistakes}; {config.maxSuggested}, of templates {server.maxSuggested}", "",
				"the rest is counted", "config.TestManyMistakes",
			},
			{
				"keys and values of a file: the main one, an included one, all included ones",
				"{config.maxMain}, {config.maxValues}, {config.maxAllValues}", "", "refused", "config.TestValues",
			},
			{"directives of YAML in a file", "{config.maxDirectives}", "", "refused", "config.TestDirectives"},
			{
				"moments, and events, of a file of tests", "{config.maxTestMoments}, {config.maxTestEvents}", "",
				"refused", "config.TestBoundsOfTests",
			},
			{
				"moments at which the tests of a file are explained, those in ranges counted",
				"{preview.MaxTestMoments}", "", "the test that exceeds it fails", "preview.TestMomentsOfFile",
			},
			{
				"steps that the tests of a file take, and those of all files of a run",
				"{preview.MaxTestSteps}, {preview.MaxTestStepsAll}", "", "the test that exceeds it fails",
				"preview.TestMomentsOfFile",
			},
			{
				"occurrences that `callhours events` lists", "{callhours.maxOccurrences}", "",
				"the later ones are left out, as its last lines and `truncated` in JSON report", "callhours.TestEventsBound",
			},
			{
				"labels of a tenant; names of labels in metrics",
				"{config.maxLabels} with {config.maxLabelText} characters; {config.maxLabelNames}", "",
				"refused; the others are left out", "config.TestLabels",
			},
			{
				"a name for which a similar one is suggested", "{diag.longestCompared} characters", "",
				"nothing is suggested", "diag.TestSuggestLong",
			},
			{
				"a line in which a missing quote is searched; the text that is shown",
				"{config.longestLine} bytes; {config.longestShown}", "",
				"YAML's own message is shown; it is shown without the text", "config.TestLongQuotes",
			},
			{
				"reads that wait for a file system", "{files.maxHung}", "", "further ones fail at once",
				"files.TestHungDirectory",
			},
			{
				"requests at a host at a time, of feeds and of redirects to hosts of feeds",
				"{feeds.hostAttempts}, without those slower than {feeds.slowAttempt}", "per_minute",
				"they wait for their owner's turn, and have their whole time afterwards",
				"feeds.TestRedirectsTakePlaces",
			},
			{
				"of them below all tenants' directories; below one tenant's; of all below which one tenant has more than one",
				"{files.maxHungOfHomes}; {files.maxHungOfHome}; {files.maxHungTwice}", "",
				"all below it fails at once, until one is answered; the rest is left to other files",
				"files.TestHungHome",
			},
			{
				"looks for which all wait while files keep changing", "{server.maxUnsettled}", "",
				"what others have changed is loaded without them; they are read as they are, at pauses",
				"server.TestRestlessOwner",
			},
			{
				"owners of such files that the log names", "{server.maxRestless}", "", "left out",
				"server.TestRestless",
			},
			{
				"reading below one tenant's directory, in a reload or a look", "{files.homeBudget}", "",
				"its accepted files are used, and it is checked again after a minute",
				"files.TestBudget",
			},
			{
				"names that the globs of a tenant's calendars look at, those of a directory for each glob, a file that is found as {feeds.foundNames}; a name that begins and ends as the pattern does once more for each {files.matchedBytes} of its bytes times the pattern's",
				"{feeds.maxNames}", "", "the calendar is refused; its former events stay",
				"feeds.TestManyGlobs",
			},
			{
				"names that they examine when files are checked again",
				"{feeds.polledNames} a second, of each owner; a directory that has changed counts {feeds.listedNames}-fold",
				"", "they are checked later", "feeds.TestPolledGlobs",
			},
			{
				"cached names of directories of each owner", "{feeds.keptNames}", "",
				"the directories are listed again",
				"feeds.TestPolledGlobs",
			},
			{
				"a pattern of file names; between two slashes", "{files.maxPattern:bytes}; {files.maxElement} bytes",
				"", "refused",
				"files.TestCheckPattern",
			},
			{"names in a directory, or that a pattern finds", "{files.maxNames}", "", "refused", "files.TestList"},
			{
				"wait for a file that does not answer", "{files.Timeout}", "", "as if it could not be read",
				"files.TestHung",
			},
			{"a file of certificates", "{listen.maxPEM:bytes}", "", "refused", "listen.TestCertificateMistake"},
		}},
		{"People", "Those who may act, in the database.", []limit{
			{"a person's name", "{people.maxName} characters", "", "refused", "people.TestParse"},
			{
				"phones of a person; routes that are named", "{people.maxPhones}; {people.maxRoutes}", "", "refused",
				"people.TestLimitsOfAPerson",
			},
			{"a PIN", "{people.minPIN} to {people.maxPIN} digits", "", "refused", "people.TestCheckPIN"},
			{
				"a file of `callhours people add --csv`; people in it", "{callhours.maxCSV:bytes}; {callhours.maxCSVPeople}", "",
				"nobody is added", "callhours.TestPeopleCSV",
			},
			{
				"a transaction in the database", "{database.DefaultTimeout}", "",
				"an error for whoever acts; a change may have been made", "database.TestSQLite",
			},
		}},
	}
}
