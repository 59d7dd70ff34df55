package config

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Reservation is a name or an account that a tenant had when the configuration was accepted and
// that no file of its owner claims any more. Files can be missing for a moment, as during a
// checkout or a deployment, and nobody else may take what is reserved: for [ReservationPeriod], or
// until somebody reloads by hand.
type Reservation struct {
	Owner   string    `json:"owner"`             // path of the tenant's file, or of the directory that is one tenant's
	Tenant  string    `json:"tenant"`            // its name
	Account string    `json:"account,omitempty"` // in lower case; "": the name is held
	Since   time.Time `json:"since"`
}

const (
	// ReservationPeriod is how long a reservation lasts.
	ReservationPeriod = 30 * 24 * time.Hour
	// maxReservations bounds the reservations of one owner, who may change claims all the time.
	// Beyond it the oldest are released.
	maxReservations = 10_000
)

// Reservations are sorted by owner and name.
func (in *Inputs) Reservations() []Reservation {
	if in == nil {
		return nil
	}
	return in.reservations
}

// ownerOf returns the directory of one tenant in which a file lies, else the file.
func (s *source) ownerOf(path string) string { return cmp.Or(s.inputs.locate(path).dir, path) }

// reserve keeps what tenants had and no longer claim; nothing unless Options.ReserveSince is set.
func (s *source) reserve(sources []*source) {
	if s.reserveSince.IsZero() || s.accepted == nil {
		return
	}
	since := map[Reservation]time.Time{} // of holds without Since
	for path, f := range s.accepted.files {
		if !f.Source || f.Tenant != path || f.Name == "" || s.accepted.excluded[path] {
			continue
		}
		own := Reservation{Owner: s.ownerOf(path), Tenant: f.Name}
		since[own] = s.reserveSince
		for _, own.Account = range f.Accounts {
			since[own] = s.reserveSince
		}
	}
	for _, h := range s.accepted.reservations {
		if at := h.Since; s.reserveSince.Sub(at) < ReservationPeriod {
			h.Since = time.Time{}
			since[h] = at
		}
	}
	type claimed struct{ owner, account string }
	accounts := map[claimed]bool{}
	for _, src := range sources {
		if src.tenant == nil {
			continue
		}
		own := Reservation{Owner: s.ownerOf(src.path), Tenant: src.tenant.Name}
		delete(since, own)
		for _, account := range accountKeys(src.tenant.Accounts) {
			accounts[claimed{own.Owner, account}] = true
		}
	}
	maps.DeleteFunc(since, func(h Reservation, _ time.Time) bool { return accounts[claimed{h.Owner, h.Account}] })
	s.inputs.reservations = nil
	owned := map[string]int{}
	for h, at := range since {
		h.Since = at
		s.inputs.reservations = append(s.inputs.reservations, h)
	}
	slices.SortFunc(s.inputs.reservations, func(a, b Reservation) int {
		return cmp.Or(b.Since.Compare(a.Since), a.compare(b))
	})
	s.inputs.reservations = slices.DeleteFunc(s.inputs.reservations, func(h Reservation) bool {
		owned[h.Owner]++
		return owned[h.Owner] > maxReservations
	})
	slices.SortFunc(s.inputs.reservations, Reservation.compare)
}

func (h Reservation) compare(other Reservation) int {
	return cmp.Or(cmp.Compare(h.Owner, other.Owner), cmp.Compare(h.Tenant, other.Tenant),
		cmp.Compare(h.Account, other.Account))
}

// reservedNames are the reserved names and accounts.
type reservedNames struct{ names, accounts map[string]Reservation }

func (in *Inputs) reserved() reservedNames {
	all := reservedNames{map[string]Reservation{}, map[string]Reservation{}}
	for _, h := range in.Reservations() {
		if h.Account != "" {
			all.accounts[h.Account] = h
		} else {
			all.names[h.Tenant] = h
		}
	}
	return all
}

// claimByOwner returns the path of an owner's claim; "" if there is none.
func (s *source) claimByOwner(claims []claim, owner string) string {
	for _, c := range claims {
		if owner != "" && s.ownerOf(c.source.path) == owner {
			return c.source.path
		}
	}
	return ""
}

// rejectReserved rejects a claim to what is reserved for another owner.
func (c claim) rejectReserved(h Reservation, what string) {
	c.reject(
		"%s is kept for tenant %q, whose files in %s have not claimed it since %s; use your own, or free it by a reload by hand "+
			"(SIGHUP or POST /-/reload)", what, h.Tenant, h.Owner, h.Since.UTC().Format(time.DateTime))
}

// Releases reports whether something that tenants had in former, or that was reserved in it, is
// claimed by none of the same files.
func (in *Inputs) Releases(former *Inputs) bool {
	if len(former.reservations) > 0 {
		return true
	}
	for path, before := range former.files {
		if !before.Source || before.Tenant != path || before.Name == "" {
			continue
		}
		now := in.files[path]
		if now == nil || now.Name != before.Name {
			return true
		}
		claimed := setOf(now.Accounts)
		if slices.ContainsFunc(before.Accounts, func(a string) bool { return !claimed[a] }) {
			return true
		}
	}
	return false
}
