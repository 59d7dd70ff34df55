package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// grant is what the main file says of a tenant.
type grant struct {
	diag.Pos
	accounts []Text // that the tenant alone may claim, and no others; nil: any that is nobody else's
	secrets  []Text // of the main file's that its file may name

	denyPrivate *bool // whether its feeds are refused from private addresses; nil: as it is for all tenants
}

// grants reads what the main file says of tenants.
func (f fields) grants() map[string]*grant {
	grants, owners := map[string]*grant{}, map[string]Text{}
	for _, e := range f.namedEntries(f.get("tenants"), "tenants", "a tenant") {
		m := f.fields(e.value, inGrant)
		g := &grant{
			Pos: e.key.Pos, accounts: m.accounts("account"), secrets: m.nonBlanks("secrets"),
			denyPrivate: m.boolean("deny_private_addresses"),
		}
		for _, account := range g.accounts {
			if other, ok := owners[accountKey(account)]; ok {
				f.mistake(account.Pos, "account %s is already given to a tenant at %s", quote(account.S), other.Pos)
				continue
			}
			owners[accountKey(account)] = account
		}
		grants[e.key.S] = g
	}
	return grants
}

// checkGrants reports secrets that the main file gives and does not have.
func (s *source) checkGrants() {
	for _, g := range s.grants {
		for _, name := range g.secrets {
			if _, ok := s.secrets.own[name.S]; !ok {
				s.mistake(name.Pos, "secret %s is not defined%s", quote(name.S), s.suggest(name.S, s.secrets.names))
			}
		}
	}
}

// accountKey is how accounts compare.
func accountKey(account Text) string { return strings.ToLower(account.S) }

func accountKeys(accounts []Text) []string {
	var keys []string
	for _, a := range accounts {
		keys = append(keys, accountKey(a))
	}
	return keys
}

// claim is a tenant's name or account, and where its file says so.
type claim struct {
	pos    diag.Pos
	source *source
}

// resolveClaims finds tenants that claim what is another's: a name or an account. The main file
// says whose it is, else the accepted configuration does; where neither tells, nobody gets it. A
// tenant that claims wrongly is reported, alone, and nothing more is read of it, so that its file
// cannot be held against the others. The rest go into the File.
func (s *source) resolveClaims(sources []*source) []*source {
	names, accounts := map[string][]claim{}, map[string][]claim{}
	for _, src := range sources {
		if src.tenant == nil {
			continue
		}
		if src.tenant.Name != "" {
			names[src.tenant.Name] = append(names[src.tenant.Name], claim{src.tenant.Pos, src})
		}
		for _, a := range src.tenant.Accounts {
			if all := accounts[accountKey(a)]; len(all) == 0 || all[len(all)-1].source != src {
				accounts[accountKey(a)] = append(all, claim{a.Pos, src})
			}
		}
	}
	s.reserve(sources)
	reserved, kept := s.inputs.reserved().names, s.accepted.reserved()
	refused := map[*source]bool{}
	for name, claims := range names {
		item := contested{
			what:   "the name " + quote(name),
			owner:  cmp.Or(s.currentClaim(claims, s.accepted.FileOf(name)), s.claimByOwner(claims, kept.names[name])),
			advice: "rename one of them",
		}
		item.owner = s.nameOwner(claims, name, item.owner)
		s.rejectClaims(claims, item, refused)
		for _, c := range claims {
			if h, ok := reserved[name]; ok && s.locate(c.source.path).name != name &&
				s.ownerOf(c.source.path) != h.Owner &&
				!refused[c.source] {
				s.rejectReserved(c, h, item.what, refused)
			}
		}
	}
	s.rejectExtraTenants(sources, refused)
	for src := range refused { // it is not the tenant that it says
		s.inputs.update(src.path, func(input *Input) { input.Name = "" })
	}
	for name, g := range s.grants {
		for _, c := range names[name] {
			if loc := s.locate(c.source.path); loc.name != name {
				c.source.rejectClaim(c, refused, "what %s gives tenant %q is for %s; rename the file or the tenant",
					g.Pos, name,
					loc.expectedFile(name))
			}
		}
	}
	s.resolveAccounts(accounts, sources, refused)
	left := slices.DeleteFunc(sources, func(src *source) bool { return refused[src] })
	for _, src := range left {
		if src.tenant != nil && src.tenant.Name != "" {
			s.file.Tenants = append(s.file.Tenants, src.tenant)
		}
	}
	return left
}

