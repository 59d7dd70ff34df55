package pivot

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkValues checks that each of the versions accepts a value as one of vs.
func (c *checker) checkValues(vs []value, wanted versions, body []byte, depth int) *Finding {
	uncovered := wanted
	var inner *Finding // what is wrong with a list or an object that is the right thing as such
	for i := range vs {
		v := &vs[i]
		if v.versions&wanted == 0 {
			continue
		}
		var before int
		if c.warnings != nil {
			before = len(*c.warnings)
		}
		fits, finding := c.checkValue(v, body, depth)
		if !fits {
			if c.warnings != nil {
				*c.warnings = (*c.warnings)[:before]
			}
			inner = cmp.Or(inner, finding)
			continue
		}
		if uncovered &^= v.versions; uncovered == 0 {
			return nil
		}
	}
	if inner != nil {
		if uncovered != wanted && !strings.Contains(inner.Message, "set kazoo_version") {
			inner.Message += c.versionHint(wanted &^ uncovered)
		}
		return inner
	}
	if tags := objectTags(vs); tags != nil && body[0] == '{' {
		return c.finding(body, []string{tags[0].name}, "expected %s, found %s", describeValues(tagValues(tags), uncovered),
			describe(findMember(body, tags[0].name)))
	}
	found, hint := describe(body), ""
	switch first := body[0]; {
	case first == '"' && slices.ContainsFunc(vs, func(v value) bool { return v.kind == urlKind }):
		if hint, _ = checkURL(unquote(body), true); uncovered != wanted {
			hint += c.versionHint(wanted &^ uncovered)
		}
	case uncovered != wanted:
		hint = ", which not all of Kazoo's versions take" + c.versionHint(wanted&^uncovered)
	case first == '"' && matchesUnquoted(vs, unquote(body)):
		hint = "; write it without quotes"
	case first == '"':
		if v := single(vs); v != nil && v.kind == textKind {
			found += fmt.Sprintf(" of %d", utf8.RuneCount(unquote(body)))
		}
	case (first == '-' || first >= '0' && first <= '9') &&
		slices.ContainsFunc(vs, func(v value) bool { return v.kind == textKind || v.kind == wordKind }):
		hint = "; put it in quotes"
	}
	return c.finding(body, nil, "expected %s, found %s%s", describeValues(vs, uncovered), found, hint)
}

// single returns the only value of a list of one; else nil.
func single(vs []value) *value {
	if len(vs) != 1 {
		return nil
	}
	return &vs[0]
}

// matchesUnquoted reports whether a text would match without its quotes.
func matchesUnquoted(vs []value, text []byte) bool {
	return slices.ContainsFunc(vs, func(v value) bool {
		switch v.kind {
		case integerKind:
			_, err := strconv.Atoi(string(text))
			return err == nil
		case booleanKind:
			return string(text) == "true" || string(text) == "false"
		}
		return false
	})
}

// checkValue reports whether a value matches. For an object or a list that does not, it also
// returns what is wrong inside.
func (c *checker) checkValue(v *value, body []byte, depth int) (bool, *Finding) {
	first := body[0]
	switch v.kind {
	case textKind, wordKind, urlKind, plainURLKind, linkKind, emailKind, languageKind, digitsKind:
		return first == '"' && v.matchesText(unquote(body)), nil
	case integerKind:
		return (first == '-' || first >= '0' && first <= '9') && v.matchesInteger(body), nil
	case booleanKind:
		return first == 't' || first == 'f', nil
	case listKind:
		if first != '[' {
			return false, nil
		}
		finding := c.checkList(v, body, depth)
		return finding == nil, finding
	case actionKind:
		finding := c.checkAction(&reader{json: body}, depth+1)
		return finding == nil, finding
	}
	if first != '{' || v.object == nil {
		return first == '{', nil
	}
	if tag := v.object.tag(); tag != nil {
		if tagValue := findMember(body, tag.name); tagValue == nil || tagValue[0] != '"' ||
			!tag.values[0].matchesText(unquote(tagValue)) {
			return false, nil
		}
	}
	finding := c.checkObject(v.object, body, body, depth)
	return finding == nil, finding
}

