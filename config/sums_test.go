package config

import (
	"regexp"
	"testing"
)

// TestSums: of each key of a tenant's file that is an amount, may be repeated or names something
// large, it is known what bounds it for the whole tenant. A key that is new has to be put here.
func TestSums(t *testing.T) {
	t.Parallel()
	const (
		values  = "maxValues of a file"
		files   = "maxFiles, maxFileBytes, maxPaths, maxLooked, maxSecrets"
		steps   = "calendars.maxPatterns, server.maxFilterSteps, maxTenantFilterSteps and maxCompared"
		asks    = "routes.maxConditions, maxOnCalls and maxOnEvents of a route; maxBranches, maxAsked, maxExpressed"
		lowered = "the operator's limits, which a tenant only lowers; calendars.ownerTimes, ownerBytes"
		samples = "templates.MaxSource; what sample calls of a tenant take"
	)
	bounds := map[section]map[string]string{
		inInclude: {
			"secrets": files, "data": "maxMerged", "lists": "maxLists, maxNumbers",
			"calendars": "maxCalendars", "plans": values + "; maxBranches", "routes": "maxRoutes",
		},
		inAuth:   {"networks": values, "trusted_proxies": values},
		inList:   {"file": files, "numbers": "maxNumbers"},
		inTenant: {"account": "maxClaims", "labels": "maxLabels", "hours": values},
		inCalendar: {
			"file": "calendars.ownerBytes, filesTimes", "holidays": "maxOwnDays", "headers": "calendars.maxHeaders",
			"ca_file": "feeds.maxTenantCAFile, maxTenantCAFiles, maxTenantBundles", "only": steps, "except": steps, "limits": lowered,
		},
		inHolidays: {"open_on": "maxOwnDays", "also": "maxOwnDays", "half_days": "maxOwnDays"},
		inFilter:   {"summary": steps, "description": steps, "location": steps, "category": steps},
		inPlan:     {"calendars": values, "branches": "maxBranches", "data": "maxMerged"},
		inRoute: {
			"path": values, "hours": values, "data": "maxMerged", "branches": "maxBranches",
			"calendars": values, "answers": values,
		},
		inMatch:     {"account": "maxClaims", "dialed": "maxClaims"},
		inBranch:    {"callflow": samples, "data": "maxMerged", "when": asks},
		inAnswer:    {"callflow": samples, "data": "maxMerged"},
		inCondition: {},
		inLimits:    {},
	}
	for _, k := range keyTable {
		switch k.section {
		case inCondition:
			bounds[inCondition][k.name] = asks
		case inLimits:
			bounds[inLimits][k.name] = lowered
		}
	}
	many := regexp.MustCompile(`s$|s by |list|amount|data|path$`)
	for _, k := range keyTable {
		of, ok := bounds[k.section]
		if ok && many.MatchString(k.format) && of[k.name] == "" {
			t.Errorf("nothing is said of what bounds %q (%s) for a tenant", k.name, k.format)
		}
		delete(of, k.name)
	}
	for place, left := range bounds {
		for name := range left {
			t.Errorf("there is no key %q at %v", name, place)
		}
	}
}
