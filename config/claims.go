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
	for _, e := range f.named(f.get("tenants"), "tenants", "a tenant") {
		in := f.fields(e.value, inGrant)
		g := &grant{
			Pos: e.key.Pos, accounts: in.accounts("account"), secrets: in.words("secrets"),
			denyPrivate: in.boolean("deny_private_addresses"),
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
				s.mistake(name.Pos, "secret %s is not defined%s", quote(name.S), s.suggest(name.S, s.secrets.known))
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
	at diag.Pos
	by *source
}

// settle finds tenants that claim what is another's: a name or an account. The main file says whose it is, else the
// accepted configuration does; where neither tells, nobody gets it. A tenant that claims wrongly is reported, alone,
// and nothing more is read of it, so that its file cannot be held against the others. The rest go into the File.
func (s *source) settle(sources []*source) []*source {
	names, accounts := map[string][]claim{}, map[string][]claim{}
	for _, in := range sources {
		if in.tenant == nil {
			continue
		}
		if in.tenant.Name != "" {
			names[in.tenant.Name] = append(names[in.tenant.Name], claim{in.tenant.Pos, in})
		}
		for _, a := range in.tenant.Accounts {
			if all := accounts[accountKey(a)]; len(all) == 0 || all[len(all)-1].by != in {
				accounts[accountKey(a)] = append(all, claim{a.Pos, in})
			}
		}
	}
	s.hold(sources)
	held, kept := s.inputs.held().names, s.accepted.held()
	refused := map[*source]bool{}
	for name, claims := range names {
		of := claimed{
			what:  "the name " + quote(name),
			owner: cmp.Or(s.present(claims, s.accepted.FileOf(name)), s.returned(claims, kept.names[name])),
			cure:  "rename one of them",
		}
		of.owner = s.rightful(claims, name, of.owner)
		s.refuse(claims, of, refused)
		for _, c := range claims {
			if h, ok := held[name]; ok && s.placeOf(c.by.path).name != name && s.ownerOf(c.by.path) != h.Owner &&
				!refused[c.by] {
				s.refuseHeld(c, h, of.what, refused)
			}
		}
	}
	s.refuseLodgers(sources, refused)
	for in := range refused { // it is not the tenant that it says
		s.inputs.mark(in.path, func(in *Input) { in.Name = "" })
	}
	for name, g := range s.grants {
		for _, c := range names[name] {
			if at := s.placeOf(c.by.path); at.name != name {
				c.by.reject(c, refused, "what %s gives tenant %q is for %s; rename the file or the tenant", g.Pos, name,
					at.wanted(name))
			}
		}
	}
	s.settleAccounts(accounts, sources, refused)
	left := slices.DeleteFunc(sources, func(in *source) bool { return refused[in] })
	for _, in := range left {
		if in.tenant != nil && in.tenant.Name != "" {
			s.file.Tenants = append(s.file.Tenants, in.tenant)
		}
	}
	return left
}

// settleAccounts refuses whoever claims an account that is given to another or is the operator's, and then those who
// are left and claim the same.
func (s *source) settleAccounts(accounts map[string][]claim, sources []*source, refused map[*source]bool) {
	granted := map[string]string{} // name of the tenant, by account
	for name, g := range s.grants {
		for _, key := range accountKeys(g.accounts) {
			granted[key] = name
		}
	}
	operators, held := s.operatorsAccounts(sources), s.inputs.held().accounts
	keys := slices.Sorted(maps.Keys(accounts))
	for _, key := range keys {
		to, given := granted[key]
		accounts[key] = slices.DeleteFunc(accounts[key], func(c claim) bool {
			g := s.grants[c.by.tenant.Name]
			lost := given && to != c.by.tenant.Name || !given && (g != nil && len(g.accounts) > 0 || operators[key].Line > 0)
			return lost && c.by.yields(key, refused)
		})
		for _, c := range accounts[key] {
			g := s.grants[c.by.tenant.Name]
			switch {
			case given && to != c.by.tenant.Name:
				c.by.reject(c, refused, "account %s is tenant %q's, as %s says; remove it here%s", quote(key), to,
					s.grants[to].Pos, c.by.orByHand())
			case !given && g != nil && len(g.accounts) > 0:
				c.by.reject(c, refused, "account %s is none that %s gives this tenant; add it there, or remove it here%s",
					quote(key), g.Pos, c.by.orByHand())
			case !given && operators[key].Line > 0:
				c.by.reject(c, refused,
					"account %s is the operator's: a route has it at %s; remove it here, "+
						"or write tenants: {%s: {account: …}} in the main file%s",
					quote(key), operators[key], c.by.tenant.Name, c.by.orByHand())
			case !given && held[key].Owner != "" && s.ownerOf(c.by.path) != held[key].Owner && !refused[c.by]:
				s.refuseHeld(c, held[key], "account "+quote(key), refused)
			}
		}
	}
	before, kept := maps.Clone(refused), s.accepted.held()
	for _, key := range keys {
		s.refuse(accounts[key], claimed{
			what: "account " + quote(key),
			owner: cmp.Or(s.present(accounts[key], s.accepted.fileOfAccount(key)),
				s.returned(accounts[key], kept.accounts[key])),
			without: before,
			cure:    "remove it from one of them, or give it in the main file: tenants: {NAME: {account: …}}",
		}, refused)
	}
}

// yields takes from a file that stands in for a tenant's present one an account that the main file does not leave to
// the tenant any more; false where it is no such file. Nobody can mend what was accepted, so that a tenant could
// otherwise keep the operator, and everybody else, from all changes by claiming on. It takes somebody who reloads by
// hand, once: what the main file says by mistake is to take no calls from anybody. Of a tenant without any account
// nothing is left.
func (s *source) yields(key string, refused map[*source]bool) bool {
	in := s.inputs
	if !slices.Contains(in.kept, s.path) || !s.since.IsZero() && slices.Contains(in.files[s.path].Accounts, key) {
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

// orByHand is what else helps where a file stands in that nobody can mend.
func (s *source) orByHand() string {
	if !slices.Contains(s.inputs.kept, s.path) {
		return ""
	}
	return "; a reload by hand (SIGHUP or POST /-/reload) takes it from the tenant"
}

// claimed is what several may claim.
type claimed struct {
	what    string
	owner   string // path of the file whose it is; "" for nobody's yet
	cure    string // what to do while it is nobody's
	without map[*source]bool
}

// refuse reports all who claim something but its owner; all of them where that is nobody among them.
func (s *source) refuse(claims []claim, of claimed, refused map[*source]bool) {
	claims = slices.DeleteFunc(slices.Clone(claims), func(c claim) bool { return of.without[c.by] })
	if len(claims) < 2 {
		return
	}
	at := slices.IndexFunc(claims, func(c claim) bool { return c.by.path == of.owner })
	for i, c := range claims {
		switch {
		case i == at:
		case at >= 0:
			c.by.reject(c, refused, "%s is already tenant %q's, at %s; use your own", of.what,
				claims[at].by.tenant.Name, claims[at].at)
		default:
			other := claims[0]
			if i == 0 {
				other = claims[1]
			}
			c.by.reject(c, refused, "%s is also claimed at %s, and no accepted configuration says whose it is; %s",
				of.what, other.at, of.cure)
		}
	}
}

// reject reports a claim of this source.
func (s *source) reject(c claim, refused map[*source]bool, format string, args ...any) {
	refused[s] = true
	at := c.at
	if at.File != s.path { // an account that the main file gives
		at = s.tenant.Pos
	}
	s.mistake(at, format, args...)
}

// operatorsAccounts are the accounts that routes of everybody's files name, and where, in lower case.
func (s *source) operatorsAccounts(sources []*source) map[string]diag.Pos {
	accounts := map[string]diag.Pos{}
	for _, in := range append([]*source{s}, sources...) {
		if in.tenant != nil || in.top.get("routes") == nil {
			continue
		}
		for _, route := range in.top.get("routes").items {
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

// fileOfAccount is the path of the tenant's file that claims an account, in lower case; "" if there is none.
func (in *Inputs) fileOfAccount(account string) string {
	if in != nil {
		for path, f := range in.files {
			if slices.Contains(f.Accounts, account) {
				return path
			}
		}
	}
	return ""
}