func (v *value) matchesText(text []byte) bool {
	switch v.kind {
	case wordKind:
		return v.word == string(text)
	case urlKind, plainURLKind:
		return isClientURL(text, v.kind == urlKind)
	case linkKind:
		_, ok := cutScheme(text)
		return ok
	case emailKind:
		return isEmail(text)
	case languageKind:
		return (len(text) == 2 || len(text) == 5 && text[2] == '-' && isLetters(text[3:])) && isLetters(text[:2])
	case digitsKind:
		return len(text) > 0 && len(bytes.Trim(text, "0123456789")) == 0
	}
	if !v.bounded {
		return true
	}
	n := utf8.RuneCount(text)
	return n >= v.min && n <= v.max
}

func isLetters(text []byte) bool {
	return !bytes.ContainsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}

// matchesInteger reports whether a number is an integer within the bounds. 1.0 and 1e3 are not
// integers to Kazoo.
func (v *value) matchesInteger(number []byte) bool {
	if isFloat(number) {
		return false
	}
	if !v.bounded {
		return true
	}
	n, _ := strconv.Atoi(string(number)) // the largest or smallest int, where the number exceeds it
	return n >= v.min && n <= v.max
}

func (c *checker) checkList(v *value, body []byte, depth int) *Finding {
	n := 0
	r := reader{json: body}
	var seen textSet
	for r.enter(); r.more(); n++ {
		element := r.readValue()
		c.path = append(c.path, step{index: n})
		finding := c.checkValues(v.elements, v.versions, element, depth)
		if finding == nil && v.unique && seen.add(body, n, element) {
			finding = c.finding(element, nil, "%s appears in the list twice", describe(element))
		}
		c.path = c.path[:len(c.path)-1]
		if finding != nil {
			return finding
		}
	}
	if v.bounded && (n < v.min || n > v.max) {
		return c.finding(body, nil, "expected %s, found %d", describeValues([]value{*v}, v.versions), n)
	}
	return nil
}

// textSet holds the texts of a list so far; nil while there are few.
type textSet map[string]bool

// add adds element n of a list, and reports whether an earlier element has the same text.
func (d *textSet) add(list []byte, n int, text []byte) bool {
	const few = 16
	if n < few {
		return containsText(list, n, text)
	}
	if *d == nil {
		*d = textSet{}
		r := reader{json: list}
		r.enter()
		for range n {
			r.more()
			(*d)[string(unquote(r.readValue()))] = true
		}
	}
	key := string(unquote(text))
	known := (*d)[key]
	(*d)[key] = true
	return known
}

// containsText reports whether a text is among the first n elements of a list.
func containsText(list []byte, n int, text []byte) bool {
	r := reader{json: list}
	r.enter()
	for range n {
		r.more()
		if bytes.Equal(unquote(r.readValue()), unquote(text)) {
			return true
		}
	}
	return false
}

// describeValues says in words what these versions accept.
func describeValues(vs []value, accepted versions) string {
	var all []string
	for i := range vs {
		if v := &vs[i]; v.versions&accepted != 0 && !slices.Contains(all, v.String()) {
			all = append(all, v.String())
		}
	}
	return joinNames(all, "or")
}

func (v *value) String() string {
	switch v.kind {
	case wordKind:
		return strconv.Quote(v.word)
	case urlKind, plainURLKind:
		return "a URL with http:// or https:// and another host than localhost"
	case emailKind:
		return "an e-mail address"
	case linkKind:
		return "a URL with http:// or https://"
	case languageKind:
		return "a language such as en or en-us"
	case digitsKind:
		return "a text of digits"
	case booleanKind:
		return "true or false"
	case actionKind:
		return actionExample
	case objectKind:
		return "an object"
	case integerKind:
		if v.bounded && v.min == v.max {
			return strconv.Itoa(v.min)
		}
		return "an integer" + v.bounds("")
	case listKind:
		texts := ""
		if one := single(v.elements); one != nil && one.kind == textKind {
			texts = " of texts"
		}
		return "a list" + texts + v.bounds("element")
	}
	return "a text" + v.bounds("character")
}

// bounds describes min and max, as in " of 1 to 9 characters".
func (v *value) bounds(unit string) string {
	if !v.bounded {
		return ""
	}
	number := fmt.Sprintf("%d to %d", v.min, v.max)
	count := v.max
	switch {
	case v.min == v.max:
		number = strconv.Itoa(v.min)
	case v.max == noBound:
		number, count = fmt.Sprintf("at least %d", v.min), v.min
	case v.min == -noBound:
		number = fmt.Sprintf("at most %d", v.max)
	}
	if unit != "" {
		unit = " " + unit
		if count != 1 {
			unit += "s"
		}
	}
	return " of " + number + unit
}
