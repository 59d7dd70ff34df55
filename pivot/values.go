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

// values checks that a value is one of those, in each of the versions.
func (c *checker) values(vs []value, in versions, body []byte, depth int) *Finding {
	missing := in
	var inside *Finding // what is wrong with a list or an object that is the right thing as such
	for i := range vs {
		v := &vs[i]
		if v.in&in == 0 {
			continue
		}
		var before int
		if c.warnings != nil {
			before = len(*c.warnings)
		}
		fits, wrong := c.value(v, body, depth)
		if !fits {
			if c.warnings != nil {
				*c.warnings = (*c.warnings)[:before]
			}
			inside = cmp.Or(inside, wrong)
			continue
		}
		if missing &^= v.in; missing == 0 {
			return nil
		}
	}
	if inside != nil {
		if missing != in && !strings.Contains(inside.Message, "set kazoo_version") {
			inside.Message += c.setVersion(in &^ missing)
		}
		return inside
	}
	if tags := tags(vs); tags != nil && body[0] == '{' {
		return c.at(body, []string{tags[0].name}, "want %s, found %s", want(words(tags), missing),
			describe(member(body, tags[0].name)))
	}
	found, mend := describe(body), ""
	switch kind := body[0]; {
	case kind == '"' && slices.ContainsFunc(vs, func(v value) bool { return v.kind == aURL }):
		if mend, _ = urlFault(content(body), true); missing != in {
			mend += c.setVersion(in &^ missing)
		}
	case missing != in:
		mend = ", which not all of Kazoo's versions take" + c.setVersion(in&^missing)
	case kind == '"' && couldBe(vs, content(body)):
		mend = "; write it without quotes"
	case kind == '"':
		if v := only(vs); v != nil && v.kind == aText {
			found += fmt.Sprintf(" of %d", utf8.RuneCount(content(body)))
		}
	case (kind == '-' || kind >= '0' && kind <= '9') &&
		slices.ContainsFunc(vs, func(v value) bool { return v.kind == aText || v.kind == aWord }):
		mend = "; put it in quotes"
	}
	return c.at(body, nil, "want %s, found %s%s", want(vs, missing), found, mend)
}

// only is the one value of a list of one.
func only(vs []value) *value {
	if len(vs) != 1 {
		return nil
	}
	return &vs[0]
}

// couldBe tells whether a text would fit if it had no quotes.
func couldBe(vs []value, text []byte) bool {
	return slices.ContainsFunc(vs, func(v value) bool {
		switch v.kind {
		case anInteger:
			_, err := strconv.Atoi(string(text))
			return err == nil
		case aBoolean:
			return string(text) == "true" || string(text) == "false"
		}
		return false
	})
}

// value tells whether a value fits, and for an object or a list that does not, what is wrong inside.
func (c *checker) value(v *value, body []byte, depth int) (bool, *Finding) {
	kind := body[0]
	switch v.kind {
	case aText, aWord, aURL, aPlainURL, aLink, anEmail, aLanguage, isDigits:
		return kind == '"' && v.fits(content(body)), nil
	case anInteger:
		return (kind == '-' || kind >= '0' && kind <= '9') && v.holds(body), nil
	case aBoolean:
		return kind == 't' || kind == 'f', nil
	case aList:
		if kind != '[' {
			return false, nil
		}
		wrong := c.list(v, body, depth)
		return wrong == nil, wrong
	case anAction:
		wrong := c.action(&reader{json: body}, depth+1)
		return wrong == nil, wrong
	}
	if kind != '{' || v.object == nil {
		return kind == '{', nil
	}
	if tag := v.object.tag(); tag != nil {
		if named := member(body, tag.name); named == nil || named[0] != '"' || !tag.values[0].fits(content(named)) {
			return false, nil
		}
	}
	wrong := c.object(v.object, body, body, depth)
	return wrong == nil, wrong
}

func (v *value) fits(text []byte) bool {
	switch v.kind {
	case aWord:
		return v.word == string(text)
	case aURL, aPlainURL:
		return clientURL(text, v.kind == aURL)
	case aLink:
		_, ok := afterScheme(text)
		return ok
	case anEmail:
		return isEmail(text)
	case aLanguage:
		return (len(text) == 2 || len(text) == 5 && text[2] == '-' && letters(text[3:])) && letters(text[:2])
	case isDigits:
		return len(text) > 0 && len(bytes.Trim(text, "0123456789")) == 0
	}
	if !v.bounded {
		return true
	}
	n := utf8.RuneCount(text)
	return n >= v.min && n <= v.max
}

