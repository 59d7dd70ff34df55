package funcs

import (
	"strings"
	"testing"
)

func TestPhone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ language, number, want string }{
		{"en", "+1 (415) 555-0100", "1, 4 1 5, 5 5 5, 0 1 0 0"},
		{"en-us", "+14155550100", "1, 4 1 5, 5 5 5, 0 1 0 0"},
		{"en", "(415) 555-0100", "4 1 5, 5 5 5, 0 1 0 0"},
		{"en", "415.555.0100", "4 1 5, 5 5 5, 0 1 0 0"},
		{"en", "4155550100", "4 1 5, 5 5 5, 0 1 0 0"},
		{"en", "14155550100", "1, 4 1 5, 5 5 5, 0 1 0 0"},
		{"en", "24155550100", "2 4 1, 5 5 5, 5 0 1, 0 0"},
		{"en", "5550100", "5 5 5, 0 1 0 0"},
		{"en", " 415\u00a0555 0100 ", "4 1 5, 5 5 5, 0 1 0 0"},

		{"de", "+49 30 123456", "4 9, 3 0, 1 2 3, 4 5 6"},
		{"de", "+4930123456", "4 9, 3 0, 1 2 3, 4 5 6"},
		{"de", "+49 (0) 30 / 12 34 56", "4 9, 3 0, 1 2, 3 4, 5 6"},
		{"de", "030 / 12 34 56", "0 3 0, 1 2, 3 4, 5 6"},
		{"fr", "+33123456789", "3 3, 1, 2 3, 4 5, 6 7, 8 9"},
		{"es", "+34912345678", "3 4, 9 1 2, 3 4, 5 6, 7 8"},
		{"en", "+999123456", "9 9 9, 1 2 3, 4 5 6"}, // no country's
		{"en", "(415) (0) 555", "4 1 5, 0, 5 5 5"},

		{"en", "911", "9 1 1"},
		{"en", "112", "1 1 2"},
		{"en", "1001", "1 0 0 1"},
		{"en", "10012", "1 0 0, 1 2"},
		{"en", "100123", "1 0 0, 1 2 3"},
		{"en", "10012345", "1 0 0, 1 2 3, 4 5"},
		{"en", "0", "0"},
		{"en", "*98", "star 9 8"},
		{"de", "*98", "Stern 9 8"},
		{"es", "*98#", "asterisco 9 8 numeral"},
		{"fr", "#31#", "dièse 3 1 dièse"},
		{"pt", "#31#", "pound 3 1 pound"},
		{"en", "*67 415 555 0100", "star 6 7, 4 1 5, 5 5 5, 0 1 0 0"},

		{"en", "+1 415 555 0100 x123", "1, 4 1 5, 5 5 5, 0 1 0 0, extension 1 2 3"},
		{"en", "415-555-0100x7", "4 1 5, 5 5 5, 0 1 0 0, extension 7"},
		{"en", "415-555-0100, ext. 12345", "4 1 5, 5 5 5, 0 1 0 0, extension 1 2 3, 4 5"},
		{"es", "+14155550100;ext=100", "1, 4 1 5, 5 5 5, 0 1 0 0, extensión 1 0 0"},
		{"de", "030 123456 Ext 9", "0 3 0, 1 2 3, 4 5 6, Durchwahl 9"},
		{"fr", "01 23 45 67 89 extension 42", "0 1, 2 3, 4 5, 6 7, 8 9, poste 4 2"},

		{"en", "", ""},
		{"en", "anonymous", "anonymous"},
		{"en", "user_7kq2zp", "user_7kq2zp"},
		{"en", "1-800-FLOWERS", "1-800-FLOWERS"},
		{"en", "415 555 0100 x", "415 555 0100 x"},
		{"en", "++1 415", "++1 415"},
		{"en", "+", "+"},
		{"en", " - ", " - "},
		{"en", "１２３", "１２３"},
		{"en", strings.Repeat("1", 65), strings.Repeat("1", 65)},
	} {
		if got := languageFor(c.language).formatNumber(c.number); got != c.want {
			t.Errorf("%s: %q: got %q, want %q", c.language, c.number, got, c.want)
		}
	}
}

func FuzzPhone(f *testing.F) {
	for _, number := range []string{"+1 (415) 555-0100 x1", "+4930123456", "*98#", "anonymous", "+49 (0) 30"} {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number string) {
		got := english.formatNumber(number)
		if got == number {
			return
		}
		digits := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r
				}
				return -1
			}, s)
		}
		written := digits(number)
		if strings.Contains(number, "(0)") {
			written = digits(strings.Replace(number, "(0)", "", 1))
		}
		if said := digits(got); said != digits(number) && said != written {
			t.Fatalf("%q: got %q, which is another number", number, got)
		}
		for group := range strings.SplitSeq(strings.ReplaceAll(got, "extension ", ""), ", ") {
			if n := len(strings.Fields(group)); n < 1 || n > 4 {
				t.Fatalf("%q: got %q, with %d in a group", number, got, n)
			}
		}
	})
}
