package config

// key is a row of docs/config.md: what may stand in a place, and what it means.
type key struct {
	section section
	name    string
	format  string
	def     string // what holds when it is not given; "required" when that is a mistake
	meaning string
}

// keyTable has every key that the loader knows. A key that is not here is a mistake in the YAML,
// and reading one that is not here panics; so the loader and the documentation agree.
var keyTable = []key{
	{
		inMain, "listen", "address or list of them", "`:8080`",
		"the Pivot listener: Pivot requests, `/-/healthy`, and hours for holders of a token; nothing else. With " +
			"several " +
			"addresses, those after the first are for routes with an `upstream`",
	},
	{inMain, "admin_listen", "address", "`127.0.0.1:9480`", "the admin listener: console, metrics, health, reload"},
	{
		inMain, "metrics_listen", "address", "none",
		"a listener for `/metrics`, `/-/healthy` and `/-/ready` alone, without a login; they are on `admin_listen` too",
	},
	{
		inMain, "admin_web_config", "path", "none",
		"Prometheus' web configuration for `admin_listen`: TLS and `basic_auth_users`; without it, plain HTTP " +
			"without authentication",
	},
	{
		inMain, "public_url", "public_url", "none",
		"the addresses by which others reach the listeners; links are made of them, never of a Host header",
	},
	{inMain, "path", "URL path", "`/pivot`", "path of routes that have a `match` and no `path`"},
	{inMain, "auth", "auth", "none", "who may make calls; without it, anyone who can reach `listen` (with a warning)"},
	{inMain, "tls", "tls", "none", "certificate of `listen`; without it, plain HTTP"},
	{inMain, "log", "log", "see there", "format and content of log lines"},
	{inMain, "metrics", "metrics", "see there", "how many series `/metrics` has"},
	{inMain, "decisions", "decisions", "see there", "decisions that `/api/v1/decisions` remembers"},
	{inMain, "hours", "hours", "none", "access to the hours of all routes, on the Pivot listener"},
	{
		inMain, "state_dir", "path", "none",
		"directory of last good copies of feeds and the last accepted configuration; without it nothing survives a " +
			"restart",
	},
	{
		inMain, "database", "database", "SQLite in `state_dir`",
		"where people who are added by a command are kept; replicas share a PostgreSQL database",
	},
	{inMain, "templates", "path", "none", "directory of `*.json.tmpl`; the built-in library is always available"},
	{inMain, "timezone", "zone", "none", "time zone of routes and tenants that set none; there is no default"},
	{inMain, "language", "text", "none", "language of routes and tenants that set none, such as `en-us`"},
	{
		inMain, "phone_region", "country", "none",
		"country of numbers in national format, such as `US`, for routes and tenants that set none",
	},
	{
		inMain, "kazoo_version", "`4.3`, `master`, `5`", "any",
		"version of Kazoo; without it, answers contain only what all of these versions accept",
	},
	{inMain, "extra_modules", "texts", "none", "callflow modules of your own cluster, accepted in addition to Kazoo's"},
	{inMain, "answer_within", "duration", "`1s`", "deadline of one answer, 10ms to 4s (Kazoo waits 5 s at most)"},
	{
		inMain, "start_timeout", "duration", "`10s`",
		"how long start and reload wait for new calendars, at most 10m; for tenants' calendars, until no further " +
			"tenant's has arrived for 1s",
	},
	{
		inMain, "watch", "duration or `never`", "`5s`",
		"how often the files of the configuration are checked, 1s to 1h; a change that is the same at the next " +
			"check is reloaded",
	},
	{inMain, "drain", "duration", "`5s`", "how long the listener stays open after SIGTERM, at most 10m"},
	{
		inMain, "horizon", "duration", "`400d`",
		"how far ahead calendars are expanded, 1d to 3660d; beyond it the answer is unknown",
	},
	{
		inMain, "hosts", "hosts by name", "none",
		"settings for servers of feeds, such as `calendar.google.com`",
	},
	{
		inMain, "deny_private_addresses", "true or false", "for tenants' feeds and upstreams",
		"refuse feeds and upstreams at private addresses: with `true` all, with `false` none; a redirect from a " +
			"public server to a private address is always refused",
	},
	{inMain, "limits", "limits", "see there", "limits of calendars that set none"},
	{inMain, "include", "paths", "none", "files or globs of tenants"},
	{
		inMain, "include_shared", "paths", "none",
		"files or globs with more of the operator's calendars, plans and routes, which all tenants may use",
	},
	{
		inMain, "tenants", "by tenant's name", "none",
		"accounts, secrets and permissions that are given to single tenants",
	},
	{inMain, "secrets", "paths", "none", "files or globs of secrets"},
	{inMain, "data", "data", "none", "data for all templates, as `.Data`"},
	{inMain, "lists", "lists by name", "none", "telephone numbers for conditions"},
	{inMain, "calendars", "calendars by name", "none", "where events come from"},
	{inMain, "plans", "plans by name", "`office` is built in", "branches that many routes share"},
	{inMain, "routes", "list of routes", "none", "the routes, which answer calls"},

	{
		inInclude, "tenant", "tenant", "required in files that a glob of `include` finds",
		"the tenant that owns this file; without it, all tenants may use what it defines",
	},
	{inInclude, "secrets", "paths", "none", "files or globs of secrets, for this tenant only"},
	{inInclude, "data", "data", "none", "data for the tenant's templates; overrides the main file's; needs a `tenant`"},
	{inInclude, "lists", "lists by name", "none", "as in the main file"},
	{inInclude, "calendars", "calendars by name", "none", "as in the main file"},
	{inInclude, "plans", "plans by name", "none", "as in the main file"},
	{inInclude, "routes", "list of routes", "none", "as in the main file"},

	{
		inAuth, "basic", "basic", "none",
		"a user name and password that the caller must send; Kazoo sends them with `method: post` only",
	},
	{
		inAuth, "token", "secret", "none",
		"a token that the caller must send: `/TOKEN/path`, `?token=` or `X-Callhours-Token`; 128 bits or more: " +
			"`openssl rand -hex 16`",
	},
	{inAuth, "networks", "addresses", "anywhere", "addresses and ranges that callers must come from"},
	{inAuth, "trusted_proxies", "addresses", "none", "proxies whose `X-Forwarded-For` is trusted"},

	{inBasic, "username", "text", "required", "user name"},
	{inBasic, "password", "secret", "required", "password"},

	{
		inPublicURL, "console", "URL", "none",
		"address of `admin_listen`: links by which programs subscribe to hours, and lines for `curl`; its host name " +
			"is accepted",
	},
	{
		inPublicURL, "pivot", "URL", "none",
		"address of `listen`, in the address of [published hours](operations.md#publish-hours-as-a-calendar)",
	},

	{
		inDatabase, "url", "text", "required",
		"of a PostgreSQL database, without a password, such as " +
			"`postgres://callhours@db.example.com/callhours?sslmode=verify-full`",
	},
	{inDatabase, "password", "secret", "none", "of the user in `url`"},

	{inTLS, "cert_file", "path", "required", "certificate chain, PEM"},
	{inTLS, "key_file", "path", "required", "private key, PEM"},

	{inLog, "format", "`text`, `json`", "`text`", "format of log lines"},
	{inLog, "callers", "`none`, `last4`, `full`", "`none`", "how much of callers' numbers is logged"},
	{
		inLog, "calls", "`all`, `faults`", "`all`",
		"which calls are logged: with `faults` only those that are refused, find no route, need a calendar that is " +
			"unknown, or meet a branch that fails",
	},

	{
		inMetrics, "routes", "amount", "all",
		"how many routes have series of their own: one of each tenant in turn, the operator first, those with " +
			"existing series before others; the rest are counted together as `_other`",
	},

	{
		inDecisions, "keep", "amount", "`20`",
		"how many of each route, and of each tenant's calls without a route, 1000 at most; 100,000 in all, shared " +
			"fairly among owners",
	},
	{
		inDecisions, "callers", "`last4`, `none`, `full`", "`last4`",
		"how much of callers' numbers is remembered; `none` also omits dialed numbers",
	},

	{
		inHours, "token", "secret", "required",
		"grants access to `/-/hours/ROUTE.ics?token=…` on `listen`; 128 bits or more: `openssl rand -hex 16`",
	},

	{
		inGrant, "account", "texts", "those that no other tenant has",
		"accounts that belong to this tenant only; used as its accounts if its file names none",
	},
	{
		inGrant, "deny_private_addresses", "true or false", "the main file's",
		"refuse feeds and upstreams of this tenant at private addresses",
	},
	{inGrant, "secrets", "names", "none", "secrets of the main file that the tenant's file may use"},

	{inSecret, "secret", "name", "`secret` or `credential`", "a name from the secrets files"},
	{
		inSecret, "credential", "name", "`secret` or `credential`",
		"a name from `LoadCredential` of the systemd unit; not for tenants",
	},

	{inList, "file", "path", "none", "numbers, one a line; `#` starts a comment"},
	{inList, "numbers", "numbers", "none", "numbers in place; a list has either `file` or `numbers`"},

	{inTenant, "name", "name", "required", "the company's name in paths, metrics and commands"},
	{
		inTenant, "display_name", "text", "made of the name",
		"the company's name as people read it, 256 characters at most",
	},
	{inTenant, "account", "texts", "none", "Kazoo account IDs; part of every match of the tenant's routes"},
	{inTenant, "timezone", "zone", "the main file's", "time zone of routes that set none"},
	{inTenant, "language", "text", "the main file's", "language of routes that set none"},
	{inTenant, "phone_region", "country", "the main file's", "country of numbers in national format"},
	{inTenant, "labels", "texts by name", "none", "labels of the tenant's routes in `callhours_route_info`"},
	{
		inTenant, "hours", "hours", "none",
		"access to the hours of the tenant's routes, in addition to the main file's",
	},

	{inCalendar, "url", "secret", "one of these three", "http, https, webcal or webcals address of a feed"},
	{
		inCalendar, "file", "path", "one of these three",
		"an `.ics` file, or a glob of several files that form one calendar",
	},
	{
		inCalendar, "holidays", "holidays", "one of these three",
		"public holidays of a country or region, worked out without a feed",
	},
	{inCalendar, "display_name", "text", "made of the name", "its name as people read it, 256 characters at most"},
	{
		inCalendar, "edit_url", "https URL", "none",
		"where people edit it, 2048 characters at most; the console links to it",
	},
	{inCalendar, "refresh", "duration", "the feed's hint, or 15m", "how often the feed is fetched, at least 1m"},
	{inCalendar, "basic", "basic", "none", "user name and password of the feed"},
	{inCalendar, "headers", "secrets by name", "none", "HTTP headers sent with each fetch"},
	{inCalendar, "user_agent", "text", "the program's own", "User-Agent sent with each fetch"},
	{inCalendar, "ca_file", "path", "the system's", "certificate authorities of the feed's server, PEM"},
	{inCalendar, "timezone", "zone", "the route's", "time zone of all-day and floating events"},
	{
		inCalendar, "expire_after", "duration", "never",
		"age at which the last good copy becomes unknown, at most a minute later",
	},
	{
		inCalendar, "shrink_guard", "per cent", "only an empty copy",
		"a copy that lost more than this part of its events is used only after it was received twice",
	},
	{
		inCalendar, "expect", "`covered`, `may_be_empty`, expect", "nothing",
		"what `check` and alerts expect: an event on at any time (`covered`), or possibly none at all (`may_be_empty`)",
	},
	{inCalendar, "only", "filter or list of them", "all", "the calendar's events are those that match any of these"},
	{inCalendar, "except", "filter or list of them", "none", "events to ignore"},
	{
		inCalendar, "if_unknown", "`unknown`, `absent`", "`unknown`",
		"with `absent`, its conditions are false while it is unknown",
	},

	{inCalendar, "limits", "limits", "the main file's", "limits of this calendar"},

	{
		inHolidays, "country", "country or region", "required",
		"its ISO 3166 code, such as `FR`, `DE-BY` or `US-CA`; `callhours holidays` lists them",
	},
	{
		inHolidays, "observed", "true, false or `both`", "`true`",
		"for a holiday on a weekend the day that the country keeps instead, the holiday itself (`false`), or both",
	},
	{inHolidays, "language", "`en`, `de`, `es`, `fr`", "the tenant's, or `en`", "language of the days' names"},
	{inHolidays, "open_on", "texts", "none", "days that are no holidays here, by a name in any language or by date"},
	{inHolidays, "also", "texts by date", "none", "names of further days, by `2027-03-08`, or `03-08` for each year"},
	{
		inHolidays, "half_days", "hours by date", "none",
		"hours from which other days are holidays, such as `{12-24: \"12:00\"}`",
	},

	{
		inHost, "per_minute", "amount", "no limit",
		"most requests a minute to the server, redirects to it included; a host is a name with its port",
	},

	{
		inLimits, "bytes", "amount", "`16MiB`",
		"size of a body; a larger one is refused and the previous copy stays in use",
	},
	{inLimits, "lines", "amount", "`1000000`", "lines of a body, before unfolding; a body with more is refused"},
	{inLimits, "events", "amount", "`100000`", "events of a body; a body with more is refused"},
	{
		inLimits, "line_bytes", "amount", "`64KiB`",
		"length of an unfolded line; a longer text is cut, and with any other property the event is left out",
	},
	{
		inLimits, "params", "amount", "`16`",
		"parameter values of a property; beyond it the event is left out, as with the next four",
	},
	{inLimits, "nesting", "amount", "`8`", "components within components"},
	{inLimits, "overrides", "amount", "`10000`", "changed occurrences of a series"},
	{inLimits, "dates", "amount", "`10000`", "EXDATEs and RDATEs of an event; changes of the clocks in a VTIMEZONE"},
	{inLimits, "observances", "amount", "`1000`", "parts of a VTIMEZONE"},
	{inLimits, "steps", "amount", "`1000000`", "steps of one rule"},
	{inLimits, "event_instances", "amount", "`20000`", "occurrences of a series in the window"},
	{inLimits, "calendar_steps", "amount", "`20000000`", "steps of all rules; later series are left out"},
	{
		inLimits, "instances", "amount", "`1000000`",
		"occurrences of all events in the window; the series that do not fit are left out",
	},

	{inExpect, "ahead", "duration", "required", "there must be events at least this far ahead"},

	{inFilter, "summary", "patterns", "any", "title"},
	{inFilter, "description", "patterns", "any", "description"},
	{inFilter, "location", "patterns", "any", "location"},
	{inFilter, "category", "patterns", "any", "categories: any of them matches"},
	{inFilter, "transparency", "`opaque`, `transparent`", "either", "shown as busy, or as free"},
	{inFilter, "all_day", "true or false", "either", "all-day events, or timed ones"},
	{inFilter, "recurring", "true or false", "either", "part of a series, or single"},

	{inPlan, "calendars", "names", "none", "roles that conditions name and that a route fills with calendars"},
	{inPlan, "branches", "list of branches", "required", "as in a route; a condition's `calendar` names a role"},
	{inPlan, "data", "data", "none", "data for templates; a route's overrides it"},
	{inPlan, "day_starts", "hour", "`00:00`", "default for routes that set none"},
	{inPlan, "unknown", "name", "the last branch", "default for routes that set none"},
	{inPlan, "fallback", "name", "the last branch", "default for routes that set none"},

	{inRoute, "name", "name", "required", "name in paths, metrics and commands; a tenant's is `tenant/name` there"},
	{inRoute, "display_name", "text", "made of the name", "its name as people read it, 256 characters at most"},
	{inRoute, "path", "URL path", "`/` and the name; with a `match` the main file's `path`", "path of the Pivot URL"},
	{inRoute, "match", "match", "every call on the path", "calls on the path that the route answers"},
	{inRoute, "auth", "auth", "the main file's", "who may make calls"},
	{
		inRoute, "hours", "hours", "none",
		"access to the route's hours, in addition to the tenant's and the main file's",
	},
	{
		inRoute, "timezone", "zone", "the tenant's, or the main file's",
		"the route's time zone; a route without any is a mistake",
	},
	{
		inRoute, "day_starts", "hour", "the plan's, or `00:00`",
		"all-day events and `whole_day` run from this hour to the next day's",
	},
	{
		inRoute, "language", "text", "the tenant's, else the main file's",
		"language of built-in plans and messages, and of `spoken` and `phone` for calls without a language",
	},
	{inRoute, "phone_region", "country", "the tenant's, or the main file's", "country of numbers in national format"},
	{inRoute, "data", "data", "none", "data for templates"},
	{
		inRoute, "branches", "list of branches", "`branches` or `plan`",
		"outcomes; the first whose condition is true is taken",
	},
	{inRoute, "plan", "name", "`branches` or `plan`", "plan that provides the branches"},
	{inRoute, "calendars", "names by role", "none", "calendars for the plan's roles, one or a list for each"},
	{inRoute, "answers", "answers by branch", "none", "other answers for branches of the plan"},
	{
		inRoute, "unknown", "name", "the plan's, or the last branch",
		"branch if a calendar that is needed to decide is unknown",
	},
	{inRoute, "fallback", "name", "the plan's, or the last branch", "branch if the chosen one does not render"},

	{inMatch, "account", "texts", "the tenant's", "Kazoo account IDs"},
	{inMatch, "dialed", "numbers", "any", "dialed numbers, or prefixes such as `+1415*`"},

	{inBranch, "name", "name", "required", "name in metrics, logs and `next`"},
	{inBranch, "display_name", "text", "made of the name", "its name as people read it, 256 characters at most"},
	{
		inBranch, "state", "`open`, `closed`, `other`", "the name, if it is open or closed",
		"meaning for alerts, colors and `next`",
	},
	{
		inBranch, "when", "condition", "always",
		"condition of the branch; the last branch has none, all others have one",
	},
	{inBranch, "template", "text", "one of four", "template that answers"},
	{inBranch, "callflow", "text", "one of four", "a template written in place"},
	{inBranch, "pass", "true", "one of four", "answer 404, so that Kazoo runs the `_` child of its pivot action"},
	{inBranch, "upstream", "upstream", "one of four", "another Pivot server that answers"},
	{inBranch, "data", "data", "none", "data for the template"},

	{inAnswer, "template", "text", "the plan's", "template that answers"},
	{inAnswer, "callflow", "text", "the plan's", "a template written in place"},
	{inAnswer, "pass", "true", "the plan's", "answer 404"},
	{inAnswer, "upstream", "upstream", "the plan's", "another Pivot server that answers"},
	{inAnswer, "data", "data", "none", "data that overrides that of the plan's branch"},

	{
		inUpstream, "url", "secret", "required",
		"http or https address of the Pivot server; `{{.Data.KEY}}` and `{{.Call.FIELD}}` may stand in path segments " +
			"and " +
			"in values of the query",
	},
	{
		inUpstream, "timeout", "duration", "`2s`",
		"how long the whole exchange may take, at least 50ms; with `answer_within` at most 4s (Kazoo waits 5 s at " +
			"most)",
	},
	{inUpstream, "basic", "basic", "none", "user name and password that are sent"},
	{inUpstream, "bearer", "secret", "none", "a token that is sent as `Authorization: Bearer`"},
	{
		inUpstream, "headers", "secrets by name", "none",
		"HTTP headers that are sent, in place of Kazoo's of the same name",
	},
	{inUpstream, "ca_file", "path", "the system's", "certificate authorities of the server, PEM"},
	{
		inUpstream, "verify", "`strict`, `warn`", "`strict`",
		"how callflows are checked: as those of templates are, or, with `warn`, only for what Kazoo refuses",
	},

	{inCondition, "all", "list of conditions", "", "all of them are true"},
	{inCondition, "any", "list of conditions", "", "one of them is true"},
	{inCondition, "not", "condition", "", "it is false"},
	{inCondition, "calendar", "names", "", "an event is on in one of these calendars"},
	{inCondition, "summary", "patterns", "any", "with `calendar`: the event's title"},
	{inCondition, "description", "patterns", "any", "with `calendar`: the event's description"},
	{inCondition, "location", "patterns", "any", "with `calendar`: the event's location"},
	{inCondition, "category", "patterns", "any", "with `calendar`: the event's categories"},
	{inCondition, "transparency", "`opaque`, `transparent`", "either", "with `calendar`: shown as busy, or as free"},
	{inCondition, "all_day", "true or false", "either", "with `calendar`: all-day events, or timed ones"},
	{inCondition, "recurring", "true or false", "either", "with `calendar`: part of a series, or single"},
	{
		inCondition, "whole_day", "true or false", "`false`",
		"with `calendar`: for the whole local day that such an event touches",
	},
	{inCondition, "names", "text", "", "with `calendar`: the event's title contains a key of this mapping in `data`"},
	{inCondition, "caller", "numbers", "", "the caller's number; also `withheld` and `{list: NAME}`"},
	{inCondition, "dialed", "numbers", "", "the dialed number; also `{list: NAME}`"},
	{inCondition, "caller_name", "patterns", "", "the caller's name"},
	{inCondition, "account", "texts", "", "the Kazoo account ID"},
	{inCondition, "digits", "patterns", "", "digits that the caller has entered"},
	{inCondition, "var", "patterns by name", "", "custom application variables"},
	{inCondition, "header", "patterns by name", "", "custom SIP headers"},

	{inListRef, "list", "name", "required", "name of a list of numbers"},
}
