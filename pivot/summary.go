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

// Summary says in one line what a callflow does, for people: "device 0123… > voicemail 4567…".
// Actions that follow each other by their `_` child stand behind ">"; other children stand in
// brackets, as in "menu 89ab… [1: device 0123…, 2: hangup] > voicemail 4567…". Of the data only
// ids, by their first four characters, and a response's code are shown: texts and addresses may be
// secrets. It is "" for what is no callflow.
func Summary(callflow []byte) string {
	r := &reader{json: callflow}
	if !jsontext.Value(callflow).IsValid() || r.skipSpace() != '{' {
		return ""
	}
	var s summary
	s.action(r, 1)
	return s.text()
}

// summary is the text written so far.
type summary struct{ b []byte }

// full reports whether the summary has reached its length.
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
	if r.skipSpace() != '{' {
		s.write("?")
		return
	}
	module, data, children := r.readAction()
	s.write(shortWord(module, "?"))
	s.data(data)
	s.children(children, depth)
}

// data writes what distinguishes an action from others of its module.
func (s *summary) data(data []byte) {
	if !isObject(data) {
		return
	}
	if id := findMember(data, "id"); isText(id) {
		if text := plainText(unquote(id)); text != "" {
			const enough = 4
			if len(text) > enough {
				text = text[:enough] + "…"
			}
			s.write(" ", text)
		}
		return
	}
	if code := findMember(data, "code"); len(code) == len("486") {
		if n, err := strconv.Atoi(string(code)); err == nil && n > 0 {
			s.write(" ", string(code))
		}
	}
}

// children writes what follows: the children by key in the order of the callflow, then the one for
// any other case.
func (s *summary) children(children []byte, depth int) {
	if !isObject(children) {
		return
	}
	var next []byte
	open := false
	r := reader{json: children}
	for r.enter(); r.more(); {
		name, value := r.readName(), r.readValue()
		if string(unquote(name)) == "_" {
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
		s.write(shortWord(name, "?"), ": ")
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

// shortWord shortens a JSON text to one word; def where it is none.
func shortWord(text []byte, def string) string {
	const most = 32
	if len(text) == 0 || text[0] != '"' {
		return def
	}
	w := plainText(unquote(text))
	switch {
	case w == "":
		return def
	case len(w) > most:
		return w[:most] + "…"
	}
	return w
}

// plainText returns a text that consists of the characters of ids, modules and keys; "" for any
// other, since a summary is one line of plain words.
func plainText(text []byte) string {
	if bytes.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= utf8.RuneSelf-1 || strings.ContainsRune(`"\<>[],:`, r)
	}) {
		return ""
	}
	return string(text)
}
