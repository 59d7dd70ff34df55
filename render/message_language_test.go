package render

import (
	"strings"
	"testing"
)

// TestMessageLanguage: a message, the date in it and its voice are in one language, or it is said
// what is not. Other languages, short texts and titles of events are left alone.
func TestMessageLanguage(t *testing.T) {
	t.Parallel()
	const (
		english    = "We are closed for Sample event. We open again tomorrow at 9 AM. Please leave a message after the tone."
		german     = "Unser Büro ist geschlossen: Sample event. Wir sind morgen um 9 Uhr wieder für Sie da."
		spanish    = "Nuestra oficina está cerrada: Sample event. Abrimos de nuevo mañana a las 9. Por favor, deje un mensaje."
		french     = "Nos bureaux sont fermés : Sample event. Nous rouvrons demain à 9 heures. Veuillez laisser un message."
		portuguese = "A nossa loja está fechada. Por favor, deixe uma mensagem após o sinal."
	)
	for _, c := range []struct{ text, voice, want string }{
		{english, "en-gb", ""},
		{english, "", ""},
		{german, "de", ""},
		{german, "DE-at", ""},
		{spanish, "es-mx", ""},
		{french, "fr-ca", ""},
		{strings.ReplaceAll(french, "'", "’"), "fr-ca", ""},
		{portuguese, "pt-br", ""},
		{portuguese + " Black Friday: estamos fechados.", "pt-br", ""},
		{
			portuguese + " Abrimos tomorrow at 9 AM.", "pt-br",
			`the language of the message is set to "pt-br", but the date in it is in English ("tomorrow"): ` +
				`spoken writes English, German, Spanish and French only; write the time with the function date`,
		},
		{"Closed.", "de-de", ""},
		{"Guten Tag.", "en-us", ""},
		{"We are closed. Please call again. Wir sind geschlossen. Bitte rufen Sie wieder an.", "en-us", ""},
		{"", "de", ""},
		{
			english, "de-de",
			`the message is in English, but its language is set to "de-de"; translate the message, or set data language: en-us`,
		},
		{
			english, "it",
			`the message is in English, but its language is set to "it"; translate the message, or set data language: en-us`,
		},
		{
			german, "en-us",
			`the message is in German, but its language is set to "en-us"; translate the message, or set data language: de-de`,
		},
		{
			strings.ReplaceAll(english, "tomorrow at 9 AM", "morgen um 9 Uhr"), "de-de",
			`the message is in English, but the date in it is in German ("morgen"); write spoken "en", or translate the message`,
		},
		{
			strings.ReplaceAll(german, "morgen um 9 Uhr", "Monday at 9 AM"), "de-de",
			`the message is in German, but the date in it is in English ("monday"); write spoken "de", or translate the message`,
		},
		{
			strings.ReplaceAll(spanish, "mañana a las 9", "demain à 9 heures"), "",
			`the message is in Spanish, but the date in it is in French ("demain"); write spoken "es", or translate the message`,
		},
	} {
		if got := newLanguageIndex().problem(c.text, c.voice); got != c.want {
			t.Errorf("%q, %q:\ngot  %s\nwant %s", c.text, c.voice, got, c.want)
		}
	}
	if got := newLanguageIndex().problem(strings.Repeat("ü ", maxLanguageBytes), "en"); got != "" {
		t.Errorf("a long text: %s", got)
	}
	for _, l := range spokenLanguages() {
		for _, other := range spokenLanguages() {
			for word := range strings.FieldsSeq(l.common + " " + l.dates) {
				if l.tag != other.tag && strings.Contains(" "+other.common+" "+other.dates+" ", " "+word+" ") {
					t.Errorf("%q is a word of %s and of %s", word, l.name, other.name)
				}
			}
		}
	}
}
