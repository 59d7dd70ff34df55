package people

import (
	"strings"
	"testing"
)

func TestCheckPIN(t *testing.T) {
	t.Parallel()
	for pin, want := range map[string]string{
		"481516":        "",
		"112233":        "",
		"102030405060":  "",
		"":              "a PIN has digits only",
		"48151a":        "a PIN has digits only",
		"४८१५१६":        "a PIN has digits only",
		"48151":         "a PIN has 6 to 12 digits, found 5",
		"4815162342000": "a PIN has 6 to 12 digits, found 13",
		"000000":        "the PIN is easily guessed; use another one",
		"123456":        "the PIN is easily guessed; use another one",
		"98765432":      "the PIN is easily guessed; use another one",
	} {
		got := ""
		if err := CheckPIN(pin); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", pin, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" Anna\tBerger ": "Anna Berger", "Jose\u0301": "José", "": `expected a name, such as "Anna Berger"`,
		"a\x00b": `the name "a\x00b" contains a character that cannot be shown`, "\xff": "the name is not UTF-8",
		strings.Repeat("é", 100): strings.Repeat("é", 100),
		strings.Repeat("é", 101): "the name has 101 characters; the limit is 100",
	} {
		got, err := ParseName(text)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("name %q: got %q, want %q", text, got, want)
		}
	}
	const wrong = " as +493012345678 (with the country) or as an extension such as 1001"
	for text, want := range map[string]string{
		"+49 30/1234-5678": "+493012345678", "(10) 01": "1001", "030 12345678": `expected phone "030 12345678"` + wrong,
		"": `expected phone ""` + wrong, "+0123456": `expected phone "+0123456"` + wrong,
		"anna": `expected phone "anna"` + wrong,
	} {
		got, err := ParsePhone(text)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("phone %q: got %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"open, close": "see close open", "": "see", "history see\tbranch": "see branch history",
		"clsoe": `unknown permission "clsoe"; did you mean "close"?`,
		"all":   `unknown permission "all"; known: branch, close, history, message, open, refresh, see, see-people`,
	} {
		var got []string
		list, err := ParsePermissions(text)
		for _, p := range list {
			got = append(got, string(p))
		}
		text2 := strings.Join(got, " ")
		if err != nil {
			text2 = err.Error()
		}
		if text2 != want {
			t.Errorf("permissions %q: got %q, want %q", text, text2, want)
		}
	}
}

func TestHashPIN(t *testing.T) {
	t.Parallel()
	c := defaultCost()
	first, second := hashPIN("481516", c), hashPIN("481516", c)
	if !strings.HasPrefix(first, "$argon2id$v=19$m=32768,t=3,p=1$") || first == second {
		t.Errorf("got %q and %q", first, second)
	}
	for _, stored := range []string{first, second, hashPIN("481516", cost{memory: 64, time: 1, threads: 2})} {
		for pin, want := range map[string]bool{"481516": true, "481515": false, "": false} {
			if got, err := matchesPIN(stored, pin); got != want || err != nil {
				t.Errorf("%q against %q: got %v, %v", pin, stored, got, err)
			}
		}
	}
	for _, foreign := range []string{
		"", "x", "$2y$10$abcdefghijk", strings.Replace(first, "v=19", "v=16", 1),
		strings.Replace(first, "32768", "99999999", 1),
		strings.Replace(first, "t=3", "t=0", 1), strings.Replace(first, "p=1", "p=0", 1), first[:len(first)-8],
		strings.Replace(first, "t=3", "t=9999", 1), first + "$", strings.Replace(first, "$v", "$!!", 1),
	} {
		if ok, err := matchesPIN(foreign, "481516"); ok || err == nil {
			t.Errorf("%q: got %v, %v, want an error", foreign, ok, err)
		}
	}
}

// TestLimitsOfAPerson: the first of each kind that is too much is refused.
func TestLimitsOfAPerson(t *testing.T) {
	t.Parallel()
	phones, routes := []string{}, map[string][]Permission{}
	for i := range maxPhones + 1 {
		phones = append(phones, "10"+string(rune('0'+i/10))+string(rune('0'+i%10)))
	}
	for i := range maxRoutes + 1 {
		routes["r"+strings.Repeat("x", i)] = nil
	}
	for want, n := range map[string]New{
		"21 phones; the limit is 20":                                {Name: "a", Phones: phones},
		"1001 routes; the limit is 1000":                            {Name: "a", May: routes},
		`expected language as a tag such as de or en-us, found "x"`: {Name: "a", Language: "x"},
	} {
		if _, err := n.check(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
