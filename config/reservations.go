package config

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Hold is a name or an account that a tenant had when the configuration was accepted and that no file of its own claims
// any more. Files go away for moments, as in a checkout or a deployment, and nobody may take meanwhile what is
// another's: it stays that tenant's for [HeldFor], or until somebody reloads by hand.
type Hold struct {
	Owner   string    `json:"owner"`             // path of the tenant's file, or of the directory that is one tenant's
	Tenant  string    `json:"tenant"`            // its name
	Account string    `json:"account,omitempty"` // in lower case; "": the name is held
	Since   time.Time `json:"since"`
}

const (
	// HeldFor is how long what a tenant had is kept for it.
	HeldFor = 30 * 24 * time.Hour
	// maxHolds bounds what is kept for one owner, who may change what it claims all the time. The
	// oldest are freed beyond it.
	maxHolds = 10_000
)

// Held are the names and accounts that are kept for tenants which do not claim them at present, by owner and name.
func (in *Inputs) Held() []Hold {
	if in == nil {
		return nil
	}
	return in.holds
}

// ownerOf is the directory that is one tenant's, in which a file lies, else the file itself.
func (s *source) ownerOf(path string) string { return cmp.Or(s.placeOf(path).directory, path) }

// hold keeps what tenants had and do not claim any more; nothing where Options.Hold does not say so.
func (s *source) hold(sources []*source) {
	if s.since.IsZero() || s.accepted == nil {
		return
	}
	since := map[Hold]time.Time{} // of holds without Since
	for path, f := range s.accepted.files {
		if !f.Source || f.Tenant != path || f.Name == "" || s.accepted.without[path] {
			continue
		}
		own := Hold{Owner: s.ownerOf(path), Tenant: f.Name}
		since[own] = s.since
		for _, own.Account = range f.Accounts {
			since[own] = s.since
		}
	}
	for _, h := range s.accepted.holds {
		if at := h.Since; s.since.Sub(at) < HeldFor {
			h.Since = time.Time{}
			since[h] = at
		}
	}
	for _, in := range sources {
		if in.tenant == nil {
			continue
		}
		own := Hold{Owner: s.ownerOf(in.path), Tenant: in.tenant.Name}
		delete(since, own)
		claimed := accountKeys(in.tenant.Accounts)
		maps.DeleteFunc(since, func(h Hold, _ time.Time) bool {
			return h.Owner == own.Owner && slices.Contains(claimed, h.Account)
		})
	}
	s.inputs.holds = nil
	owned := map[string]int{}
	for h, at := range since {
		h.Since = at
		s.inputs.holds = append(s.inputs.holds, h)
	}
	slices.SortFunc(s.inputs.holds, func(a, b Hold) int { return cmp.Or(b.Since.Compare(a.Since), a.compare(b)) })
	s.inputs.holds = slices.DeleteFunc(s.inputs.holds, func(h Hold) bool {
		owned[h.Owner]++
		return owned[h.Owner] > maxHolds
	})
	slices.SortFunc(s.inputs.holds, Hold.compare)
}

func (h Hold) compare(other Hold) int {
	return cmp.Or(cmp.Compare(h.Owner, other.Owner), cmp.Compare(h.Tenant, other.Tenant),
		cmp.Compare(h.Account, other.Account))
}

// held are the names and the accounts that are kept for tenants.
type held struct{ names, accounts map[string]Hold }

func (in *Inputs) held() held {
	all := held{map[string]Hold{}, map[string]Hold{}}
	for _, h := range in.Held() {
		if h.Account != "" {
			all.accounts[h.Account] = h
		} else {
			all.names[h.Tenant] = h
		}
	}
	return all
}

// returned is the path of the file that claims again what was kept for it; "" if none does.
func (s *source) returned(claims []claim, h Hold) string {
	for _, c := range claims {
		if h.Owner != "" && s.ownerOf(c.by.path) == h.Owner {
			return c.by.path
		}
	}
	return ""
}

// refuseHeld refuses a claim on what is kept for another.
func (s *source) refuseHeld(c claim, h Hold, what string, refused map[*source]bool) {
	c.by.reject(c, refused,
		"%s is kept for tenant %q, whose files in %s have not claimed it since %s; use your own, or free it by a reload by hand "+
			"(SIGHUP or POST /-/reload)", what, h.Tenant, h.Owner, h.Since.UTC().Format(time.DateTime))
}

// Frees reports whether something that tenants had in former, or that was kept for them then, is
// claimed by none of the same files.
func (in *Inputs) Frees(former *Inputs) bool {
	if len(former.holds) > 0 {
		return true
	}
	for path, was := range former.files {
		if !was.Source || was.Tenant != path || was.Name == "" {
			continue
		}
		is := in.files[path]
		if is == nil || is.Name != was.Name ||
			slices.ContainsFunc(was.Accounts, func(a string) bool { return !slices.Contains(is.Accounts, a) }) {
			return true
		}
	}
	return false
}
