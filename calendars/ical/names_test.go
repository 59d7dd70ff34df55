package ical

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNames: the further names of an event are read, up to the limit.
func TestNames(t *testing.T) {
	t.Parallel()
	var more strings.Builder
	var want []Name
	for i := range maxNames - 2 {
		fmt.Fprintf(&more, "X-CALLHOURS-NAME:Name %d\r\n", i)
		want = append(want, Name{"", fmt.Sprint("Name ", i)})
	}
	body := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20270101\r\nSUMMARY;LANGUAGE=de:Neujahr\r\n" +
		"X-CALLHOURS-NAME;LANGUAGE=" + strings.Repeat("x", longestLanguage+1) + ":too long\r\nX-CALLHOURS-NAME:\r\n" +
		"X-CALLHOURS-NAME;LANGUAGE=EN-us:New Year\\, 1 January\r\nX-CALLHOURS-NAME;LANGUAGE=fr:Nouvel An\r\n" +
		more.String() + "X-CALLHOURS-NAME:one too many\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	read, err := Read(File{Body: []byte(body)}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want = append([]Name{{"en-us", "New Year, 1 January"}, {"fr", "Nouvel An"}}, want...)
	if diff := cmp.Diff(want, read.Events[0].Names); diff != "" || read.Events[0].Summary != "Neujahr" {
		t.Errorf("title %q, names (-want +got):\n%s", read.Events[0].Summary, diff)
	}
}
