package config

import "github.com/callhours/callhours/internal/diag"

// What a tenant's file may define in all. Each definition may be within its own bounds, and there may be many; a plan's branches count for every route
// that has it.
const (
	mostCalendars = 2_000
	mostRoutes    = 5_000
	mostBranches  = 50_000  // of all its routes
	mostNumbers   = 200_000 // of all its lists
)

// exceeds reports whether a tenant defines more of something than it may, which is its mistake; cure says what to do. The operator may define any number.
func (s *source) exceeds(n, most int, p diag.Pos, what, cure string) bool {
	if s.tenant == nil || n <= most {
		return false
	}
	s.mistake(p, "tenant %q has more than %d %s; %s", s.tenant.Name, most, what, cure)
	return true
}
