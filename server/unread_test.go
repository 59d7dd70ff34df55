package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnreadData: an optional field that is misspelt changes nothing; the load says so.
func TestUnreadData(t *testing.T) {
	t.Parallel()
	const unread = "data_unread: callhours.yaml:"
	for _, c := range []struct {
		name, yaml string
		files      map[string]string
		want       []string
	}{
		{
			name: "a route's", yaml: strings.Replace(office, "data: {", "data: {timout: 20, ", 1),
			want: []string{unread + `13:12: no template reads data "timout"; did you mean "timeout"?`},
		},
		{
			name: "everybody's, said once",
			yaml: "data: {Time-Out: 20}\n" + strings.Replace(office, "routes:", "routes:\n"+
				"  - {name: second, plan: office, calendars: {hours: hours, closures: [holidays]}, data: {front_desk: "+
				frontDesk+", voicemail: "+voicemail+"}}", 1),
			want: []string{unread + `5:8: no template reads data "Time-Out"; did you mean "timeout"?`},
		},
		{
			name: "a branch's",
			yaml: branches(holidayBranch,
				`name: open, when: {calendar: hours, summary: "open*"}, template: ring-then-voicemail, data: {timeuot: 9}`),
			want: []string{unread + `14:103: no template reads data "timeuot"; did you mean "timeout"?`},
		},
		{
			name: "over that of everybody",
			yaml: "data: {timeout: 30}\n" + strings.Replace(office, "data: {", "data: {timout: 20, ", 1),
			want: []string{unread + `14:12: no template reads data "timout"; did you mean "timeout"?`},
		},
		{
			name: "a note beside it",
			yaml: strings.Replace(office, "data: {", "data: {timout: 20, timeout: 30, ", 1),
		},
		{
			name: "notes", yaml: strings.Replace(office, "data: {", "data: {ticket: 20, message2: x, owner: Ada, ", 1),
		},
		{
			name: "what another branch reads",
			yaml: "templates: t\n" + branches(holidayBranch,
				`name: open, when: {calendar: hours, summary: "open*"}, template: ring-then-voicemail, data: {x: 1}`,
				`name: odd, state: other, when: {calendar: hours}, template: own`) + "data: {timout: 20}\n",
			files: map[string]string{"t/own.json.tmpl": `{"module":"sleep","data":{"duration":{{ .Data.timout }}}}`},
		},
		{
			name: "what a text in data reads",
			yaml: "data: {mesage: x}\n" +
				branches(
					`name: open, when: {calendar: hours}, template: announce, data: {message: 'Hello {{ .Data.mesage }}'}`),
		},
		{
			name: "who reads all of it",
			yaml: "templates: t\n" + strings.Replace(office, "data: {",
				"answers: {open: all}\n    data: {voicemial: x, ", 1),
			files: map[string]string{
				"t/all.json.tmpl": `{"module":"hangup","data":{"x":{{ len .Data }}}}`,
			},
		},
		{
			name: "names of a condition",
			yaml: branches(`name: on, state: open, when: {calendar: hours, names: timeouts}, template: ring-then-voicemail`) +
				"data: {timeouts: {Ada: x}}\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range find(t, head+c.yaml, c.files) {
				if f.Kind == "data_unread" {
					got = append(got, f.Kind+": "+f.Pos.String()+": "+f.Message)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
