package vocabulary_test

import (
	"testing"

	"github.com/callhours/callhours/templates/vocabulary"
)

func TestHints(t *testing.T) {
	t.Parallel()
	event := []string{"AllDay", "Calendar", "Categories", "Description", "End", "Location", "Start", "Summary", "UID"}
	call := []string{"CallerName", "CallerNumber", "From"}
	for _, c := range []struct{ got, want string }{
		{vocabulary.RootHint(".Values"), `; did you mean ".Data"?`},
		{vocabulary.RootHint(".CallerName"), `; did you mean ".Call.CallerName"?`},
		{vocabulary.RootHint(".Var"), `; write .Call.Var "NAME"`},
		{vocabulary.RootHint(".Evnt"), `; did you mean ".Event"?`},
		{vocabulary.MemberHint(".Call", "Headers", call), `; write .Call.Header "NAME"`},
		{
			vocabulary.MemberHint(".Call", "Fron", call),
			`; a call has CallerName, CallerNumber, From; did you mean "From"?`,
		},
		{
			vocabulary.MemberHint(".Call", "Caller", call),
			`; a call has CallerName, CallerNumber, From; did you mean "CallerNumber"?`,
		},
		{vocabulary.MemberHint(".Event", "Sumary", event), `; did you mean "Summary"?`},
		{
			vocabulary.MemberHint(".Event", "Xyzzy", event),
			"; an event has AllDay, Calendar, Categories, Description, End, Location, Start, Summary, UID",
		},
		{vocabulary.MemberHint(".Match", "Val", []string{"Name", "Value"}), `; did you mean "Value"?`},
		{vocabulary.MemberHint(".Match", "x", []string{"Name", "Value"}), "; known: Name, Value"},
		{vocabulary.MemberHint(".x", "Lang", []string{"Language", "LangCode"}), `; did you mean "LangCode"?`},
		{vocabulary.CallHint([]string{"Vars", "step"}), `.Call.Vars is not a map; write .Call.Var "step"`},
		{vocabulary.CallHint([]string{"From", "step"}), ""},
		{vocabulary.KeyHint(".Call", "Caller-ID-Number", ""), "write {{ .Call.CallerNumber }}"},
		{vocabulary.KeyHint(".Data", "a-b", ".c"), ""},
		{vocabulary.GetHint(".Data", "a-b", ".c"), `(get .Data "a-b").c`},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
