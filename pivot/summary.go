package pivot

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxSummary is how long a [Summary] is at most, in bytes.
const MaxSummary = 200

// Summary says in one line what a callflow does, for people: "device 0123… > voicemail 4567…". Actions that follow each
// other by their `_` child stand behind ">"; other children stand in brackets, as in "menu 89ab… [1: device 0123…, 2:
// hangup] > voicemail 4567…". Of the data only ids, by their first four characters, and a response's code are shown:
// texts and addresses may be secrets. It is "" for what is no callflow.
func Summary(callflow []byte) string {
	r := &reader{json: callflow}
	if !jsontext.Value(callflow).IsValid() || r.next() != '{' {
		return ""
	}
	var s summary
	s.action(r, 1)
	return s.text()
}

// summary is what was written of a callflow.
type summary struct{ b []byte }

// full says that nothing which is written yet would be seen.
func (s *summary) full() bool { return len(s.b) > MaxSummary }

// text is the summary, cut to its length.
func (s *summary) text() string {
	const more = "…"
	if !s.full() {
		return string(s.b)
	}
	cut := MaxSummary - len(more)
	for !utf8.RuneStart(s.b[cut]) {
		cut--
	}
	return string(s.b[:cut]) + more
}

func (s *summary) write(texts ...string) {
	for _, t := range texts {
		s.b = append(s.b, t...)
	}
}

// action writes the action that the reader comes to, and those below it.
func (s *summary) action(r *reader, depth int) {
	if depth > maxDepth || s.full() {
		return
	}
	if r.next() != '{' {
		s.write("?")
		return
	}
	var module, data, children []byte
	for r.enter(); r.more(); {
		switch name := r.name(); string(content(name)) {
		case "module":
			module = r.value()
		case "data":
			data = r.value()
		case "children":
			children = r.value()
		default:
			r.value()
		}
	}
	s.write(word(module, "?"))
	s.data(data)
	s.children(children, depth)
}

// data writes what tells an action from others of its module.
func (s *summary) data(data []byte) {
	if len(data) == 0 || data[0] != '{' {
		return
	}
	if id := member(data, "id"); len(id) > 0 && id[0] == '"' {
		if text := shown(content(id)); text != "" {
			const enough = 4
			if len(text) > enough {
				text = text[:enough] + "…"
			}
			s.write(" ", text)
		}
		return
	}
	if code := member(data, "code"); len(code) == len("486") {
		if n, err := strconv.Atoi(string(code)); err == nil && n > 0 {
			s.write(" ", string(code))
		}
	}
}

// children writes what comes next: the children by key in the order of the callflow, then the one
// that follows in any other case.
func (s *summary) children(children []byte, depth int) {
	if len(children) == 0 || children[0] != '{' {
		return
	}
	var next []byte
	open := false
	r := reader{json: children}
	for r.enter(); r.more(); {
		name, value := r.name(), r.value()
		if string(content(name)) == "_" {
			next = value
			continue
		}
		if s.full() {
			return
		}
		if open {
			s.write(", ")
		} else {
			s.write(" [")
			open = true
		}
		s.write(word(name, "?"), ": ")
		s.action(&reader{json: value}, depth+1)
	}
	if open {
		s.write("]")
	}
	if next != nil {
		s.write(" > ")
		s.action(&reader{json: next}, depth+1)
	}
}

// word is a JSON text as a short word; otherwise where there is none.
func word(text []byte, otherwise string) string {
	const most = 32
	if len(text) == 0 || text[0] != '"' {
		return otherwise
	}
	w := shown(content(text))
	switch {
	case w == "":
		return otherwise
	case len(w) > most:
		return w[:most] + "…"
	}
	return w
}

// shown is a text where it is made of what ids, modules and keys are made of; "" else, since a
// summary is a line of plain words.
func shown(text []byte) string {
	if bytes.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= utf8.RuneSelf-1 || strings.ContainsRune(`"\<>[],:`, r)
	}) {
		return ""
	}
	return string(text)
}
