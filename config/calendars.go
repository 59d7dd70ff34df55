package config

import (
	"cmp"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// forever is the upper bound of durations that need none.
const forever = time.Duration(math.MaxInt64)

// readCalendars reads the calendars that a source defines.
func (s *source) readCalendars() {
	if s.reused != nil {
		s.file.Calendars = append(s.file.Calendars, s.reused.calendars[s.tenant.Name]...)
		return
	}
	for _, e := range s.namedEntries(s.top.get("calendars"), "calendars", "a calendar") {
		if first, ok := s.calendars.own[e.key.S]; ok {
			s.mistake(e.key.Pos, "calendar %q is already defined at %s", e.key.S, first.Pos)
			continue
		}
		if s.exceeds(len(s.calendars.own)+1, maxCalendars, e.key.Pos, "calendars",
			"remove some, or split it into two tenants") {
			return
		}
		c := s.calendar(e)
		s.calendars.own[e.key.S] = c
		s.file.Calendars = append(s.file.Calendars, c)
	}
}

func (s *source) calendar(e entry) *Calendar {
	m := s.fields(e.value, inCalendar)
	if given := m.given("url", "file", "holidays"); m.allKnown && len(given) == 1 && given[0] != "url" {
		keys, why := []string{"refresh", "basic", "headers", "user_agent", "ca_file"}, "a file is read when it changes"
		if given[0] == "holidays" {
			keys, why = append(keys, "expire_after", "shrink_guard"), "holidays are worked out"
		}
		for _, key := range m.given(keys...) {
			s.mistake(m.get(key).Pos, "%s goes with url; %s", key, why)
			delete(m.nodes, key) // nothing more is said of it
		}
	}
	c := &Calendar{
		Pos:         e.key.Pos,
		Name:        s.prefix() + e.key.S,
		DisplayName: m.displayName(),
		Tenant:      s.tenantName(),
		Owner:       s.owner(),
		Home:        s.tenantHome(),
		EditURL:     m.editURL(),
		URL:         m.feedURL(),
		File:        s.resolveAllowed(m.nonBlank("file"), "file"),
		Holidays:    m.holidays(),
		Refresh:     m.duration("refresh", durationRange{min: time.Minute, max: forever}),
		Basic:       m.basic(),
		Headers:     m.headers(),
		UserAgent:   m.nonBlank("user_agent").S,
		CAFile:      s.resolveAllowed(m.nonBlank("ca_file"), "ca_file"),
		DenyPrivate: s.denyPrivate(),
		Timezone:    m.zone("timezone"),
		ExpireAfter: m.duration("expire_after", durationRange{min: time.Minute, max: forever}),
		ShrinkGuard: m.percent("shrink_guard"),
		Expect:      m.expect(),
		Only:        m.filters("only"),
		Except:      m.filters("except"),
		IfUnknown:   m.oneOf("if_unknown", "unknown", "absent"),
		Limits:      m.limits(s.file.Limits),
	}
	if !m.allKnown {
		return c
	}
	switch given := m.given("url", "file", "holidays"); {
	case len(given) == 0:
		s.mistake(e.key.Pos, "calendar %q has no source; set url, file or holidays", e.key.S)
	case len(given) > 1:
		s.mistake(m.get(given[1]).Pos, "calendar %q has %s; keep one", e.key.S, strings.Join(given, " and "))
	}
	return c
}

// Withdrawn reports whether the calendar needs a secret that is withdrawn.
func (c *Calendar) Withdrawn() bool {
	for _, value := range c.Headers {
		if value.Withdrawn() {
			return true
		}
	}
	return c.URL.Withdrawn() || c.Basic != nil && c.Basic.Password.Withdrawn()
}

// denyPrivate reports whether a source's feeds are not fetched from private addresses.
func (s *source) denyPrivate() bool {
	if g := s.grants[s.tenantName()]; s.tenant != nil && g != nil && g.denyPrivate != nil {
		return *g.denyPrivate
	}
	if deny := s.file.DenyPrivate; deny != nil {
		return *deny
	}
	return s.tenant != nil
}

// tenantHome is the directory outside of which files of a tenant's calendars must not lie; "" for
// the operator's calendars.
func (s *source) tenantHome() string {
	if s.tenant == nil {
		return ""
	}
	return s.home
}

// limits reads the limits of a calendar. Those that are not given are as in def, the main file's.
func (f fields) limits(def Limits) Limits {
	m := f.fields(f.get("limits"), inLimits)
	return Limits{
		Bytes:          m.limit("bytes", def.Bytes),
		Lines:          m.limit("lines", def.Lines),
		Events:         m.limit("events", def.Events),
		LineBytes:      m.limit("line_bytes", def.LineBytes),
		Params:         m.limit("params", def.Params),
		Nesting:        m.limit("nesting", def.Nesting),
		Overrides:      m.limit("overrides", def.Overrides),
		Dates:          m.limit("dates", def.Dates),
		Observances:    m.limit("observances", def.Observances),
		Steps:          m.limit("steps", def.Steps),
		EventInstances: m.limit("event_instances", def.EventInstances),
		CalendarSteps:  m.limit("calendar_steps", def.CalendarSteps),
		Instances:      m.limit("instances", def.Instances),
	}
}

// operatorFactor is by how much a limit in the operator's files may exceed its default.
const operatorFactor = 10

// limit reads one of a calendar's limits. A tenant may lower what the operator allows, and not
// raise it, since all tenants share the cost.
func (f fields) limit(key string, def int) int {
	standard, _ := parseAmount(strings.Trim(defaultOf(inLimits, key), "`"))
	if f.tenant != nil {
		return f.amount(key, def, cmp.Or(def, standard),
			" in a tenant's file, as the operator's limits are")
	}
	return f.amount(key, def, operatorFactor*standard, "")
}

// amount returns a whole number from 1 to limit, with KiB or MiB as unit; def when the key is not
// given. reason says in a message where limit comes from.
func (f fields) amount(key string, def, limit int, reason string) int {
	t := f.text(key)
	if t.Line == 0 {
		return def
	}
	n, ok := parseAmount(t.S)
	switch {
	case !ok:
		f.mistake(t.Pos, "expected %s to be a number such as 1000 or 16MiB, found %s", key, quote(t.S))
	case n > limit:
		f.mistake(t.Pos, "%s is at most %d%s; found %s", key, limit, reason, quote(t.S))
	default:
		return n
	}
	return def
}

var amountGrammar = regexp.MustCompile(`^([1-9][0-9_]{0,11})(KiB|MiB)?$`)

// parseAmount reads a whole number; KiB and MiB may follow it.
func parseAmount(s string) (int, bool) {
	m := amountGrammar.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], "_", "")) // twelve digits at most
	return n * map[string]int{"": 1, "KiB": 1 << 10, "MiB": 1 << 20}[m[2]], err == nil
}

