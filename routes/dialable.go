package routes

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/callhours/callhours/internal/diag"
)

// dialable says why no call can be to what is written as a dialed number, and what to write. Names stay as they are:
// Kazoo sends the user part of the SIP address that was called, which need not be digits.
func dialable(written string) error {
	shown := diag.Excerpt(written)
	for _, r := range written {
		if unicode.Is(unicode.Cf, r) {
			return fmt.Errorf("%s has the invisible character %U; delete it, or type the number anew", shown, r)
		}
		if r > unicode.MaxASCII && unicode.IsDigit(r) {
			return fmt.Errorf("%s has the digit %q; write the number with 0 to 9", shown, r)
		}
	}
	bare := strings.TrimSpace(written)
	scheme, rest, schemed := strings.Cut(bare, ":")
	switch strings.ToLower(scheme) {
	case "tel", "sip", "sips":
		if schemed {
			rest, _, _ = strings.Cut(rest, "@")
			return fmt.Errorf("%s is a URI, and Kazoo sends the number alone; write %s", shown, diag.Excerpt(rest))
		}
	}
	if parts := strings.FieldsFunc(bare, func(r rune) bool { return r == ',' || r == ';' }); len(parts) > 1 &&
		allNumbers(parts) {
		return fmt.Errorf("%s are several numbers in one text; write a list such as [%s, %s]", shown,
			diag.Excerpt(strings.TrimSpace(parts[0])), diag.Excerpt(strings.TrimSpace(parts[1])))
	}
	digits, plus := strings.CutPrefix(strings.TrimSuffix(bare, "*"), "+")
	const formatting, italy, sanMarino = " .-()/", "39", "378" // where the 0 is dialed from abroad, too
	country := strings.TrimLeft(digits, formatting)
	switch {
	case !plus:
		return nil
	case strings.HasPrefix(digits, "+"):
		return fmt.Errorf("%s begins with more than one +; write one", shown)
	case strings.Trim(digits, formatting) == "":
		return fmt.Errorf("%s is a + without digits; write the whole number, such as \"+14155550100\"", shown)
	case strings.Contains(digits, "(0)") && !strings.HasPrefix(country, italy) &&
		!strings.HasPrefix(country, sanMarino):
		return fmt.Errorf("%s has a (0) that is not dialed after a country's code; write %s", shown,
			diag.Excerpt(strings.Replace(bare, "(0)", "", 1)))
	}
	if i := strings.IndexFunc(digits, func(r rune) bool {
		return (r < '0' || r > '9') && !strings.ContainsRune(formatting, r)
	}); i >= 0 {
		r := []rune(digits[i:])[0]
		meant := map[rune]string{'O': "0", 'o': "0", 'l': "1", 'I': "1"}[r]
		if meant == "" {
			return fmt.Errorf("%s has %q after its +, where digits alone can be dialed; write the number in digits",
				shown, r)
		}
		return fmt.Errorf("%s has the letter %q; did you mean the digit %s?", shown, r, meant)
	}
	return nil
}

// allNumbers reports whether each part is a number: digits, with a + or formatting.
func allNumbers(parts []string) bool {
	for _, p := range parts {
		if !strings.ContainsAny(p, "0123456789") || strings.Trim(p, "+0123456789 .-()/*") != "" {
			return false
		}
	}
	return true
}
