package server

import (
	"strings"
	"testing"
)

const displayed = `
include: [tenants/*.yaml]
calendars: {hours: {file: hours.ics, display_name: "Öffnungszeiten"}}
routes:
  - name: bonn
    display_name: "Büro Bonn <1>"
    match: {dialed: ["+4922855501", "+4922855502", "+4922855503", "+4922855504", "+4922855505"]}
    branches:
      - {name: open, display_name: "Geöffnet", when: {calendar: hours, summary: "open*"}, pass: true}
      - {name: closed, pass: true}
  - name: front-desk
    branches: [{name: night-service, state: other, pass: true}]
`

// TestDisplayNames: people read names for people, given or made of the names, on the pages, in
// calendars and in the text of hours; machines read names.
func TestDisplayNames(t *testing.T) {
	t.Parallel()
	w := started(t, displayed, map[string]string{
		"tenants/hours.ics": hoursFile,
		"tenants/acme.yaml": "tenant: {name: acme, account: " + acme + ", display_name: \"Acme & Söhne\"}\n" +
			"calendars: {rota-2: {file: hours.ics}}\n" +
			"routes: [{name: main, branches: [{name: closed, pass: true}]}]\n",
	})
	for path, want := range map[string][]string{
		"/": {
			"Büro Bonn &lt;1&gt;", "<strong>Geöffnet</strong>",
			"&#43;4922855501, &#43;4922855502, &#43;4922855503 and 2 more",
			"Acme &amp; Söhne / </span>Main", ">Front desk<", "<strong>Night service</strong>",
		},
		"/?q=b%C3%BCro": {"/routes/bonn"},
		"/routes/bonn": {
			"<title>Büro Bonn &lt;1&gt; ", "<strong>Geöffnet</strong>", ">Öffnungszeiten</a>", "<code>bonn</code>",
		},
		"/try?route=bonn":      {"Büro Bonn", "<strong>Geöffnet</strong>"},
		"/calendars":           {">Öffnungszeiten</a>", "Rota 2</a>"},
		"/calendars/hours":     {"Öffnungszeiten</h1>", ">Büro Bonn &lt;1&gt;</a>"},
		routesPath + "?q=bonn": {`"route":"bonn","display_name":"Büro Bonn`, `"branch":"open"`},
		hoursPath + "?route=bonn&format=ics&days=2": {"X-WR-CALNAME:Büro Bonn <1>\r\n", "SUMMARY:Geöffnet\r\n"},
		hoursPath + "?route=bonn&format=text&days=2": {
			"Büro Bonn <1> (bonn), times in America/New_York\n", "  open",
		},
		explainPath + "?route=bonn": {`"route":"bonn"`, `"branch":"open"`},
	} {
		text := body(t, w.people(t, path, "localhost"))
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not have %q:\n%s", path, part, text)
			}
		}
	}
}
