package config

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/callhours/callhours/internal/diag"
)

// readGlobal reads the settings that only the main file has.
func (s *source) readGlobal() {
	f, top := s.file, s.top
	f.Listen = top.addresses("listen", ":8080")
	f.AdminListen = top.address("admin_listen", "127.0.0.1:9480")
	f.MetricsListen = top.address("metrics_listen", "")
	if web := top.nonBlank("admin_web_config"); web.S != "" {
		f.AdminWebConfig = Text{Pos: web.Pos, S: s.resolve(web)}
	}
	f.PublicURL = top.publicURL()
	f.PivotPath = top.urlPath("path")
	if f.PivotPath.S == "" {
		f.PivotPath = Text{S: "/pivot"}
	}
	f.StateDir = s.resolve(top.nonBlank("state_dir"))
	if dir := top.nonBlank("templates"); dir.S != "" {
		f.Templates = s.resolve(dir)
		s.readTemplates(dir.Pos)
	}
	f.Timezone = top.zone("timezone")
	if top.get("kazoo_version") != nil {
		f.KazooVersion = top.oneOf("kazoo_version", "4.3", "master", "5")
	}
	for _, t := range top.nonBlanks("extra_modules") {
		f.ExtraModules = append(f.ExtraModules, t.S)
	}

	f.AnswerWithin = top.duration("answer_within", durationRange{10 * time.Millisecond, 4 * time.Second, time.Second})
	f.StartTimeout = top.duration("start_timeout", durationRange{0, 10 * time.Minute, 10 * time.Second})
	f.Watch = top.watch()
	f.Drain = top.duration("drain", durationRange{0, 10 * time.Minute, 5 * time.Second})
	f.Horizon = top.duration("horizon", durationRange{day, 3660 * day, 400 * day})

	f.Limits = top.limits(Limits{})
	f.FetchesPerMinute = top.hosts()
	f.DenyPrivate = top.boolean("deny_private_addresses")

	f.Auth = top.auth()
	if n := top.get("tls"); n != nil {
		tls := s.fields(n, inTLS)
		f.TLS = &TLS{CertFile: s.resolve(tls.required("cert_file")), KeyFile: s.resolve(tls.required("key_file"))}
	}
	f.Database = s.readDatabase()
	f.Metrics.Routes = s.fields(top.get("metrics"), inMetrics).amount("routes", 0, 1_000_000_000, "")
	remembered := s.fields(top.get("decisions"), inDecisions)
	f.Decisions = Decisions{
		Keep:    remembered.amount("keep", 20, 1_000_000_000, ""),
		Callers: remembered.oneOf("callers", "last4", "none", "full"),
	}
	if f.Decisions.Keep > maxKept {
		s.mistake(remembered.get("keep").Pos, "keep is at most %d, found %d", maxKept, f.Decisions.Keep)
	}
	s.hours = top.hoursTokens(nil)
	log := s.fields(top.get("log"), inLog)
	f.Log = Log{
		Format:  log.oneOf("format", "text", "json"),
		Callers: log.oneOf("callers", "none", "last4", "full"),
		Calls:   log.oneOf("calls", "all", "faults"),
	}
}

// maxKept is how many decisions of a route can be remembered.
const maxKept = 1000

// hoursTokens returns the tokens that open hours: inherited ones and the one of the key hours.
func (f fields) hoursTokens(inherited []Secret) []Secret {
	n := f.get("hours")
	if n == nil {
		return inherited
	}
	m := f.fields(n, inHours)
	token := m.token("token")
	if m.allKnown && m.get("token") == nil {
		f.mistake(n.Pos, "hours has no token")
	}
	if token.Given() {
		return append(slices.Clip(inherited), token)
	}
	return inherited
}

// watch returns how often the files are checked for changes; 0 for never.
func (f fields) watch() time.Duration {
	if n := f.get("watch"); n != nil && n.kind == scalar && n.text == "never" {
		return 0
	}
	return f.duration("watch", durationRange{time.Second, time.Hour, 5 * time.Second})
}

// readTemplates adds the files of the template directory to the inputs, unparsed.
func (s *source) readTemplates(pos diag.Pos) {
	dir := s.file.Templates
	names, err := s.inputs.templates(dir)
	switch {
	case errors.Is(err, errNoDirectory):
		s.mistake(pos, "templates: there is no directory %s%s", quote(dir), s.suggestMissing(dir, "", fs.ErrNotExist))
	case err != nil:
		s.mistake(pos, "templates: %s: %v", dir, err)
	}
	s.file.TemplatesUnreadable = err != nil
	for _, name := range names {
		s.inputs.read(s.inputs.disk.join(dir, name), "")
	}
}

