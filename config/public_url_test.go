package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://callhours.example.com":          "https://callhours.example.com",
		"https://Callhours.Example.COM/":         "https://callhours.example.com",
		"http://192.0.2.7:9480":                  "http://192.0.2.7:9480",
		"https://[2001:db8::1]:8443":             "https://[2001:db8::1]:8443",
		"callhours.example.com":                  "!not an address that others can open",
		"//callhours.example.com":                "!not an address that others can open",
		"ftp://callhours.example.com":            "!not an address that others can open",
		"https://":                               "!not an address that others can open",
		"https://ops:pass@callhours.example.com": "!user name or password",
		"https://callhours.example.com/console":  "!something after the host",
		"https://callhours.example.com?x=1":      "!something after the host",
		"https://callhours.example.com?":         "!something after the host",
		"https://callhours.example.com/#x":       "!something after the host",
		"https://call_hours!.example.com":        "!names no host",
		"https://callhours.example.com:99999":    "!names no host",
		"https://" + strings.Repeat("a", 300):    "!the limit is 300",
	} {
		yaml := "public_url: {console: \"" + text + "\"}\ntimezone: Europe/Berlin\n" +
			"routes: [{name: r, branches: [{name: closed, pass: true}]}]\n"
		f, err := Load("c.yaml", Options{FS: fstest.MapFS{"c.yaml": {Data: []byte(yaml), Mode: 0o600}}})
		message := ""
		if err != nil {
			message = err.Error()
		}
		said, isMistake := strings.CutPrefix(want, "!")
		switch {
		case isMistake && (!strings.Contains(message, "c.yaml:1:") || !strings.Contains(message, said)):
			t.Errorf("%s: got %q, want a mistake that says %q", text, message, said)
		case strings.Contains(message, "pass@"):
			t.Errorf("%s: the message shows it: %s", text, message)
		case !isMistake && (err != nil || f.PublicURL.Console != want):
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
