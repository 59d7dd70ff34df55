package ical

import (
	"strings"

	ics "github.com/arran4/golang-ical"
)

// property is one property of an event.
type property struct {
	line       int
	name       string
	content    string // the whole content line
	value      string // as written
	misspelled string // the name as written, where it is misspelt; "" where it is not
}

func newProperty(l line, name string, valueLength int) property {
	content := name + string(l.rest)
	return property{line: l.number, name: name, content: content, value: content[len(content)-valueLength:]}
}

// text is the value with its escapes resolved (3.3.11), whatever its parameters say.
func (p property) text() string {
	return validText(ics.FromText(p.value))
}

// language is the parameter LANGUAGE (RFC 5545, 3.2.10) in lower case; "" without one. parameters is
// for times: it compares the value with that of golang-ical, which takes escapes out of a text.
func (p property) language() string {
	written := strings.TrimSuffix(p.content[len(p.name):len(p.content)-len(p.value)], ":")
	for parameter := range strings.SplitSeq(written, ";") {
		if name, value, _ := strings.Cut(parameter, "="); strings.EqualFold(strings.TrimSpace(name), "LANGUAGE") {
			return strings.ToLower(strings.Trim(value, "\" "))
		}
	}
	return ""
}

// maxCategories is how many categories of an event are read; a person gives it a few.
const maxCategories = 100

// maxNames is how many names of an event are read, and longestLanguage how many bytes the language of one may have.
const (
	maxNames        = 20
	longestLanguage = 35
)

// texts is a comma-separated list of texts, without the empty ones. An escaped comma does not
// separate.
func (p property) texts() []string {
	var list []string
	begin := 0
	for i := 0; i <= len(p.value) && len(list) < maxCategories; i++ {
		if i == len(p.value) || p.value[i] == ',' {
			text := strings.TrimSpace(validText(ics.FromText(p.value[begin:i])))
			if text != "" {
				list = append(list, text)
			}
			begin = i + 1
		} else if p.value[i] == '\\' {
			i++
		}
	}
	return list
}
