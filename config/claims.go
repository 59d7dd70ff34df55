package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// grant is what the main file gives a tenant.
type grant struct {
	diag.Pos
	accounts []Text // the only ones that the tenant may claim; nil: any that nobody else has
	secrets  []Text // of the main file, which the tenant's file may name

	denyPrivate *bool // refuse its feeds from private addresses; nil: as for all tenants
}

// grants reads the key tenants of the main file.
func (f fields) grants() map[string]*grant {
	grants, owners := map[string]*grant{}, map[string]Text{}
	for _, e := range f.namedEntries(f.get("tenants"), "tenants", "a tenant") {
		m := f.fields(e.value, inGrant)
		accounts, beyond := m.accounts("account", maxGranted)
		if beyond.Line > 0 {
			f.mistake(beyond.Pos, "tenant %s is given more than %d accounts; split it into two tenants",
				quote(e.key.S), maxGranted)
		}
		g := &grant{
			Pos: e.key.Pos, accounts: accounts, secrets: m.nonBlanks("secrets"),
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

// checkGrants reports given secrets that are not defined.
func (s *source) checkGrants() {
	for _, g := range s.grants {
		for _, name := range g.secrets {
			if _, ok := s.secrets.own[name.S]; !ok {
				s.mistake(name.Pos, "secret %s is not defined%s", quote(name.S), s.suggest(name.S, s.secrets.names))
			}
		}
	}
}

// accountKey is an account in the form in which accounts are compared.
func accountKey(account Text) string { return strings.ToLower(account.S) }

func accountKeys(accounts []Text) []string {
	var keys []string
	for _, a := range accounts {
		keys = append(keys, accountKey(a))
	}
	return keys
}

// claim is a tenant's name or account, and where the tenant's file claims it.
type claim struct {
	pos    diag.Pos
	source *source
}

// reject reports a claim with its reason. Nothing more is read of its source.
func (c claim) reject(format string, args ...any) {
	c.source.rejected = true
	pos := c.pos
	if pos.File != c.source.path { // an account that the main file gives
		pos = c.source.tenant.Pos
	}
	c.source.mistake(pos, format, args...)
}

// resolveClaims finds tenants that claim a name or an account of somebody else. The main file says
// who owns it, else the accepted configuration does; where neither tells, nobody gets it. Only the
// tenant that claims wrongly is reported, and nothing more is read of its file, so that the file
// cannot be held against others. The remaining tenants go into the File.
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
	s.resolveNames(names)
	s.rejectExtraTenants(sources)
	for _, src := range sources {
		if src.rejected { // it is not the tenant that it claims to be
			s.inputs.update(src.path, func(input *Input) { input.Name = "" })
		}
	}
	for name, g := range s.grants {
		for _, c := range names[name] {
			if loc := s.inputs.locate(c.source.path); loc.name != name {
				c.reject("what %s gives tenant %q is for %s; rename the file or the tenant", g.Pos, name,
					loc.expectedFile(name))
			}
		}
	}
	s.resolveAccounts(accounts, sources)
	sources = slices.DeleteFunc(sources, func(src *source) bool { return src.rejected })
	for _, src := range sources {
		if src.tenant != nil && src.tenant.Name != "" {
			s.file.Tenants = append(s.file.Tenants, src.tenant)
		}
	}
	return sources
}

// resolveNames rejects tenants whose name belongs to another.
func (s *source) resolveNames(names map[string][]claim) {
	reserved, before := s.inputs.reserved().names, s.accepted.reserved().names
	for name, claims := range names {
		what := "the name " + quote(name)
		owner := cmp.Or(s.currentClaim(claims, s.accepted.FileByTenant(name)),
			s.claimByOwner(claims, before[name].Owner))
		rejectOthers(claims, what, s.nameOwner(claims, name, owner), "rename one of them")
		for _, c := range claims {
			if h, ok := reserved[name]; ok && s.inputs.locate(c.source.path).name != name &&
				s.ownerOf(c.source.path) != h.Owner && !c.source.rejected {
				c.rejectReserved(h, what)
			}
		}
	}
}

// resolveAccounts rejects tenants whose account is given to another tenant or belongs to the
// operator, and of the remaining ones those that claim the same account.
func (s *source) resolveAccounts(accounts map[string][]claim, sources []*source) {
	granted := map[string]string{} // name of the tenant, by account
	for name, g := range s.grants {
		for _, key := range accountKeys(g.accounts) {
			granted[key] = name
		}
	}
	operators, reserved := s.operatorAccounts(sources), s.inputs.reserved().accounts
	keys := slices.Sorted(maps.Keys(accounts))
	dropped := map[*source][]string{}
	for _, key := range keys {
		grantee, given := granted[key]
		accounts[key] = slices.DeleteFunc(accounts[key], func(c claim) bool {
			g := s.grants[c.source.tenant.Name]
			lost := given && grantee != c.source.tenant.Name ||
				!given && (g != nil && len(g.accounts) > 0 || operators[key].Line > 0)
			if lost = lost && c.source.mayDrop(key); lost {
				dropped[c.source] = append(dropped[c.source], key)
			}
			return lost
		})
		for _, c := range accounts[key] {
			g := s.grants[c.source.tenant.Name]
			switch {
			case given && grantee != c.source.tenant.Name:
				c.reject("account %s belongs to tenant %q, according to %s; remove it here%s", quote(key), grantee,
					s.grants[grantee].Pos, c.source.manualReloadHint())
			case !given && g != nil && len(g.accounts) > 0:
				c.reject("account %s is none that %s gives this tenant; add it there, or remove it here%s",
					quote(key), g.Pos, c.source.manualReloadHint())
			case !given && operators[key].Line > 0:
				c.reject("account %s is the operator's: a route has it at %s; remove it here, "+
					"or write tenants: {%s: {account: …}} in the main file%s",
					quote(key), operators[key], c.source.tenant.Name, c.source.manualReloadHint())
			case !given && reserved[key].Owner != "" && s.ownerOf(c.source.path) != reserved[key].Owner &&
				!c.source.rejected:
				c.rejectReserved(reserved[key], "account "+quote(key))
			}
		}
	}
	for src, keys := range dropped {
		src.dropAccounts(setOf(keys))
	}
	owners, before := map[string]string{}, s.accepted.reserved().accounts
	accepted := s.accepted.filesByAccount()
	for _, key := range keys {
		owners[key] = cmp.Or(s.currentClaim(accounts[key], accepted[key]),
			s.claimByOwner(accounts[key], before[key].Owner))
		accounts[key] = slices.DeleteFunc(accounts[key], func(c claim) bool { return c.source.rejected })
	}
	for _, key := range keys {
		rejectOthers(accounts[key], "account "+quote(key), owners[key],
			"remove it from one of them, or give it in the main file: tenants: {NAME: {account: …}}")
	}
}

// mayDrop reports whether an account that the main file no longer leaves to a tenant is dropped: it
// is in an accepted file that is used instead of the tenant's present one. Nobody can edit an
// accepted file, so that a tenant could otherwise keep the operator, and all others, from any change
// by claiming on. It takes one reload by hand: a mistake in the main file must not take calls from
// anybody.
func (s *source) mayDrop(key string) bool {
	if !slices.Contains(s.inputs.restored, s.path) {
		return false
	}
	if s.reserveSince.IsZero() {
		return true
	}
	if s.claimed == nil {
		s.claimed = setOf(s.inputs.files[s.path].Accounts)
	}
	return !s.claimed[key]
}

// dropAccounts removes accounts that the tenant loses, see mayDrop. A tenant that loses its last
// account is rejected.
func (s *source) dropAccounts(keys map[string]bool) {
	in := s.inputs
	s.tenant.Accounts = slices.DeleteFunc(slices.Clone(s.tenant.Accounts),
		func(a Text) bool { return keys[accountKey(a)] })
	f := *in.files[s.path]
	f.Accounts = accountKeys(s.tenant.Accounts)
	in.files[s.path] = &f
	s.rejected = s.rejected || len(s.tenant.Accounts) == 0
}

// manualReloadHint ends a message about an accepted file, which nobody can edit.
func (s *source) manualReloadHint() string {
	if !slices.Contains(s.inputs.restored, s.path) {
		return ""
	}
	return "; a reload by hand (SIGHUP or POST /-/reload) takes it from the tenant"
}

// rejectOthers rejects all claims but that of the file owner; all of them where owner is not among
// them. advice says what to do in that case.
func rejectOthers(claims []claim, what, owner, advice string) {
	if len(claims) < 2 {
		return
	}
	winner := slices.IndexFunc(claims, func(c claim) bool { return c.source.path == owner })
	for i, c := range claims {
		switch {
		case i == winner:
		case winner >= 0:
			c.reject("%s is already tenant %q's, at %s; use your own", what, claims[winner].source.tenant.Name,
				claims[winner].pos)
		default:
			other := claims[0]
			if i == 0 {
				other = claims[1]
			}
			c.reject("%s is also claimed at %s, and no accepted configuration shows whose it is; %s", what,
				other.pos, advice)
		}
	}
}

// operatorAccounts returns the accounts in the matches of the operator's routes, in
// lower case, with their places.
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

// child returns the value of a mapping's key; nil if there is none.
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

// scalars returns the texts of a list, or the single text.
func (n *node) scalars() []*node {
	switch {
	case n == nil || n.kind == mapping:
		return nil
	case n.kind == scalar:
		return []*node{n}
	}
	return slices.DeleteFunc(slices.Clone(n.items), func(item *node) bool { return item.kind != scalar })
}

// filesByAccount returns the path of the tenant's file that claims each account, in lower case. The
// nil Inputs have none.
func (in *Inputs) filesByAccount() map[string]string {
	paths := map[string]string{}
	if in != nil {
		for path, f := range in.files {
			for _, account := range f.Accounts {
				paths[account] = path
			}
		}
	}
	return paths
}

func setOf(texts []string) map[string]bool {
	in := make(map[string]bool, len(texts))
	for _, text := range texts {
		in[text] = true
	}
	return in
}
