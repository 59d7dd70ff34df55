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
		_, mistakes := New(Options{Name: "main", Match: Match{Dialed: []diag.Text{{S: c.written}}}})
		got := ""
		if len(mistakes) > 0 {
			got = mistakes[0].Error()
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" || len(mistakes) > 1 {
			t.Errorf("%q: got %q of %d, want %q", c.written, got, len(mistakes), c.want)
		}
	}
}
