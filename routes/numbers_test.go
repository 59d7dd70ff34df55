package routes

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
)

func TestNumbersHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, written, region string
		fits, not             []string
	}{
		{
			"with a plus", "+14155550100", "",
			[]string{
				"+14155550100", "14155550100", "0014155550100", "+1 (415) 555-0100", "1.415.555/0100",
				" +14155550100",
			},
			[]string{"4155550100", "+14155550101", "+141555501000", "14155550100x", ""},
		},
		{
			"of a region", "+14155550100", "US",
			[]string{"+14155550100", "14155550100", "4155550100", "(415) 555-0100"},
			[]string{"04155550100", "5550100"},
		},
		{
			"nationally written", "030 1234567", "DE",
			[]string{"+49301234567", "49301234567", "0049301234567", "0301234567", "030/1234567"},
			[]string{"301234567", "+0301234567"},
		},
		{
			"nationally written in North America", "(415) 555-2671", "us",
			[]string{"+14155552671", "14155552671", "4155552671"},
			[]string{"+4155552671"},
		},
		{"without a plus", "14155550100", "", []string{"14155550100", "+14155550100"}, []string{"4155550100"}},
		{"an extension", "1001", "US", []string{"1001", "10-01"}, []string{"+1001", "11001", "+11001", "001001"}},
		{"an emergency number", "911", "US", []string{"911"}, []string{"+911", "+1911", "1911"}},
		{"seven digits", "5550100", "US", []string{"5550100"}, []string{"+5550100", "+15550100"}},
		{"a service", "*411", "", []string{"*411"}, []string{"411", "*4111"}},
		{"a name", "user_7kq2zp", "", []string{"user_7kq2zp", "USER_7KQ2ZP"}, []string{"7", "user_7kq2z"}},
		{"a filler", "anonymous", "", []string{"Anonymous", "anonymous"}, []string{"anonymous.invalid"}},
		{"beyond ASCII", "Zoë", "", []string{"ZOË", "zoë"}, []string{"zoe"}},
		{
			"a prefix", "+1415*", "",
			[]string{"+14155550100", "14155550100", "001415555010", "+1415"},
			[]string{"+14165550100", "1415", "14155", "415555010000"},
		},
		{
			"a prefix of a region", "+4930*", "DE",
			[]string{"+49301234567", "0301234567", "49301234567"},
			[]string{"030", "301234567"},
		},
		{
			"a prefix of extensions", "4*", "DE",
			[]string{"4", "4711", "49301234567"},
			[]string{"+4", "+49301234567", "0049"},
		},
		{"a prefix of names", "user_*", "", []string{"user_7kq2zp", "User_"}, []string{"user"}},
		{"a star in the middle", "*72*", "", []string{"*72", "*721001"}, []string{"72"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var n numbers
			if err := n.add(diag.Text{S: c.written}, c.region); err != nil {
				t.Fatal(err)
			}
			for _, v := range c.fits {
				if !n.has(v) {
					t.Errorf("%q in %q: %q does not fit", c.written, c.region, v)
				}
			}
			for _, v := range c.not {
				if n.has(v) {
					t.Errorf("%q in %q: %q fits", c.written, c.region, v)
				}
			}
		})
	}
}

func TestNumbersMistakes(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"*":           `"*" fits every number; write digits before the *, or leave the condition out`,
		"+1*55":       `"+1*55": * is only allowed at the end of a number`,
		"hello world": `"hello world" is not a number; expected digits, such as "+14155550100" or "1001", or a name without blanks`,
		"":            `"" is not a number; expected digits, such as "+14155550100" or "1001", or a name`,
		strings.Repeat("7", 100): `"` + strings.Repeat("7", 20) +
			`…" is too long for a number; the limit is 64 characters`,
	} {
		var n numbers
		if err := n.add(diag.Text{S: written}, ""); err == nil || err.Error() != want {
			t.Errorf("add(%q): got %v, want %s", written, err, want)
		}
	}
}

func TestNumbersHasAllocatesNothing(t *testing.T) {
	var n numbers
	for _, w := range []string{"+14155550100", "+1415*", "1001"} {
		if err := n.add(diag.Text{S: w}, "US"); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []string{"+1 (415) 555-0100", "14155559999", "anonymous", strings.Repeat("9", 300)} {
		if got := testing.AllocsPerRun(100, func() { n.has(v) }); got != 0 {
			t.Errorf("has(%q): got %v allocations, want 0", v, got)
		}
	}
}

// TestNormalIsBounded: of a text that is longer than a number only the beginning is looked at, and
// what could be read twice as often as it is long (blanks before pluses, which may each be the
// leading one) is read once.
func TestNormalIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value, want string
	}{
		{"blanks before a plus", strings.Repeat(" ", 8) + "+1", "+1"},
		{"blanks before pluses", "  ++1", "  ++1"},
		{"a plus behind a bracket", "(+1", "(+1"},
		{"the longest number", "1" + strings.Repeat(" ", maxNumber-2) + "2", "12"},
		{"one byte more", "1" + strings.Repeat(" ", maxNumber-1) + "2", "1" + strings.Repeat(" ", longest-1)},
		{"a long name", strings.Repeat("A", 4*maxNumber), strings.Repeat("a", longest)},
		{"a long name that shrinks in lower case", strings.Repeat("\u212a", 4*maxNumber), strings.Repeat("k", longest)},
		{"a long name cut within a letter", strings.Repeat("é", 4*maxNumber), strings.Repeat("é", longest/2)},
	} {
		if got := string(normal(nil, c.value)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	// What lies behind the bound cannot matter: it is not looked at.
	for _, head := range []string{" ", "+", "7", "é", "-"} {
		long := strings.Repeat(head, maxNumber)
		if a, b := normal(nil, long+"x"), normal(nil, long+strings.Repeat(" +7é", 1<<14)); string(a) != string(b) {
			t.Errorf("%q: what follows %d bytes makes %q of %q", head, maxNumber, b, a)
		}
	}
}

// FuzzNumbers: what is listed is found as it was written, and no plus is forgiven to a short
// number.
func FuzzNumbers(f *testing.F) {
	f.Add("+14155550100", "+14155550100", "US")
	f.Add("030*", "0301234", "DE")
	f.Add("*411", "411", "")
	f.Add("user_7kq2zp", "USER_7KQ2ZP", "xx")
	f.Add("1*", strings.Repeat(" ", 300)+"+1", "")
	f.Fuzz(func(t *testing.T, written, value, region string) {
		var n numbers
		if n.add(diag.Text{S: written}, region) != nil {
			return
		}
		if !n.has(strings.TrimSuffix(written, "*")) {
			t.Errorf("%q is not in itself", written)
		}
		if rest, plus := strings.CutPrefix(value, "+"); plus && len(rest) < forgiving &&
			strings.Trim(rest, "0123456789") == "" &&
			n.has(value) && !strings.HasPrefix(strings.TrimLeft(written, " .-()/"), "+") && len(written) < forgiving {
			t.Errorf("%q fits %q", value, written)
		}
	})
}

func texts(values ...string) []diag.Text {
	var out []diag.Text
	for i, v := range values {
		out = append(out, diag.Text{Pos: diag.Pos{File: "callhours.yaml", Line: 10, Col: 5 + i}, S: v})
	}
	return out
}
