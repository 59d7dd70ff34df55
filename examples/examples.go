// Package examples holds complete installations, each with its routing tests. The front desk is
// embedded, so that the program can serve it without any file; it and one office for each language
// are there for init to write out. Tests check and run every one of them.
package examples

import (
	"embed"
	"io/fs"
)

// Config is the name of the configuration in each installation.
const Config = "callhours.yaml"

//go:embed front-desk reception zentrale recepcion accueil
var installations embed.FS

// FrontDeskTimezone is the time zone in the configuration of FrontDesk. The times in its calendars are
// local, and its holidays those of the United States.
const FrontDeskTimezone = "America/New_York"

// FrontDesk is one office with open hours, lunch and holidays, answered by a device and a voicemail
// box. It is what the program serves when it is given no configuration.
func FrontDesk() fs.FS {
	return installation("front-desk")
}

// Office is the example of an office in one language: its patterns, messages and comments. The times
// in its calendars are local, so that it fits any time zone.
type Office struct {
	Base     string // base language: "de"
	Language string // the tag in its configuration: "de-de"
	Timezone string // in its configuration
	FS       fs.FS
}

// Offices are the examples of an office, one for each language. The first is in English.
func Offices() []Office {
	return []Office{
		{"en", "en-gb", "Europe/London", installation("reception")},
		{"de", "de-de", "Europe/Berlin", installation("zentrale")},
		{"es", "es-es", "Europe/Madrid", installation("recepcion")},
		{"fr", "fr-fr", "Europe/Paris", installation("accueil")},
	}
}

func installation(dir string) fs.FS {
	// The directory is embedded by this file, so that it cannot be missing.
	sub, err := fs.Sub(installations, dir)
	if err != nil {
		panic(err)
	}
	return sub
}
