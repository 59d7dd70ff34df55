package pivot

import "github.com/go-json-experiment/json/jsontext"

// maxSpokenTexts bounds the texts of a callflow that [SpokenTexts] gives.
const maxSpokenTexts = 100

// SpokenText is a text that Kazoo has a machine speak: the data of an action "tts".
type SpokenText struct {
	Text     string
	Language string // of the voice, such as "de-de"; "" leaves it to Kazoo
	Path     string // of the text from the top, as in ".children._.data.text"
	Offset   int    // of the first byte of the text in the callflow, from 0
}

// SpokenTexts are the texts of a callflow that are spoken, at most 100, in the order in which they
// are written. It gives none for what is no callflow.
func SpokenTexts(callflow []byte) []SpokenText {
	r := &reader{json: callflow}
	if !jsontext.Value(callflow).IsValid() || r.skipSpace() != '{' {
		return nil
	}
	s := &spokenSearch{json: callflow}
	s.action(0, len(callflow), "", 1)
	return s.found
}

type spokenSearch struct {
	json  []byte
	found []SpokenText
}

// action looks at the action that the bytes from start to end hold, and at those below it.
func (s *spokenSearch) action(start, end int, path string, depth int) {
	r := &reader{json: s.json[:end], pos: start}
	if depth > maxDepth || len(s.found) >= maxSpokenTexts || r.skipSpace() != '{' {
		return
	}
	module, children, text := "", -1, SpokenText{Path: path + ".data.text", Offset: -1}
	childrenEnd := 0
	for r.enter(); r.more(); {
		name := string(unquote(r.readName()))
		first := r.skipSpace()
		start := r.pos
		value := r.readValue()
		switch {
		case name == "module" && first == '"':
			module = string(unquote(value))
		case name == "data" && first == '{':
			s.data(start, r.pos, &text)
		case name == "children" && first == '{':
			children, childrenEnd = start, r.pos
		}
	}
	if module == "tts" && text.Offset >= 0 {
		s.found = append(s.found, text)
	}
	if children < 0 {
		return
	}
	r = &reader{json: s.json[:childrenEnd], pos: children}
	for r.enter(); r.more(); {
		name := string(unquote(r.readName()))
		r.skipSpace()
		start := r.pos
		r.readValue()
		s.action(start, r.pos, path+".children."+name, depth+1)
	}
}

// data reads the text and the language from the data of an action.
func (s *spokenSearch) data(start, end int, text *SpokenText) {
	r := &reader{json: s.json[:end], pos: start}
	for r.enter(); r.more(); {
		name := string(unquote(r.readName()))
		first := r.skipSpace()
		start := r.pos
		value := r.readValue()
		if first != '"' {
			continue
		}
		switch name {
		case "text":
			text.Text, text.Offset = string(unquote(value)), start
		case "language":
			text.Language = string(unquote(value))
		}
	}
}