// resolveAccounts refuses whoever claims an account that is given to another or is the operator's,
// and then those who are left and claim the same.
func (s *source) resolveAccounts(accounts map[string][]claim, sources []*source, refused map[*source]bool) {
	granted := map[string]string{} // name of the tenant, by account
	for name, g := range s.grants {
		for _, key := range accountKeys(g.accounts) {
			granted[key] = name
		}
	}
	operators, reserved := s.operatorAccounts(sources), s.inputs.reserved().accounts
	keys := slices.Sorted(maps.Keys(accounts))
	for _, key := range keys {
		grantee, given := granted[key]
		accounts[key] = slices.DeleteFunc(accounts[key], func(c claim) bool {
			g := s.grants[c.source.tenant.Name]
			lost := given && grantee != c.source.tenant.Name ||
				!given && (g != nil && len(g.accounts) > 0 || operators[key].Line > 0)
			return lost && c.source.dropAccount(key, refused)
		})
		for _, c := range accounts[key] {
			g := s.grants[c.source.tenant.Name]
			switch {
			case given && grantee != c.source.tenant.Name:
				c.source.rejectClaim(c, refused, "account %s is tenant %q's, as %s says; remove it here%s", quote(key),
					grantee,
					s.grants[grantee].Pos, c.source.manualReloadHint())
			case !given && g != nil && len(g.accounts) > 0:
				c.source.rejectClaim(c, refused,
					"account %s is none that %s gives this tenant; add it there, or remove it here%s",
					quote(key), g.Pos, c.source.manualReloadHint())
			case !given && operators[key].Line > 0:
				c.source.rejectClaim(c, refused,
					"account %s is the operator's: a route has it at %s; remove it here, "+
						"or write tenants: {%s: {account: …}} in the main file%s",
					quote(key), operators[key], c.source.tenant.Name, c.source.manualReloadHint())
			case !given && reserved[key].Owner != "" && s.ownerOf(c.source.path) != reserved[key].Owner &&
				!refused[c.source]:
				s.rejectReserved(c, reserved[key], "account "+quote(key), refused)
			}
		}
	}
	before, kept := maps.Clone(refused), s.accepted.reserved()
	for _, key := range keys {
		s.rejectClaims(accounts[key], contested{
			what: "account " + quote(key),
			owner: cmp.Or(s.currentClaim(accounts[key], s.accepted.fileByAccount(key)),
				s.claimByOwner(accounts[key], kept.accounts[key])),
			excluded: before,
			advice:   "remove it from one of them, or give it in the main file: tenants: {NAME: {account: …}}",
		}, refused)
	}
}

// dropAccount takes from a file that stands in for a tenant's present one an account that the main
// file does not leave to the tenant any more; false where it is no such file. Nobody can mend what
// was accepted, so that a tenant could otherwise keep the operator, and everybody else, from all
// changes by claiming on. It takes somebody who reloads by hand, once: what the main file says by
// mistake is to take no calls from anybody. Of a tenant without any account nothing is left.
func (s *source) dropAccount(key string, refused map[*source]bool) bool {
	in := s.inputs
	if !slices.Contains(in.restored, s.path) ||
		!s.reserveSince.IsZero() && slices.Contains(in.files[s.path].Accounts, key) {
		return false
	}
	s.tenant.Accounts = slices.DeleteFunc(slices.Clone(s.tenant.Accounts),
		func(a Text) bool { return accountKey(a) == key })
	f := *in.files[s.path]
	f.Accounts = accountKeys(s.tenant.Accounts)
	in.files[s.path] = &f
	if len(s.tenant.Accounts) == 0 {
		refused[s] = true
	}
	return true
}

// manualReloadHint is what else helps where a file stands in that nobody can mend.
func (s *source) manualReloadHint() string {
	if !slices.Contains(s.inputs.restored, s.path) {
		return ""
	}
	return "; a reload by hand (SIGHUP or POST /-/reload) takes it from the tenant"
}

// contested is what several may claim.
type contested struct {
	what     string
	owner    string // path of the file whose it is; "" for nobody's yet
	advice   string // what to do while it is nobody's
	excluded map[*source]bool
}

// rejectClaims reports all who claim something but its owner; all of them
// where that is nobody among them.
func (s *source) rejectClaims(claims []claim, item contested, refused map[*source]bool) {
	claims = slices.DeleteFunc(slices.Clone(claims), func(c claim) bool { return item.excluded[c.source] })
	if len(claims) < 2 {
		return
	}
	owner := slices.IndexFunc(claims, func(c claim) bool { return c.source.path == item.owner })
	for i, c := range claims {
		switch {
		case i == owner:
		case owner >= 0:
			c.source.rejectClaim(c, refused, "%s is already tenant %q's, at %s; use your own", item.what,
				claims[owner].source.tenant.Name, claims[owner].pos)
		default:
			other := claims[0]
			if i == 0 {
				other = claims[1]
			}
			c.source.rejectClaim(c, refused,
				"%s is also claimed at %s, and no accepted configuration says whose it is; %s",
				item.what, other.pos, item.advice)
		}
	}
}

// rejectClaim reports a claim of this source.
func (s *source) rejectClaim(c claim, refused map[*source]bool, format string, args ...any) {
	refused[s] = true
	pos := c.pos
	if pos.File != s.path { // an account that the main file gives
		pos = s.tenant.Pos
	}
	s.mistake(pos, format, args...)
}

// operatorAccounts are the accounts that routes of everybody's files
// name, and where, in lower case.
func (s *source) operatorAccounts(sources []*source) map[string]diag.Pos {
	accounts := map[string]diag.Pos{}
	for _, src := range append([]*source{s}, sources...) {
		if src.tenant != nil || src.top.get("routes") == nil {
			continue
		}
		for _, route := range src.top.get("routes").items {
			for _, account := range route.child("match").child("account").scalars() {
				accounts[strings.ToLower(account.text)] = account.Pos
			}
		}
	}
	return accounts
}

// child is the value of a key of a mapping; nil where there is none.
func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key.S == key {
			return e.value
		}
	}
	return nil
}

// scalars are the texts of a list, or the one text.
func (n *node) scalars() []*node {
	switch {
	case n == nil || n.kind == mapping:
		return nil
	case n.kind == scalar:
		return []*node{n}
	}
	return slices.DeleteFunc(slices.Clone(n.items), func(item *node) bool { return item.kind != scalar })
}

// fileByAccount is the path of the tenant's file that claims an account, in
// lower case; "" if there is none.
func (in *Inputs) fileByAccount(account string) string {
	if in != nil {
		for path, f := range in.files {
			if slices.Contains(f.Accounts, account) {
				return path
			}
		}
	}
	return ""
}