func letters(text []byte) bool {
	return !bytes.ContainsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}

// holds tells whether a number is an integer within the bounds. 1.0 and 1e3 are none to Kazoo.
func (v *value) holds(number []byte) bool {
	if isFloat(number) {
		return false
	}
	if !v.bounded {
		return true
	}
	n, _ := strconv.Atoi(string(number)) // the nearest that there is, for a number that is larger than an int
	return n >= v.min && n <= v.max
}

func (c *checker) list(v *value, body []byte, depth int) *Finding {
	n := 0
	r := reader{json: body}
	var seen distinct
	for r.enter(); r.more(); n++ {
		element := r.value()
		c.path = append(c.path, step{index: n})
		wrong := c.values(v.of, v.in, element, depth)
		if wrong == nil && v.unique && seen.again(body, n, element) {
			wrong = c.at(element, nil, "%s stands in the list twice", describe(element))
		}
		c.path = c.path[:len(c.path)-1]
		if wrong != nil {
			return wrong
		}
	}
	if v.bounded && (n < v.min || n > v.max) {
		return c.at(body, nil, "want %s, found %d", want([]value{*v}, v.in), n)
	}
	return nil
}

// distinct are the texts of a list so far; nil while they are few enough to be looked through.
type distinct map[string]bool

// again tells whether a text is among the first n elements of a list.
func (d *distinct) again(list []byte, n int, text []byte) bool {
	const few = 16
	if n < few {
		return stands(list, n, text)
	}
	if *d == nil {
		*d = distinct{}
		r := reader{json: list}
		r.enter()
		for range n {
			r.more()
			(*d)[string(content(r.value()))] = true
		}
	}
	key := string(content(text))
	known := (*d)[key]
	(*d)[key] = true
	return known
}

// stands tells whether a text is among the first elements of a list.
func stands(list []byte, first int, text []byte) bool {
	r := reader{json: list}
	r.enter()
	for range first {
		r.more()
		if bytes.Equal(content(r.value()), content(text)) {
			return true
		}
	}
	return false
}

// want says what a value may be, in these versions.
func want(vs []value, in versions) string {
	var all []string
	for i := range vs {
		if v := &vs[i]; v.in&in != 0 && !slices.Contains(all, v.String()) {
			all = append(all, v.String())
		}
	}
	return enumerate(all, "or")
}

func (v *value) String() string {
	switch v.kind {
	case aWord:
		return strconv.Quote(v.word)
	case aURL, aPlainURL:
		return "a URL with http:// or https:// and another host than localhost"
	case anEmail:
		return "an e-mail address"
	case aLink:
		return "a URL with http:// or https://"
	case aLanguage:
		return "a language such as en or en-us"
	case isDigits:
		return "a text of digits"
	case aBoolean:
		return "true or false"
	case anAction:
		return bareAction
	case anObject:
		return "an object"
	case anInteger:
		if v.bounded && v.min == v.max {
			return strconv.Itoa(v.min)
		}
		return "an integer" + v.bounds("")
	case aList:
		of := ""
		if one := only(v.of); one != nil && one.kind == aText {
			of = " of texts"
		}
		return "a list" + of + v.bounds("element")
	}
	return "a text" + v.bounds("character")
}

// bounds says how many units it may have: " of 1 to 9 characters".
func (v *value) bounds(unit string) string {
	if !v.bounded {
		return ""
	}
	number := fmt.Sprintf("%d to %d", v.min, v.max)
	last := v.max
	switch {
	case v.min == v.max:
		number = strconv.Itoa(v.min)
	case v.max == noBound:
		number, last = fmt.Sprintf("at least %d", v.min), v.min
	case v.min == -noBound:
		number = fmt.Sprintf("at most %d", v.max)
	}
	if unit != "" {
		unit = " " + unit
		if last != 1 {
			unit += "s"
		}
	}
	return " of " + number + unit
}