// hosts reads how servers of feeds are treated; nil when the key is not given.
func (f fields) hosts() map[string]int {
	n := f.get("hosts")
	if n == nil {
		return nil
	}
	perMinute := map[string]int{}
	for _, e := range f.entries(n, "hosts") {
		name := strings.ToLower(e.key.S)
		if u, err := url.Parse("https://" + name); err != nil || u.Host != name || u.Hostname() == "" {
			f.mistake(e.key.Pos, "expected the name of a server such as calendar.google.com, found %s", quote(e.key.S))
			continue
		}
		if n := f.fields(e.value, inHost).amount("per_minute", 0, 1_000_000_000, ""); n > 0 {
			perMinute[name] = n
		}
	}
	return perMinute
}

// required gives a text that must be there.
func (f fields) required(key string) Text {
	if f.get(key) == nil && f.allKnown {
		f.mistake(f.Pos, "%s has no %s", sectionNames[f.section], key)
	}
	return f.nonBlank(key)
}

// auth reads who may send requests; nil when the key is not given.
func (f fields) auth() *Auth {
	n := f.get("auth")
	if n == nil {
		return nil
	}
	m := f.fields(n, inAuth)
	a := &Auth{
		Pos:            n.Pos,
		Basic:          m.basic(),
		Token:          m.token("token"),
		Networks:       m.networks("networks"),
		TrustedProxies: m.networks("trusted_proxies"),
	}
	if m.allKnown && len(m.given("basic", "token", "networks")) == 0 {
		f.mistake(n.Pos, "auth is empty, so every request is accepted; set basic, token or networks")
	}
	return a
}

// basic reads a user name and password; nil when the key is not given.
func (f fields) basic() *Basic {
	n := f.get("basic")
	if n == nil {
		return nil
	}
	m := f.fields(n, inBasic)
	b := &Basic{Username: m.required("username").S, Password: m.secret("password")}
	if m.allKnown && m.get("password") == nil {
		f.mistake(n.Pos, "basic has no password")
	}
	if strings.Contains(b.Username, ":") {
		f.mistake(m.get("username").Pos, "a user name cannot contain %q", ":")
	}
	f.plainSecret(m.get("password"), "a password")
	return b
}

var (
	languageGrammar = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	countryGrammar  = regexp.MustCompile(`^[A-Z]{2}$`)
)

// maxLanguage is how many characters a language has. It is parsed for each route with a built-in plan.
// Tags of 35 are in use (RFC 5646, section 4.4.1).
const maxLanguage = 64

// language gives a BCP 47 tag; "" when the key is not given.
func (f fields) language(def string) string {
	t := f.text("language")
	if t.Line == 0 {
		return def
	}
	if len(t.S) > maxLanguage {
		f.mistake(t.Pos, "language has %d characters; the limit is %d", len(t.S), maxLanguage)
		return def
	}
	if !languageGrammar.MatchString(t.S) {
		f.mistake(t.Pos, "expected language to be a tag such as en or en-us, found %s", quote(t.S))
	}
	return t.S
}

// phoneRegion gives an ISO 3166 country; "" when the key is not given.
func (f fields) phoneRegion(def string) string {
	t := f.text("phone_region")
	if t.Line == 0 {
		return def
	}
	if !countryGrammar.MatchString(t.S) {
		f.mistake(t.Pos, "expected phone_region to be a country of two capital letters such as US, found %s",
			quote(t.S))
		return t.S
	}
	region, err := language.ParseRegion(t.S)
	switch known := region.Canonicalize(); {
	case err != nil || !known.IsCountry():
		f.mistake(t.Pos, "phone_region %s is not a country; use its ISO 3166 code, such as US or GB", quote(t.S))
	case known != region:
		f.mistake(t.Pos, "phone_region %s is not a country's ISO 3166 code; did you mean %q?", quote(t.S), known)
	}
	return t.S
}

