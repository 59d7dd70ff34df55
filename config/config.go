// Package config reads the YAML that describes an installation into a File: every value with its
// place, defaults filled in, names resolved, tenants and plans merged. All mistakes are reported at
// once, each as `file:line:col: what is wrong; what to do`.
//
// It checks shape and its own names (calendars, plans, lists, secrets, branches) and imports no
// sibling package. Values that others validate (templates, text patterns, telephone numbers) are
// handed on as Text, so that their owner can report a mistake at the same place.
//
// Load reads every file once and keeps its bytes in File.Inputs, those of the templates too. A File
// does not change after Load and may be read by many goroutines. docs/config.md describes every
// key.
package config

import (
	"net/netip"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// File is a whole configuration: the main file and everything it includes.
type File struct {
	Path string // the main file, as given to Load
	Dir  string // its directory; "" for a bare file name

	Listen      []Text // host:port of the Pivot listener, the first one foremost; default ":8080"
	AdminListen Text   // host:port of the admin listener; default "127.0.0.1:9480"
	// MetricsListen is host:port of a listener for metrics and health alone; "": there is none.
	MetricsListen Text
	PivotPath     Text // path of routes that have a match and no path; default "/pivot"
	Auth          *Auth
	TLS           *TLS // of Listen; nil: plain HTTP
	// AdminWebConfig is the file with TLS and logins of AdminListen, resolved; "" for plain HTTP
	// without authentication.
	AdminWebConfig Text
	PublicURL      PublicURL
	Log            Log
	Metrics        Metrics
	Decisions      Decisions

	StateDir            string    // resolved; "": nothing is kept on disk
	Database            *Database // of people and overrides; nil: SQLite in StateDir
	Templates           string    // directory of the user's templates, resolved; "": the built-in library alone
	TemplatesUnreadable bool      // the directory cannot be read, which is one of the Mistakes
	Timezone            Text      // of routes and tenants that name none; may be absent when all of them do
	KazooVersion        string    // "4.3", "master" or "5"; "": not known, so that only what all of them take is answered
	ExtraModules        []string

	AnswerWithin time.Duration // deadline of one answer; default 1s
	StartTimeout time.Duration // how long start and reload wait for calendars; default 10s
	Watch        time.Duration // how often the files of the configuration are checked for changes; default 5s, 0: never
	Drain        time.Duration // between SIGTERM and closing the listener; default 5s
	Horizon      time.Duration // how far ahead calendars are expanded; default 400 days
	Limits       Limits        // of calendars that set none

	FetchesPerMinute map[string]int // most fetches from a server of feeds, by its name in lower case
	DenyPrivate      *bool          // feeds are not fetched from private addresses; nil: tenants' are not

	// All of the following are in the order of the files: the main one, then includes by name.
	Lists     []*List
	Tenants   []*Tenant
	Calendars []*Calendar
	Plans     []*Plan // the built-in ones too, unless one of the same name hides them
	Routes    []*Route

	Inputs   *Inputs       // every file that was read, or should have been
	Warnings []Warning     // sorted by place
	Mistakes diag.Mistakes // what Load found wrong, as often as it did: once for each tenant that it concerns
}

// Warning is a problem that does not keep the configuration from working. Its Kind is one word of
// preview.Kinds, such as "no_auth".
type Warning struct {
	diag.Mistake
	Kind string
}

// Text is a scalar with its place, exactly as written: +14155550100 and 0123 keep their text. The
// zero Text was not given; a default has its text and no place.
type Text = diag.Text

// Auth is the authentication of Pivot requests: they come from Networks (if any) and present Basic
// or Token (if either is set).
type Auth struct {
	diag.Pos
	Basic          *Basic // nil: none
	Token          Secret // zero: none
	Networks       []netip.Prefix
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is trusted
}

// Basic is a user name and password as of RFC 7617.
type Basic struct {
	Username string
	Password Secret
}

// TLS is the certificate of the listener; both files are PEM, resolved.
type TLS struct {
	CertFile, KeyFile string
}

// Log sets the format of log lines, which calls have one, and how much of a caller's number they
// show.
type Log struct {
	Format  string // "text" (default) or "json"
	Callers string // "none" (default), "last4" or "full"
	Calls   string // which calls have a line: "all" (default) or "faults"
}

// Metrics sets how many series are exported.
type Metrics struct {
	Routes int // that have series of their own, in the order of the files; 0: all
}

// Decisions sets what is remembered of calls.
type Decisions struct {
	Keep    int    // how many calls of each route; default 20
	Callers string // "last4" (default), "none" or "full"
}

// List is a named set of telephone numbers and prefixes.
type List struct {
	diag.Pos
	Name    string // full: "acme/spam" for a tenant's
	Tenant  string
	File    string // resolved; "" when the numbers stand in the YAML
	Numbers []Text // with their places, also in the list's own file
}

// Tenant is a company.
type Tenant struct {
	diag.Pos
	Name        string
	DisplayName string // for people; "": none is given, see routes.DisplayName
	Accounts    []Text // Kazoo account IDs; part of every match of its routes
	Granted     bool   // the main file gives the accounts
	Timezone    Text   // as written; zero when the tenant names none
	Language    string // resolved: the tenant's, else the global one; "" when neither is set
	PhoneRegion string // ISO 3166 country of nationally written numbers, resolved likewise; "": none
	Labels      map[string]string
	// the owner, whatever the name: the tenant's file, or the directory of one tenant, relative to
	// the main file
	Owner string
	Data  *Data // global and its own, merged; never nil
}

// Calendar is a named iCalendar source: URL or File is set, never both.
type Calendar struct {
	diag.Pos
	Name        string // full: "acme/hours" for a tenant's
	DisplayName string // as Tenant.DisplayName
	Tenant      string
	Owner       string // of that tenant; "": the operator

	Home string // directory that File and CAFile do not lead out of, by no link; "": anywhere

	EditURL   string        // where people edit it, https; ""
	URL       Secret        // http, https, webcal or webcals
	File      string        // resolved path or glob
	Holidays  *Holidays     // nil: URL or File
	Refresh   time.Duration // 0: as the feed hints
	Basic     *Basic
	Headers   map[string]Secret // by name as written
	UserAgent string            // "": the program's own
	CAFile    string            // PEM, resolved; "": the system's authorities
	// DenyPrivate is what the main file says of private addresses, with its default: a tenant's
	// calendar is not fetched from there.
	DenyPrivate bool

	Timezone    Text          // of all-day and floating events; zero: that of the route
	ExpireAfter time.Duration // an older copy is unknown; 0: never
	ShrinkGuard int           // hold a copy that lost more than this per cent of its events; 0: only an empty one
	Expect      Expect
	Only        []Filter // events that count at all: any of these, when there are some
	Except      []Filter // and none of these
	IfUnknown   string   // "unknown" (default) or "absent": conditions are false while it is unknown
	Limits      Limits   // its own, else the global ones
}

// Limits bound the cost of a calendar; 0 stands for the default.
type Limits struct {
	Bytes, Lines, Events int // over these it is refused
	// of an event, which is left out
	LineBytes, Params, Nesting, Overrides, Dates, Observances, Steps, EventInstances int
	CalendarSteps, Instances                                                         int // of all events together
}

// Expect is what a calendar should look like; at most one field is set. The
// zero Expect expects nothing.
type Expect struct {
	Covered    bool          // some event is on at any moment
	Ahead      time.Duration // there are events this far ahead
	MayBeEmpty bool          // no events at all are fine
}

// Filter narrows events. The lists are text patterns, nil when not given.
type Filter struct {
	Summary, Description, Location, Category []Text

	Transparency Text  // "opaque" or "transparent"; zero: either
	AllDay       *bool // nil: either
	Recurring    *bool // nil: either; false: not part of a series
}

// Route answers calls. Everything a plan, a tenant or the global settings give is resolved into it.
type Route struct {
	diag.Pos
	Name        string  // full: "acme/main" for a tenant's
	DisplayName string  // as Tenant.DisplayName
	Tenant      *Tenant // nil: none
	Plan        string  // full name of the plan whose branches these are; "": its own

	Path  Text // cleaned; a default stands at the route's name
	Match Match
	Auth  *Auth // nil: that of the File
	// tokens that grant access to the route's hours as a calendar: the File's, the tenant's, its
	// own; none: no access
	Hours       []Secret
	Timezone    Text // of the route, else the tenant, else the File
	DayStarts   time.Duration
	Language    string // "" when nobody sets one
	PhoneRegion string // likewise

	Branches []*Branch // at least one; the last has no condition
	Unknown  int       // index of the branch when a calendar needed to decide is unknown
	Fallback int       // index of the branch when the chosen one does not render
}

// Match restricts the calls of a route, besides its path. An empty list matches every call.
type Match struct {
	Accounts []Text // the route's, else its tenant's
	Dialed   []Text // numbers, or prefixes that end in *
}

// Branch is a named outcome. Exactly one of Template, Callflow, Pass and Upstream says what answers.
type Branch struct {
	diag.Pos
	Name        string
	DisplayName string     // as Tenant.DisplayName
	State       string     // "open", "closed" or "other"
	When        *Condition // nil: always

	Template Text // name of a template
	Callflow Text // a template written in place; stands where its first character does
	Pass     bool // HTTP 404, so that Kazoo continues with its own fallback
	Upstream *Upstream

	Data *Data // merged: global, tenant, plan, route, branch; never nil
}

// Upstream is another Pivot server that answers a branch.
type Upstream struct {
	diag.Pos
	URL     Secret        // http or https, with places for data and parts of the call; package upstream reads it
	Timeout time.Duration // of the whole exchange; default 2s
	Basic   *Basic        // nil: none
	Bearer  Secret        // zero: none
	Headers map[string]Secret
	CAFile  string // resolved; "": the system's authorities
	CA      []byte // what it holds, PEM
	Lenient bool   // callflows are refused only for what Kazoo refuses
	// DenyPrivate is what the main file says of private addresses to the author of the upstream, as
	// Calendar.DenyPrivate.
	DenyPrivate bool
}

// Withdrawn reports whether the upstream needs a secret that is withdrawn.
func (u *Upstream) Withdrawn() bool {
	for _, value := range u.Headers {
		if value.Withdrawn() {
			return true
		}
	}
	return u.URL.Withdrawn() || u.Bearer.Withdrawn() || u.Basic != nil && u.Basic.Password.Withdrawn()
}

// Condition holds when everything that is set in it holds.
type Condition struct {
	diag.Pos
	All []*Condition
	Any []*Condition
	Not *Condition

	Calendars []Text // full names; holds while an event that Events lets through is on in any of them
	*Criteria        // never nil; the routes of a plan share it, for it weighs four times as much as the rest
}

// Criteria are what a condition requires besides its calendars: of their events, and of the call.
type Criteria struct {
	Events   Filter
	WholeDay bool // hold for the whole local day that such an event touches
	Names    Text // the key of Data that maps names to look for in an event's title

	Caller, Dialed              Numbers
	CallerName, Account, Digits []Text
	Vars, Headers               []Field // in the order written
}

// Numbers are what a caller's or dialled number may be: any of these.
type Numbers struct {
	Numbers  []Text // exact, or prefixes that end in *
	Lists    []Text // full names of Lists
	Withheld bool
}

// Field is a named value of a call and the patterns it may fit.
type Field struct {
	Name   Text
	Values []Text
}

// Plan is a set of branches that many routes share. Its conditions name roles
// where a route's name calendars.
type Plan struct {
	diag.Pos
	Name     string // full: "acme/office" for a tenant's
	Tenant   string
	Roles    []Text    // the names that a route fills in with calendars
	Branches []*Branch // their Data is their own alone
	Data     *Data     // the plan's; never nil

	DayStarts         time.Duration
	Unknown, Fallback int // indexes in Branches
}
