package config

import "github.com/callhours/callhours/internal/diag"

// What a tenant's file may define in all. Each definition may be within its own bounds, and there may be many; a plan's
// branches count for every route that has it.
const (
	mostCalendars = 2_000
	mostRoutes    = 5_000
	mostBranches  = 50_000  // of all its routes
	mostAsked     = 500_000 // parts of the conditions of all its routes
	mostRoles     = 100     // of a plan
	mostClaims    = 500_000 // numbers that its routes match, each for each account that they match
	mostLists     = 2_000
	mostNumbers   = 200_000 // of all its lists
	mostFiles     = 5_000   // that it names, of lists and secrets; those of its calendars have bounds of their own
	mostFileBytes = 32 << 20
	mostPaths     = 100       // under its key secrets
	mostLooked    = 1_000_000 // names that its globs look at, those of a directory for each glob
	mostSecrets   = 20_000    // keys and values in its files of secrets
	mostMerged    = 1_000_000 // keys of data that are merged for its routes and branches
	mostExpressed = 1_000_000 // steps in the programs of its regular expressions, as often as they are written
)

// exceeds reports whether a tenant defines more of something than it may, which is its mistake; cure says what to do.
// The operator may define any number.
func (s *source) exceeds(n, most int, p diag.Pos, what, cure string) bool {
	if s.tenant == nil || n <= most {
		return false
	}
	s.mistake(p, "tenant %q has more than %d %s; %s", s.tenant.Name, most, what, cure)
	return true
}

// admits reports whether one more file may be read that a tenant names, for each file once. Where it may not, that is
// said once, and nothing more is read.
func (s *source) admits(path Text) bool {
	switch {
	case s.tenant == nil || s.reading.seen[path.S]:
		return true
	case s.reading.full:
		return false
	}
	if s.reading.seen == nil {
		s.reading.seen = map[string]bool{}
	}
	s.reading.seen[path.S] = true
	s.reading.full = s.exceeds(len(s.reading.seen), mostFiles, path.Pos, "files of lists and secrets",
		"put what is in them into fewer files")
	return !s.reading.full
}

// counts adds up what the files hold that a tenant names, when one was read for the first time;
// false if it is more than it may.
func (s *source) counts(path Text, in *Input) bool {
	if s.tenant == nil || s.reading.read[path.S] {
		return true
	}
	if s.reading.read == nil {
		s.reading.read = map[string]bool{}
	}
	s.reading.read[path.S] = true
	s.reading.bytes += len(in.Bytes)
	s.reading.full = s.exceeds(s.reading.bytes, mostFileBytes, path.Pos, "bytes in its files of lists and secrets",
		"remove what is not needed")
	return !s.reading.full
}

// merge is data over that of the tenant, the plan or the branch. Each time what is under it is copied, so that
// large data of a tenant with many routes that have their own is bounded: beyond that it is a mistake, and what is
// under it is taken as it is.
func (s *source) merge(under, over *Data) *Data {
	if s.tenant == nil || len(over.Values) == 0 || len(under.Values) == 0 {
		return merge(under, over)
	}
	if s.merged > mostMerged {
		return under
	}
	s.merged += merges(under.Values, over.Values)
	if s.exceeds(s.merged, mostMerged, over.places.at,
		"keys in the data of all its routes and branches together (those of the tenant and of plans count for each that has data of its own)",
		"move what is the same for many into data of fewer keys") {
		return under
	}
	return merge(under, over)
}

// merges is how many keys merging copies.
func merges(under, over map[string]any) int {
	n := len(under) + len(over)
	for key, value := range over {
		below, wasMap := under[key].(map[string]any)
		above, isMap := value.(map[string]any)
		if wasMap && isMap {
			n += merges(below, above)
		}
	}
	return n
}

// claims is how many places the route takes among those by which calls find routes.
func (r *Route) claims() int { return max(1, len(r.Match.Accounts)) * max(1, len(r.Match.Dialed)) }

// asked is how many parts a condition has: itself, and the calendars, numbers, lists, variables and headers that it
// names, without their patterns. A route keeps something of each.
func (c *Condition) asked() int {
	n := 0
	c.walk(func(c *Condition) {
		n += 1 + len(c.Calendars) + len(c.Caller.Numbers) + len(c.Caller.Lists) + len(c.Dialed.Numbers) +
			len(c.Dialed.Lists) + len(c.Vars) + len(c.Headers)
	})
	return n
}
