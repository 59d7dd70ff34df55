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
		files   = "mostFiles, mostFileBytes, mostPaths, mostLooked, mostSecrets"
		steps   = "calendars.maxPatterns, server.mostFilterSteps, mostTenantFilterSteps and mostCompared"
		asks    = "routes.maxConditions, maxOnCalls and maxOnEvents of a route; mostBranches, mostAsked, mostExpressed"
		lowered = "the operator's limits, which a tenant only lowers; calendars.ownerTimes, ownerBytes"
		samples = "templates.MaxSource; what sample calls of a tenant take"
	)
	bounds := map[section]map[string]string{
		inInclude: {
			"secrets": files, "data": "mostMerged", "lists": "mostLists, mostNumbers",
			"calendars": "mostCalendars", "plans": values + "; mostBranches", "routes": "mostRoutes",
		},
		inAuth:   {"networks": values, "trusted_proxies": values},
		inList:   {"file": files, "numbers": "mostNumbers"},
		inTenant: {"account": "mostClaims", "labels": "maxLabels", "hours": values},
		inCalendar: {
			"file": "calendars.ownerBytes, filesTimes", "headers": "calendars.maxHeaders",
			"ca_file": "4 MiB each; mostCalendars", "only": steps, "except": steps, "limits": lowered,
		},
		inFilter: {"summary": steps, "description": steps, "location": steps, "category": steps},
		inPlan:   {"calendars": values, "branches": "mostBranches", "data": "mostMerged"},
		inRoute: {
			"path": values, "hours": values, "data": "mostMerged", "branches": "mostBranches",
			"calendars": values, "answers": values,
		},
		inMatch:     {"account": "mostClaims", "dialed": "mostClaims"},
		inBranch:    {"callflow": samples, "data": "mostMerged", "when": asks},
		inAnswer:    {"callflow": samples, "data": "mostMerged"},
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
