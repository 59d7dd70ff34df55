package config

import "slices"

// section is a kind of mapping in the YAML.
type section int

const (
	inMain section = iota
	inInclude
	inAuth
	inBasic
	inTLS
	inPublicURL
	inDatabase
	inLog
	inMetrics
	inDecisions
	inHours
	inGrant
	inSecret
	inList
	inTenant
	inCalendar
	inHolidays
	inHost
	inLimits
	inExpect
	inFilter
	inPlan
	inRoute
	inMatch
	inBranch
	inAnswer
	inUpstream
	inCondition
	inListRef

	inTests
	inTestCalendar
	inTestEvent
	inTest
	inTestCall
	inTestWant
	inTestUpstream
)

// sectionNames are what messages and docs/config.md call each place.
var sectionNames = map[section]string{
	inMain:      "the main file",
	inInclude:   "an included file",
	inAuth:      "auth",
	inBasic:     "basic",
	inTLS:       "tls",
	inPublicURL: "public_url",
	inDatabase:  "database",
	inLog:       "log",
	inMetrics:   "metrics",
	inDecisions: "decisions",
	inHours:     "hours",
	inGrant:     "an entry of tenants",
	inSecret:    "a secret",
	inList:      "a list of numbers",
	inTenant:    "tenant",
	inCalendar:  "a calendar",
	inHolidays:  "holidays",
	inHost:      "a host",
	inLimits:    "limits",
	inExpect:    "expect",
	inFilter:    "a filter",
	inPlan:      "a plan",
	inRoute:     "a route",
	inMatch:     "match",
	inBranch:    "a branch",
	inAnswer:    "an answer",
	inUpstream:  "upstream",
	inCondition: "a condition",
	inListRef:   "a list's name",

	inTests:        "a test file",
	inTestCalendar: "a calendar of a test",
	inTestEvent:    "an event",
	inTest:         "a test",
	inTestCall:     "call",
	inTestWant:     "want",
	inTestUpstream: "an upstream of a test",
}

// keysOf holds the names of keyTable and testKeys by place.
var keysOf = func() map[section][]string {
	names := map[section][]string{}
	for _, k := range slices.Concat(keyTable, testKeys) {
		names[k.section] = append(names[k.section], k.name)
	}
	return names
}()

// table is the one of keyTable and testKeys that a place stands in.
func (s section) table() []key {
	if s >= inTests {
		return testKeys
	}
	return keyTable
}

// defaultOf is what holds, as the table has it, where a key is not given.
func defaultOf(section section, name string) string {
	i := slices.IndexFunc(keyTable, func(k key) bool { return k.section == section && k.name == name })
	return keyTable[i].def
}
