package routes

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
)

func TestDialable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, want string }{
		{"+442079460O18", `"+442079460O18" has the letter 'O'; did you mean the digit 0?`},
		{"+44 20 7946 0l18", `has the letter 'l'; did you mean the digit 1?`},
		{"+44800HELP", `has 'H' after its +`},
		{"++442079460018", `begins with more than one +`},
		{"+", `is a + without digits`},
		{"+ ()", `is a + without digits`},
		{"2001,2002", `several numbers in one text; write a list such as ["2001", "2002"]`},
		{"+442079460018; +442079460019", `several numbers in one text`},
		{"tel:+442079460018", `is a URI, and Kazoo sends the number alone; write "+442079460018"`},
		{"SIP:2001@pbx.example.com", `write "2001"`},
		{"+44 (0)20 7946 0018", `write "+44 20 7946 0018"`},
		{"\u202a+442079460018", `the invisible character U+202A`},
		{"٢٠٠١", `write the number with 0 to 9`},
		{"2001-2010", `"2001-2010" is read as one number, not as those from 2001 to 2010; list them`},
		{"20 – 39", `not as those from 20 to 39`},
		{"2001..2010", `not as those from 2001 to 2010`},
		{"2O01", `has the letter 'O'; did you mean the digit 0?`},
		{"20 7946 O0l8", `has the letter 'O'; did you mean the digit 0?`},
		{"020\u00a07946\u00a00018", `has the typographic character U+00A0, as it comes with a copy; write "020 7946 0018"`},
		{"0800–7946–0018", `write "0800-7946-0018"`},
		{"2010-2001", ""},
		{"7946-0018", ""},
		{"555-0100", ""},
		{"+442079460018", ""},
		{"+44 (20) 7946-0018", ""},
		{"+39 (0)6 123456", ""},
		{"+4420*", ""},
		{"020 7946 0018", ""},
		{"2001", ""},
		{"*97", ""},
		{"0800-FLOWERS", ""},
		{"reception", ""},
		{"sip", ""},
		{"smith,john", ""},
		{"Zoë", ""},
	} {
		number := []diag.Text{{S: c.written}}
		for where, o := range map[string]Options{
			"match":  {Match: Match{Dialed: number}},
			"dialed": {Branches: []Branch{{When: &Condition{Dialed: Numbers{Listed: number}}}}},
			"caller": {Branches: []Branch{{When: &Condition{Caller: Numbers{Listed: number}}}}},
			"list":   {Branches: []Branch{{When: &Condition{Caller: Numbers{Lists: []List{{Numbers: number}}}}}}},
		} {
			_, mistakes := New(o)
			got := ""
			if len(mistakes) > 0 {
				got = mistakes[0].Error()
			}
			if !strings.Contains(got, c.want) || c.want == "" && got != "" || len(mistakes) > 1 {
				t.Errorf("%s %q: got %q of %d, want %q", where, c.written, got, len(mistakes), c.want)
			}
		}
	}
}
