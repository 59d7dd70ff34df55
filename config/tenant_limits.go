package config

import "github.com/callhours/callhours/internal/diag"

// Limits of what a tenant's file may define in all. Each definition may be within its own bounds,
// and there may be many; a plan's branches count for every route with the plan.
const (
	maxAccounts       = 1_000  // or as many as the main file gives it
	maxGranted        = 10_000 // accounts that the main file gives one tenant
	maxCalendars      = 2_000
	maxRoutes         = 5_000
	maxBranches       = 50_000  // of all its routes
	maxConditionParts = 500_000 // parts of the conditions of all its routes
	maxRoles          = 100     // of a plan
	maxMatchNumbers   = 100_000 // numbers that its routes match, each for each account that they match
	maxLists          = 2_000
	maxNumbers        = 200_000 // of all its lists
	maxFiles          = 5_000   // that it names, of lists and secrets; those of its calendars have bounds of their own
	maxFileBytes      = 32 << 20
	maxPaths          = 100       // under its key secrets
	maxGlobNames      = 1_000_000 // names that its globs look at, those of a directory for each glob
	maxSecrets        = 20_000    // keys and values in its files of secrets
	maxMergedKeys     = 1_000_000 // keys of data that are merged for its routes and branches
	maxRegexSteps     = 1_000_000 // steps in the programs of its regular expressions, as often as they are written
)

// exceeds reports whether a tenant defines more of something than it may, as the tenant's mistake;
// advice says what to do. The operator may define any number.
func (s *source) exceeds(n, limit int, pos diag.Pos, what, advice string) bool {
	if s.tenant == nil || n <= limit {
		return false
	}
	s.mistake(pos, "tenant %q has more than %d %s; %s", s.tenant.Name, limit, what, advice)
	return true
}

// mayRead reports whether a tenant may read one more file; each file counts once. Beyond the bound
// it reports that once, and nothing more is read.
func (s *source) mayRead(path Text) bool {
	switch {
	case s.tenant == nil || s.namedFiles.seen[path.S]:
		return true
	case s.namedFiles.full:
		return false
	}
	if s.namedFiles.seen == nil {
		s.namedFiles.seen = map[string]bool{}
	}
	s.namedFiles.seen[path.S] = true
	s.namedFiles.full = s.exceeds(len(s.namedFiles.seen), maxFiles, path.Pos, "files of lists and secrets",
		"put what is in them into fewer files")
	return !s.namedFiles.full
}

// countRead adds up what the files hold that a tenant names, when one was read for the first time;
// false if it is more than it may.
func (s *source) countRead(path Text, input *Input) bool {
	if s.tenant == nil || s.namedFiles.read[path.S] {
		return true
	}
	if s.namedFiles.read == nil {
		s.namedFiles.read = map[string]bool{}
	}
	s.namedFiles.read[path.S] = true
	s.namedFiles.bytes += len(input.Bytes)
	s.namedFiles.full = s.exceeds(s.namedFiles.bytes, maxFileBytes, path.Pos,
		"bytes in its files of lists and secrets",
		"remove what is not needed")
	return !s.namedFiles.full
}

// merge is data over that of the tenant, the plan or the branch. Each time what is under it is
// copied, so that large data of a tenant with many routes that have their own is bounded: beyond
// that it is a mistake, and what is under it is taken as it is.
func (s *source) merge(base, overlay *Data) *Data {
	if s.tenant == nil || len(overlay.Values) == 0 || len(base.Values) == 0 {
		return merge(base, overlay)
	}
	if s.mergedKeys > maxMergedKeys {
		return base
	}
	s.mergedKeys += copiedKeys(base.Values, overlay.Values)
	if s.exceeds(s.mergedKeys, maxMergedKeys, overlay.positions.pos,
		"keys in the data of all its routes and branches together (those of the tenant and of plans count for each "+
			"that has data of its own)",
		"move what is the same for many into data of fewer keys") {
		return base
	}
	return merge(base, overlay)
}

// copiedKeys is how many keys a merge copies.
func copiedKeys(base, overlay map[string]any) int {
	n := len(base) + len(overlay)
	for key, value := range overlay {
		baseMap, wasMap := base[key].(map[string]any)
		overlayMap, isMap := value.(map[string]any)
		if wasMap && isMap {
			n += copiedKeys(baseMap, overlayMap)
		}
	}
	return n
}

// matchCount is how many keys the route takes in the table by which calls find routes.
func (r *Route) matchCount() int { return max(1, len(r.Match.Accounts)) * max(1, len(r.Match.Dialed)) }

// parts is how many parts a branch's condition has: itself, and the calendars, numbers, lists,
// variables and headers that it names, without their patterns. A route keeps something of each. 256
// bytes of a text count as one more, and so do those of a callflow: a route reads its plan's anew.
func (b *Branch) parts() int {
	n := bytesAsParts(b.Callflow)
	b.When.walk(func(c *Condition) {
		n += 1 + len(c.Calendars) + len(c.Caller.Numbers) + len(c.Caller.Lists) + len(c.Dialed.Numbers) +
			len(c.Dialed.Lists) + len(c.Vars) + len(c.Headers)
		n += bytesAsParts(c.Names)
		for _, texts := range [][]Text{
			c.Caller.Numbers, c.Dialed.Numbers, c.CallerName, c.Account, c.Digits, c.Events.Summary, c.Events.Description,
			c.Events.Location, c.Events.Category,
		} {
			n += bytesAsParts(texts...)
		}
		for _, fields := range [][]Field{c.Vars, c.Headers} {
			for _, f := range fields {
				n += bytesAsParts(f.Name) + bytesAsParts(f.Values...)
			}
		}
	})
	return n
}

// bytesAsParts is how many parts the bytes of texts count as, beside the texts themselves.
func bytesAsParts(texts ...Text) int {
	const bytesOfPart = 256
	n := 0
	for _, t := range texts {
		n += len(t.S) / bytesOfPart
	}
	return n
}