// crossCheck checks what depends on the whole configuration.
func (l *loader) crossCheck(main *source) {
	f := l.file
	if len(f.Routes) == 0 && main.top.get("routes") == nil && len(l.mistakes) == 0 {
		l.warn(main.top.Pos, "no_routes", "there are no routes: every call is answered 404")
	}
	open := f.Auth == nil
	for _, r := range f.Routes {
		open = open && r.Auth == nil
	}
	for _, at := range f.Listen {
		if !open || isLoopback(at.S) {
			continue
		}
		if at.Line == 0 {
			at.File = f.Path
		}
		l.warn(at.Pos, "no_auth", "there is no auth: anyone who can reach listen %q can send requests", at.S)
	}
	l.checkSamePaths()
	l.checkTenantPaths()
	if f.MetricsListen.S != "" && addressesConflict(f.AdminListen.S, f.MetricsListen.S) {
		l.mistakes = append(l.mistakes, diag.Mistakef(f.MetricsListen.Pos,
			"admin_listen and metrics_listen are both on %s; give them different ports, or leave metrics_listen out: "+
				"admin_listen has /metrics too", f.MetricsListen.S))
	}
	for i, at := range f.Listen {
		port := at.S[strings.LastIndex(at.S, ":")+1:]
		if addressesConflict(at.S, f.AdminListen.S) {
			l.mistakes = append(l.mistakes, diag.Mistakef(cmp.Or(f.AdminListen.Pos, at.Pos),
				"listen and admin_listen are both on port %s; give them different ports, so that Kazoo cannot reach "+
					"the admin listener", port))
		}
		if f.MetricsListen.S != "" && addressesConflict(at.S, f.MetricsListen.S) {
			l.mistakes = append(l.mistakes, diag.Mistakef(f.MetricsListen.Pos,
				"listen and metrics_listen are both on port %s; give them different ports", port))
		}
		for _, other := range f.Listen[:i] {
			if addressesConflict(at.S, other.S) {
				l.mistakes = append(l.mistakes,
					diag.Mistakef(at.Pos, "listen has port %s twice; give each address another port", port))
			}
		}
	}
}

// addressesConflict reports whether a machine cannot listen on both addresses: they have one port,
// and one host or every host.
func addressesConflict(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil {
		return false
	}
	portA, portB = strings.TrimLeft(portA, "0"), strings.TrimLeft(portB, "0")
	everywhere := func(host string) bool {
		addr, err := netip.ParseAddr(host)
		return host == "" || err == nil && addr.IsUnspecified()
	}
	return portA == portB && portA != "" && (sameHost(hostA, hostB) || everywhere(hostA) || everywhere(hostB))
}

// sameHost reports whether two hosts are one address. The name localhost is 127.0.0.1, on which Go
// listens for it.
func sameHost(a, b string) bool {
	address := func(host string) (string, netip.Addr, error) {
		host = strings.TrimSuffix(strings.ToLower(host), ".")
		if host == "localhost" {
			host = "127.0.0.1"
		}
		addr, err := netip.ParseAddr(host)
		return host, addr.Unmap(), err
	}
	hostA, addrA, errA := address(a)
	hostB, addrB, errB := address(b)
	return hostA == hostB || errA == nil && errB == nil && addrA == addrB
}

// checkTenantPaths reports routes of tenants without an account on a path of the operator's routes,
// which may have any name.
func (l *loader) checkTenantPaths() {
	operators := map[string]diag.Pos{l.file.PivotPath.S: l.file.PivotPath.Pos}
	for _, r := range l.file.Routes {
		if r.Tenant == nil && len(r.Match.Accounts)+len(r.Match.Dialed) > 0 {
			operators[r.Path.S] = r.Pos
		}
	}
	for _, r := range l.file.Routes {
		if _, taken := operators[r.Path.S]; taken && r.Tenant != nil && len(r.Match.Accounts) == 0 {
			l.mistakes = append(l.mistakes,
				diag.Mistakef(r.Path.Pos, "path %q is the main file's; set another path, or account in tenant",
					r.Path.S))
		}
	}
}

// checkSamePaths reports routes that another route on the same path hides.
func (l *loader) checkSamePaths() {
	first := map[string]*Route{}
	for _, r := range l.file.Routes {
		if len(r.Match.Accounts) > 0 || len(r.Match.Dialed) > 0 || r.Path.S == "" {
			continue
		}
		if other, ok := first[r.Path.S]; ok {
			m := diag.Mistakef(r.Path.Pos, "path %q is taken by route %q at %s; set another path or a match", r.Path.S,
				other.Name, other.Path.Pos)
			m.Other = other.Path.Pos
			l.mistakes = append(l.mistakes, m)
			continue
		}
		first[r.Path.S] = r
	}
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return true // reported as a mistake
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
