package render

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/templates/funcs"
)

// A message is read by one voice, and callers understand one language: the text, the dates in it and
// the voice must agree. What a text is written in is told by words that are frequent in one of the
// languages of [funcs.Language] and are no words of the others.

// minLanguageWords is how many such words make a text one of a language. Titles of events, which may
// be in any language, bring few.
const minLanguageWords = 3

// minForeignWords is how many it takes where the voice speaks a language that is not known here,
// whose words may look alike: Portuguese shares many with Spanish.
const minForeignWords = 6

// maxLanguageBytes is how much of a text is looked at.
const maxLanguageBytes = 2000

// languageWords are the frequent words of a language, and those that spoken writes.
type languageWords struct {
	tag, name, voice string // "de", "German", "de-de"
	common, dates    string
}

func spokenLanguages() []languageWords {
	return []languageWords{
		{
			"en", "English", "en-us",
			"the we are is you your our please leave after and again closed open of for with back until",
			"today tomorrow yesterday tonight monday tuesday wednesday thursday friday saturday sunday noon midnight",
		},
		{
			"de", "German", "de-de",
			"wir sind ist nicht und bitte nach dem der das eine einen unser unsere haben geschlossen geöffnet wieder für " +
				"mit auf ihre ihr sie ab bis wegen",
			"heute morgen gestern montag dienstag mittwoch donnerstag freitag samstag sonntag uhr mitternacht mittags",
		},
		{
			"es", "Spanish", "es-es",
			"el los las por favor estamos está nuestra nuestro oficina cerrado cerrada cerrados abierto después señal y " +
				"hasta con su deje una mensaje",
			"hoy mañana ayer lunes martes miércoles jueves viernes sábado domingo mediodía medianoche",
		},
		{
			"fr", "French", "fr-fr",
			"nous sommes vous votre veuillez après les est et notre pour nos bureaux fermé fermés ouvert jusqu'à avec laisser " +
				"rouvrons bip",
			"aujourd'hui demain lundi mardi mercredi jeudi vendredi samedi dimanche heures midi minuit",
		},
	}
}

// languageIndex finds the languages of a word.
type languageIndex struct {
	languages     []languageWords
	common, dates map[string]int // index in languages
}

func newLanguageIndex() *languageIndex {
	x := &languageIndex{spokenLanguages(), map[string]int{}, map[string]int{}}
	for i, l := range x.languages {
		for word := range strings.FieldsSeq(l.common) {
			x.common[word] = i
		}
		for word := range strings.FieldsSeq(l.dates) {
			x.dates[word] = i
		}
	}
	return x
}

// problem says how a text does not fit its voice, or its date its text; "" if it does, or if the
// text is in no language that is known here. voice is the language of the voice, "" for none.
func (x *languageIndex) problem(text, voice string) string {
	if len(text) > maxLanguageBytes {
		text = text[:maxLanguageBytes]
	}
	counts := make([]int, len(x.languages))
	var dates []string
	isLetter := func(r rune) bool { return unicode.IsLetter(r) || r == '\'' }
	words := strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(text, "’", "'")),
		func(r rune) bool { return !isLetter(r) })
	for _, word := range words {
		if i, ok := x.common[word]; ok {
			counts[i]++
		}
		if _, ok := x.dates[word]; ok {
			dates = append(dates, word)
		}
	}
	known, enough := funcs.Language(voice), minLanguageWords
	if voice != "" && known == "" {
		enough = minForeignWords
	}
	written := -1
	for i, n := range counts {
		if n >= enough && (written < 0 || n > counts[written]) {
			written = i
		}
	}
	if written < 0 {
		if voice != "" && known == "" {
			return x.foreignDate(words, voice)
		}
		return ""
	}
	l := x.languages[written]
	for i, n := range counts {
		if i != written && 2*n > counts[written] {
			return "" // it is in two languages on purpose, or in another one
		}
	}
	for _, word := range dates {
		if i := x.dates[word]; i != written {
			return fmt.Sprintf(
				"the message is in %s, but the date in it is in %s (%q); write spoken %q, or translate the message",
				l.name, x.languages[i].name, word, l.tag)
		}
	}
	if voice == "" || known == l.tag {
		return ""
	}
	return fmt.Sprintf("the message is in %s, but its language is set to %q; translate the message, or set data language: %s",
		l.name, voice, l.voice)
}

// foreignDate says that a text has a date as spoken writes it in English, though its voice speaks a
// language that spoken does not know, whose texts are not known here either; "" if it has none.
func (x *languageIndex) foreignDate(words []string, voice string) string {
	const english = 0 // what spoken falls back to
	for i, word := range words {
		language, ok := x.dates[word]
		if ok && language == english && i+1 < len(words) && words[i+1] == "at" {
			return fmt.Sprintf("the language of the message is set to %q, but the date in it is in %s (%q): spoken writes "+
				"English, German, Spanish and French only; write the time with the function date", voice, x.languages[english].name, word)
		}
	}
	return ""
}

// mistake is the first text of a branch's callflow whose language is not that of its voice or of
// its dates; false if there is none. A text without a language is read in that of the route.
func (x *languageIndex) mistake(b *branch, callflow []byte, routeLanguage string) (diag.Mistake, bool) {
	for _, s := range pivot.SpokenTexts(callflow) {
		if problem := x.problem(s.Text, cmp.Or(s.Language, routeLanguage)); problem != "" {
			return diag.Mistakef(b.place, "%s", problem), true
		}
	}
	return diag.Mistake{}, false
}
