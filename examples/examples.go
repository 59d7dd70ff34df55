// Package examples holds complete installations, each with its routing tests. The front desk is
// embedded, so that the program can serve it without any file and write it out to start from. Tests
// check and run every one of them.
package examples

import (
	"embed"
	"io/fs"
)

// Config is the name of the configuration in each installation.
const Config = "callhours.yaml"

//go:embed front-desk
var installations embed.FS

// FrontDesk is one office with open hours, lunch and holidays, answered by a device and a voicemail
// box. It is what the program serves when it is given no configuration.
func FrontDesk() fs.FS {
	// The directory is embedded by this file, so that it cannot be missing.
	sub, err := fs.Sub(installations, "front-desk")
	if err != nil {
		panic(err)
	}
	return sub
}