// feedURL gives the address of a feed. It is a secret: messages show its scheme at most.
func (f fields) feedURL() Secret {
	secret := f.secret("url")
	if !secret.Given() || secret.Withdrawn() {
		return secret
	}
	u, err := url.Parse(secret.Reveal())
	switch {
	case err != nil || u.Scheme == "":
		f.mistake(secret.Pos, "expected url to be an http, https or webcal address; a file is named by file")
	case !slices.Contains([]string{"http", "https", "webcal", "webcals"}, strings.ToLower(u.Scheme)):
		f.mistake(secret.Pos, "expected url to be an http, https or webcal address, found the scheme %q", u.Scheme)
	case u.Hostname() == "":
		f.mistake(secret.Pos, "the url names no host")
	default:
		return secret
	}
	return Secret{}
}

var headerGrammar = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// headers gives HTTP headers by name, RFC 9110 section 5.1; nil when the key is not given.
func (f fields) headers() map[string]Secret {
	n := f.get("headers")
	if n == nil {
		return nil
	}
	headers := map[string]Secret{}
	for _, e := range f.entries(n, "headers") {
		if !headerGrammar.MatchString(e.key.S) {
			f.mistake(e.key.Pos, "expected the name of a header, found %s", quote(e.key.S))
			continue
		}
		headers[e.key.S] = f.secretValue(e.value, "header "+e.key.S)
		if secretHeader.MatchString(e.key.S) {
			f.plainSecret(e.value, "header "+e.key.S)
		}
	}
	return headers
}

// secretHeader matches names of headers that carry credentials.
var secretHeader = regexp.MustCompile(`(?i)authorization|cookie|token|key|secret|password`)

// percent gives a whole number from 1 to 99 that is written with a %; 0 when the key is not given.
func (f fields) percent(key string) int {
	t := f.text(key)
	if t.Line == 0 {
		return 0
	}
	digits, ok := strings.CutSuffix(t.S, "%")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > 99 {
		f.mistake(t.Pos, "expected %s from 1%% to 99%%, found %s", key, quote(t.S))
		return 0
	}
	return n
}

// expect reads `covered`, `may_be_empty` or {ahead: DURATION}.
func (f fields) expect() Expect {
	n := f.get("expect")
	switch {
	case n == nil:
		return Expect{}
	case n.kind == mapping:
		m := f.fields(n, inExpect)
		m.required("ahead")
		return Expect{Ahead: m.duration("ahead", durationRange{min: time.Minute, max: 3660 * day})}
	case n.kind == scalar && n.text == "covered":
		return Expect{Covered: true}
	case n.kind == scalar && n.text == "may_be_empty":
		return Expect{MayBeEmpty: true}
	}
	f.mistake(n.Pos, "expected expect to be covered, may_be_empty or {ahead: 60d}, found %s", n.describe())
	return Expect{}
}

// filters gives one filter or a list of them.
func (f fields) filters(key string) []Filter {
	n := f.get(key)
	if n == nil {
		return nil
	}
	nodes := []*node{n}
	if n.kind == list {
		nodes = f.items(n, key)
	}
	var filters []Filter
	for _, n := range nodes {
		m := f.fields(n, inFilter)
		if m.allKnown && len(n.entries) == 0 {
			f.mistake(n.Pos, "a filter in %s is empty", key)
		}
		filters = append(filters, m.filter())
	}
	return filters
}

// eventKeys are what narrows events, in filters and conditions.
var eventKeys = []string{"summary", "description", "location", "category", "transparency", "all_day", "recurring"}

// filter reads the keys of a mapping that narrow events.
func (f fields) filter() Filter {
	out := Filter{
		Summary:      f.patterns("summary"),
		Description:  f.patterns("description"),
		Location:     f.patterns("location"),
		Category:     f.patterns("category"),
		Transparency: f.text("transparency"),
		AllDay:       f.boolean("all_day"),
		Recurring:    f.boolean("recurring"),
	}
	if t := out.Transparency; t.Line > 0 && t.S != "opaque" && t.S != "transparent" {
		f.mistake(t.Pos, "expected transparency to be one of opaque, transparent, found %s", quote(t.S))
	}
	return out
}
