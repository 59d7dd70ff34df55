package funcs

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/callhours/callhours/templates/jsonsafe"
)

// phone says a telephone number. The language may stand before it.
func (r *Run) phone(args ...any) (string, error) {
	s, v, err := r.languageArg("a telephone number", args)
	if err != nil {
		return "", err
	}
	number, err := jsonsafe.Text(v)
	if err != nil {
		return "", err
	}
	if err := r.spend(perPhone + len(number)); err != nil {
		return "", err
	}
	return r.boundText(s.formatNumber(number))
}

// longestNumber is how many bytes a text may have that is taken for a telephone number. Numbers
// have at most 15 digits, and extensions fewer.
const longestNumber = 64

// extension finds the number within a company, as people write it and as RFC 3966 does.
var extension = regexp.MustCompile(`(?i)^(.*[0-9)])\s*[,;]?\s*(?:ext=|extension|ext\.?|x)\s*([0-9]{1,11})$`)

// formatNumber writes a telephone number so that speech synthesis reads one digit after the other,
// and pauses where people do. A text that is no telephone number, such as anonymous, stays as it
// is.
func (l *language) formatNumber(number string) string {
	main, inside := strings.TrimSpace(number), ""
	if len(main) > longestNumber {
		return number
	}
	if parts := extension.FindStringSubmatch(main); parts != nil {
		main, inside = parts[1], parts[2]
	}
	groups := l.digitGroups(main)
	if groups == nil {
		return number
	}
	if inside != "" {
		groups = append(groups, l.extension+" "+strings.Join(l.digitGroups(inside), ", "))
	}
	return strings.Join(groups, ", ")
}

// digitGroups splits a number where it is written in parts; one that begins with + and is written
// in one, as its country does. nil if it is no telephone number.
func (l *language) digitGroups(number string) []string {
	if international, ok := strings.CutPrefix(number, "+"); ok {
		number = strings.Replace(international, "(0)", " ", 1) // is not dialled from abroad
		if strings.Trim(number, "0123456789") == "" {
			number = nationalFormat(number)
		}
	} else if len(number) == 11 && number[0] == '1' && strings.Trim(number, "0123456789") == "" {
		number = nationalFormat(number) // from North America, where carriers leave out the +
	}
	var groups []string
	var group []string // of digits and words
	flush := func() {
		for len(group) > 4 {
			groups = append(groups, strings.Join(group[:3], " "))
			group = group[3:]
		}
		if len(group) > 0 {
			groups = append(groups, strings.Join(group, " "))
		}
		group = nil
	}
	for _, c := range number {
		switch {
		case c >= '0' && c <= '9':
			group = append(group, string(c))
		case c == '*':
			group = append(group, l.star)
		case c == '#':
			group = append(group, l.pound)
		case strings.ContainsRune(" \u00a0-./()", c):
			flush()
		default:
			return nil
		}
	}
	flush()
	return groups
}

// nationalFormat splits the digits of an international number as its country does.
func nationalFormat(digits string) string {
	parsed, err := phonenumbers.Parse("+"+digits, "")
	if err != nil {
		return digits
	}
	parted := strings.TrimPrefix(phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL), "+")
	if strings.NewReplacer(" ", "", "-", "", ".", "", "/", "").Replace(parted) != digits {
		return digits
	}
	return parted
}
