package routes

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/callhours/callhours/internal/diag"
)

const (
	// longest is how many bytes of a number are compared; nothing that a telephone dials is longer.
	longest = 64
	// maxNumber is how many bytes a number may have with its formatting. What is longer is a name,
	// compared by its beginning: looking at it costs no more than looking at a number, however much
	// a stranger sends.
	maxNumber = 256
	// forgiving is from how many digits on a missing + is forgiven. Shorter ones are extensions and
	// services, which a plus would turn into somebody's number.
	forgiving = 8
)

// numbers is a set of telephone numbers and prefixes that is asked by map look-ups alone. The zero
// value is empty.
type numbers struct {
	exact    map[string]*diag.Text // spelling -> as written, which all spellings of a number share
	prefixes map[string]prefix     // by spelling without the *
	lengths  []int                 // of the keys of prefixes, longest first
	lists    []*numbers            // that it holds besides, which have none
}

type prefix struct {
	written *diag.Text
	least   int // how long a value must be; 0: any
}

// add puts a number into the set in all its spellings. Region is the ISO 3166 region that national
// spellings belong to, or "".
func (n *numbers) add(text diag.Text, region string) error {
	written := text.S
	bare, isPrefix := strings.CutSuffix(written, "*")
	if strings.HasPrefix(bare, "+") && strings.Contains(bare, "*") {
		return fmt.Errorf("%s: * is only allowed at the end of a number", diag.Excerpt(written))
	}
	if err := dialable(written); err != nil {
		return err
	}
	if isPrefix && bare == "" {
		return fmt.Errorf("%s fits every number; write digits before the *, or leave the condition out",
			diag.Excerpt(written))
	}
	var buf [longest]byte
	key := normal(buf[:0], bare)
	if len(key) == 0 {
		return fmt.Errorf("%s is not a number; expected digits, such as \"+14155550100\" or \"1001\", or a name",
			diag.Excerpt(written))
	}
	if bytes.ContainsAny(key, " \t") {
		return fmt.Errorf(
			"%q is not a number; expected digits, such as \"+14155550100\" or \"1001\", or a name without blanks", written)
	}
	if len(key) == longest {
		return fmt.Errorf("%s is too long for a number; the limit is %d characters", diag.Excerpt(written), longest)
	}
	for _, s := range spellings(string(key), region, isPrefix) {
		if !isPrefix {
			if n.exact == nil {
				n.exact = map[string]*diag.Text{}
			}
			n.exact[s.text] = &text
			continue
		}
		if n.prefixes == nil {
			n.prefixes = map[string]prefix{}
		}
		n.prefixes[s.text] = prefix{&text, s.least}
		if !slices.Contains(n.lengths, len(s.text)) {
			n.lengths = append(n.lengths, len(s.text))
			slices.SortFunc(n.lengths, func(a, b int) int { return b - a })
		}
	}
	return nil
}

// has says whether a number as Kazoo sent it is in the set. It allocates nothing for ASCII.
func (n *numbers) has(value string) bool {
	var buf [longest]byte
	key := normal(buf[:0], value)
	return len(key) > 0 && (n.holds(key) || slices.ContainsFunc(n.lists, func(l *numbers) bool { return l.holds(key) }))
}

// holds says whether the set itself has a normal key.
func (n *numbers) holds(key []byte) bool {
	if _, ok := n.exact[string(key)]; ok {
		return true
	}
	for _, length := range n.lengths {
		if length <= len(key) {
			if p, ok := n.prefixes[string(key[:length])]; ok && len(key) >= p.least {
				return true
			}
		}
	}
	return false
}

// normal appends a number as it is compared: formatting dropped from what is digits, an optional
// leading + and ` .-()/`; anything else, and what is longer than maxNumber, whole and in lower
// case; cut at the capacity of a key. It looks at each byte twice at most, and at maxNumber of
// them.
func normal(dst []byte, value string) []byte {
	formatted := len(value) <= maxNumber
	if !formatted {
		value = value[:maxNumber]
	}
	digits, blank := 0, true // blank: nothing but blanks so far
	for i := 0; i < len(value) && formatted; i++ {
		switch c := value[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '+' && blank, strings.IndexByte(" .-()/", c) >= 0:
		default:
			formatted = false
		}
		blank = blank && value[i] == ' '
	}
	formatted = formatted && digits > 0
	for i := 0; i < len(value) && len(dst) < longest; i++ {
		switch c := value[i]; {
		case formatted && c != '+' && (c < '0' || c > '9'):
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case c >= 0x80:
			// Beyond ASCII the standard library folds; names of this kind are rare enough to pay
			// for it.
			lower := strings.ToLower(value)
			return append(dst[:0], lower[:min(len(lower), longest)]...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// spelling is one way to write a number. A prefix without its + only fits what is long enough to
// have lost one.
type spelling struct {
	text  string
	least int
}

// spellings are the ways in which carriers and Kazoo write the number that a normal key stands for:
// with and without +, with 00, and as it is dialed inside the region. Extensions, services and
// emergency numbers have one only.
func spellings(key, region string, isPrefix bool) []spelling {
	out := []spelling{{key, 0}}
	add := func(text string, least int) {
		if text != "" && !slices.ContainsFunc(out, func(s spelling) bool { return s.text == text }) {
			out = append(out, spelling{text, least})
		}
	}
	bare, plus := strings.CutPrefix(key, "+")
	if strings.Trim(bare, "0123456789") != "" || bare == "" {
		return out
	}
	if !isPrefix && len(bare) < forgiving {
		return out
	}
	if isPrefix && !plus {
		return out
	}
	international := bare
	if !plus {
		// A national number gains its country; what already has a country only its plus.
		if parsed, err := phonenumbers.Parse(key, strings.ToUpper(region)); region != "" && err == nil &&
			phonenumbers.IsPossibleNumber(parsed) {
			international = strings.TrimPrefix(phonenumbers.Format(parsed, phonenumbers.E164), "+")
		} else if rest, ok := strings.CutPrefix(key, "00"); ok {
			international = rest
		}
		add("+"+international, 0)
	}
	least := 0
	if isPrefix {
		least = forgiving
	}
	add(international, least)
	add("00"+international, least)
	add(national(international, region), least)
	return out
}

// national is how a number, or the beginning of one, is dialed inside its own country; ""
// elsewhere.
func national(international, region string) string {
	country := phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region))
	if country == 0 {
		return ""
	}
	rest, ok := strings.CutPrefix(international, strconv.Itoa(country))
	if !ok || rest == "" {
		return ""
	}
	if country == 1 {
		return rest // North America dials ten digits; the 1 is the country's, not a trunk's.
	}
	return phonenumbers.GetNddPrefixForRegion(strings.ToUpper(region), true) + rest
}

// firstOf is a number that a listed one stands for: itself, or for a prefix its shortest extension.
func firstOf(written string) string { return strings.TrimSuffix(written, "*") }

// merge adds what another set holds.
func (n *numbers) merge(other *numbers) {
	if n.exact == nil {
		n.exact, n.prefixes = map[string]*diag.Text{}, map[string]prefix{}
	}
	maps.Copy(n.exact, other.exact)
	maps.Copy(n.prefixes, other.prefixes)
	n.lengths = union(n.lengths, other.lengths)
}

// union is the lengths of both lists, longest first, each once.
func union(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y int) int { return y - x })
	return slices.Compact(all)
}
