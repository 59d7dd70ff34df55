package pivot

import "github.com/go-json-experiment/json/jsontext"

// maxSpokenTexts bounds the texts of a callflow that [SpokenTexts] gives.
const maxSpokenTexts = 100

// SpokenText is a text that Kazoo has a machine speak: the data of an action "tts".
type SpokenText struct {
	Text     string
	Language string // of the voice, such as "de-de"; "" leaves it to Kazoo
}

// SpokenTexts are the texts of a callflow that are spoken, at most 100, in the order in which they
// are spoken. It gives none for what is no callflow.
func SpokenTexts(callflow []byte) []SpokenText {
	r := &reader{json: callflow}
	if !jsontext.Value(callflow).IsValid() || r.skipSpace() != '{' {
		return nil
	}
	return appendSpoken(nil, r, 1)
}

// appendSpoken appends the texts of the action that the reader comes to, and of those below it.
func appendSpoken(found []SpokenText, r *reader, depth int) []SpokenText {
	if depth > maxDepth || len(found) >= maxSpokenTexts || r.skipSpace() != '{' {
		return found
	}
	module, data, children := r.readAction()
	if isText(module) && string(unquote(module)) == "tts" && isObject(data) {
		if text := findMember(data, "text"); isText(text) {
			spoken := SpokenText{Text: string(unquote(text))}
			if language := findMember(data, "language"); isText(language) {
				spoken.Language = string(unquote(language))
			}
			found = append(found, spoken)
		}
	}
	if !isObject(children) {
		return found
	}
	kids := &reader{json: children}
	for kids.enter(); kids.more(); {
		kids.readName()
		found = appendSpoken(found, &reader{json: kids.readValue()}, depth+1)
	}
	return found
}

func isText(json []byte) bool { return len(json) > 0 && json[0] == '"' }

func isObject(json []byte) bool { return len(json) > 0 && json[0] == '{' }
