package server

import "strings"

// shiftOf is an event of a rota, on one day of December 2026.
func shiftOf(title, from, to string) string { return event(title, "202612"+from, "202612"+to) }

// rota is onCall with more people.
var rota = strings.Replace(onCall, `{Maria: "+14155550100", Bob: "+14155550101"}`,
	`{Bernd: "1", Chloe: "2", Anna: "3", Anna Schmidt: "4", Robert: "5", Rob: "5"}`, 1)

// uncovered is a rota in which nobody may be on call.
var uncovered = strings.Replace(rota, ", expect: covered", "", 1)

// lintShifts are about who is on call.
var lintShifts = []lintCase{
	{
		name: "people whom nobody knows", yaml: rota, files: hours(event("Anna", "20261120", "20261201"),
			shiftOf("Klaus", "01", "02"), shiftOf("Berndt", "02", "03"), shiftOf("Bern", "03", "04"),
			shiftOf("On call: Bernhard", "04", "05"), shiftOf("Cloe", "05", "06"), shiftOf("Klaus", "06", "07"),
			event("Chloe", "20261207", "20280101")),
		want: []string{
			`shift_unfilled: hours.ics:11: "Klaus" (2 events, first on Tue 2026-12-01 00:00) contains no name of people, and no one else is on call then; correct the title; known: Anna, Anna Schmidt, Bernd, Chloe, Rob, Robert [shift_unfilled]`,
			`shift_unfilled: "Berndt" (1 event, on Wed 2026-12-02 00:00) contains no name of people, and no one else is on call then; correct the title; did you mean "Bernd"? [`,
			`shift_unfilled: "Bern" (1 event, on Thu 2026-12-03 00:00) contains no name of people, and no one else is on call then; correct the title; did you mean "Bernd"? [`,
			`shift_unfilled: "On call: Bernhard" (1 event, on Fri 2026-12-04 00:00) contains no name of people, and no one else is on call then; correct the title; did you mean "Bernd"? [`,
			`shift_unfilled: "Cloe" (1 event, on Sat 2026-12-05 00:00) contains no name of people, and no one else is on call then; correct the title; did you mean "Chloe"? [`,
		},
	},
	{
		name: "a rota that need not be covered", yaml: uncovered,
		files: hours(shiftOf("Klaus", "01", "02"), event("Chloe", "20261202", "20280101")),
		want: []string{
			`shift_unclear: warning: hours.ics:4: "Klaus" (1 event, on Tue 2026-12-01 00:00) contains no name of people, and no one else is on call then; correct the title; known: `,
		},
	},
	{
		name: "somebody else meanwhile", yaml: rota,
		files: hours(event("Chloe", "20261120", "20280101"), shiftOf("Berndt", "05T100000"+ny, "05T120000"+ny)),
		want: []string{
			`shift_unclear: warning: hours.ics:11: "Berndt" (1 event, on Sat 2026-12-05 10:00) contains no name of people, while someone else is on call; correct the title; did you mean "Bernd"? [`,
		},
	},
	{
		name: "somebody else for a part of it", yaml: rota,
		files: hours(event("Anna", "20261120", "20261205"), shiftOf("Klaus", "03", "07"),
			event("Chloe", "20261207", "20280101")),
		want: []string{`shift_unfilled: hours.ics:11: "Klaus" (1 event, on Thu 2026-12-03 00:00)`},
	},
	{
		name: "two people in one title", yaml: rota,
		files: hours(event("Chloe", "20261120", "20261205"), shiftOf("Bernd/Chloe", "05", "06"),
			event("Chloe", "20261206", "20280101")),
		want: []string{
			`shift_unfilled: hours.ics:11: "Bernd/Chloe" (1 event, on Sat 2026-12-05 00:00) contains 2 names of people: "Bernd", "Chloe"; "Bernd" answers the calls; write only one of them [`,
		},
	},
	{
		name: "two people in one title, where nobody need be on call", yaml: uncovered,
		files: hours(shiftOf("Anna or Bernd", "05", "06"), event("Chloe", "20261206", "20280101")),
		want:  []string{`shift_unclear: warning: hours.ics:4: "Anna or Bernd" (1 event, on Sat 2026-12-05 00:00)`},
	},
	{
		name: "a name within another, and two of one person", yaml: rota,
		files: hours(event("Anna Schmidt", "20261120", "20261205"), event("Robert (Rob)", "20261205", "20280101")),
	},
	{
		name: "what another branch asks for by its title",
		yaml: strings.Replace(rota, "      - {name: closed,",
			"      - {name: hands-off, state: other, when: {calendar: hours, summary: \"handover*\"}, template: voicemail}\n      - {name: closed,", 1),
		files: hours(event("Chloe", "20261120", "20280101"),
			shiftOf("Handover talk", "05T100000"+ny, "05T120000"+ny)),
	},
	{
		name: "people of two lists",
		yaml: strings.Replace(strings.Replace(rota, "      - {name: closed,",
			"      - {name: agency, state: other, when: {calendar: hours, names: agencies}, callflow: '{\"module\":\"hangup\"}'}\n      - {name: closed,", 1),
			"people: {", "agencies: {Acme: 1}, people: {", 1),
		files: hours(event("Chloe", "20261120", "20261205"), event("Acme", "20261205", "20280101")),
	},
	{
		name: "what goes on beyond what is looked at", yaml: rota,
		files: hours(event("Chloe", "20261120", "20280601"), event("Renovation", "20271001", "20280401")),
		want: []string{
			`shift_unclear: warning: hours.ics:11: "Renovation" (1 event, on Fri 2027-10-01 00:00) contains no name of people, while someone else is on call`,
		},
	},
	{
		name: "what begins at the end of what is looked at", yaml: rota,
		files: hours(event("Chloe", "20261120", "20280120"), event("Renovation", "20271201", "20280601")),
		want:  []string{`shift_unclear: warning: hours.ics:11: "Renovation" (1 event, on `},
	},
	{
		name: "a shift that is over", yaml: rota,
		files: hours(event("Klaus", "20261101", "20261120"), event("Chloe", "20261120", "20280101")),
	},
}
