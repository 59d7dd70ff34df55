package routes

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// dialable says why no call can be to or from what is written as a number, and what to write. Names
// stay as they are: Kazoo sends the user part of the SIP address, which need not be digits.
func dialable(written string) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s "+format, append([]any{diag.Excerpt(written)}, args...)...)
	}
	digits, others := 0, 0 // of its characters
	for _, r := range written {
		switch {
		case unicode.Is(unicode.Cf, r):
			return wrong("has the invisible character %U; delete it, or type the number anew", r)
		case r > unicode.MaxASCII && unicode.IsDigit(r):
			return wrong("has the digit %q; write the number with 0 to 9", r)
		case '0' <= r && r <= '9':
			digits++
		case !strings.ContainsRune("+ .-()/*", r):
			others++
		}
	}
	bare := strings.TrimSpace(written)
	scheme, rest, schemed := strings.Cut(bare, ":")
	switch strings.ToLower(scheme) {
	case "tel", "sip", "sips":
		if schemed {
			rest, _, _ = strings.Cut(rest, "@")
			return wrong("is a URI, and Kazoo sends the number alone; write %s", diag.Excerpt(rest))
		}
	}
	if digits == 0 && !strings.HasPrefix(bare, "+") {
		return nil // a name
	}
	if parts := strings.FieldsFunc(bare, func(r rune) bool { return r == ',' || r == ';' }); len(parts) > 1 &&
		allNumbers(parts) {
		return wrong("are several numbers in one text; write a list such as [%s, %s]",
			diag.Excerpt(strings.TrimSpace(parts[0])), diag.Excerpt(strings.TrimSpace(parts[1])))
	}
	if first, last, ok := numberRange(bare); ok {
		return wrong(
			"is read as one number, not as those from %s to %s; list them, or write what they begin with and a *; "+
				"if it is one number write it without the dash", first, last)
	}
	if typeset := strings.IndexFunc(bare, isTypeset); typeset >= 0 && allNumbers([]string{typesetToASCII(bare)}) {
		r, _ := utf8.DecodeRuneInString(bare[typeset:])
		return wrong("has the typographic character %U, as it comes with a copy; write %s", r,
			diag.Excerpt(typesetToASCII(bare)))
	}
	if strings.HasPrefix(bare, "+") {
		return international(bare, wrong)
	}
	if letters := strings.IndexFunc(bare, likeDigit); letters >= 0 && digits > others+1 &&
		strings.IndexFunc(bare, func(r rune) bool { return unicode.IsLetter(r) && !likeDigit(r) }) < 0 {
		return wrong("has the letter %q; did you mean the digit %s?", bare[letters], meantDigits[rune(bare[letters])])
	}
	return nil
}

// international is dialable for what begins with a +.
func international(bare string, wrong func(format string, args ...any) error) error {
	const formatting, italy, sanMarino = " .-()/", "39", "378" // where the 0 is dialed from abroad, too
	digits := strings.TrimSuffix(bare, "*")[1:]
	country := strings.TrimLeft(digits, formatting)
	switch {
	case strings.HasPrefix(digits, "+"):
		return wrong("begins with more than one +; write one")
	case strings.Trim(digits, formatting) == "":
		return wrong("is a + without digits; write the whole number, such as \"+14155550100\"")
	case strings.Contains(digits, "(0)") && !strings.HasPrefix(country, italy) &&
		!strings.HasPrefix(country, sanMarino):
		return wrong("has a (0) that is not dialed after a country's code; write %s",
			diag.Excerpt(strings.Replace(bare, "(0)", "", 1)))
	}
	if i := strings.IndexFunc(digits, func(r rune) bool {
		return (r < '0' || r > '9') && !strings.ContainsRune(formatting, r)
	}); i >= 0 {
		r, _ := utf8.DecodeRuneInString(digits[i:])
		if !likeDigit(r) {
			return wrong("has %q after its +, where digits alone can be dialed; write the number in digits", r)
		}
		return wrong("has the letter %q; did you mean the digit %s?", r, meantDigits[r])
	}
	return nil
}

// meantDigits are letters that look like digits.
var meantDigits = map[rune]string{'O': "0", 'o': "0", 'l': "1", 'I': "1"}

func likeDigit(r rune) bool { return meantDigits[r] != "" }

// isTypeset reports whether a character is a dash or a blank that text processors put for those of
// ASCII.
func isTypeset(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.Pd, unicode.Zs, unicode.Sm)
}

// typesetToASCII writes dashes and blanks as those of ASCII.
func typesetToASCII(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case !isTypeset(r):
			return r
		case unicode.Is(unicode.Zs, r):
			return ' '
		}
		return '-'
	}, s)
}

// widestRange is how many numbers may lie between two that look like the ends of a range: more make
// it one number, of which the dash is formatting.
const widestRange = 1000

// numberRange takes apart what looks like a range of extensions, such as "1001-1010" or
// "1001..1010".
func numberRange(bare string) (first, last string, ok bool) {
	const longest = 6 // digits of an extension
	s := typesetToASCII(bare)
	for _, between := range []string{"..", "-"} {
		if first, last, ok = strings.Cut(s, between); ok {
			break
		}
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(strings.Trim(last, "."))
	a, err := strconv.Atoi(first)
	b, errLast := strconv.Atoi(last)
	return first, last, ok && err == nil && errLast == nil && len(first) == len(last) && len(first) > 1 &&
		len(first) <= longest && a >= 0 && a < b && b-a < widestRange
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
