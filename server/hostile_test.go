package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// hostile is what a tenant may call a file: it clears a screen, forges lines and turns the text
// behind it around.
const hostile = "a\x1b]0;owned\a\x1b[2J\nerror: callhours.yaml:1:1: forged\n::error file=x::forged\r\u009b31m\u202e\u2066"

// TestHostileNames: no answer that a terminal or a page may show has anything in it that is no
// text, whatever files and labels of tenants are called; and nothing in it is a line of a tenant's
// making.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	w, f := reloadable(t, "include: [tenants/*/*.yaml]\n"+oneRoute, map[string]string{
		"tenants/good/main.yaml": says("good", "good", ""),
		"tenants/evil/main.yaml": says("evil", "evil", "calendars: {c: {file: '*.ics'}}\n"),
		"tenants/evil/h.ics":     hoursFile,
	})
	w.Start()
	label := strings.NewReplacer("\x1b", `\e`, "\a", `\a`, "\n", `\n`, "\r", `\r`, "\u009b", `\x9b`, "\u202e", `\u202E`,
		"\u2066", `\u2066`).Replace(hostile)
	f.set("include: [tenants/*/*.yaml]\n"+oneRoute, map[string]string{
		"tenants/good/main.yaml":            says("good", "good", ""),
		"tenants/good/" + hostile + ".yaml": "x: 1\n",
		"tenants/evil/main.yaml":            says("evil", "evil", "calendars: {c: {file: '*.ics'}}\n"),
		"tenants/evil/" + hostile + ".ics":  "BEGIN:VEVENT\nSUMMARY:x\n",
		"tenants/" + hostile + "/main.yaml": "tenant: {name: other}\nx: 2\n",
		"tenants/labels/main.yaml": strings.Replace(says("labels", "x", ""), "}",
			`, labels: {of: "`+label+`", "`+label+`": x}}`, 1),
		"tenants/claim/" + hostile + ".yaml":      claims("good", "7a1cf0d2b3e44c5d8e9fa0b1c2d3e4f5"),
		"tenants/missing/main.yaml":               says("missing", "x", "calendars: {c: {file: \""+label+".ics\"}}\n"),
		"tenants/text/" + hostile + "2/none.yaml": "",
	})
	ask := func(method, path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, adminRequest(method, path))
		return rec
	}
	answers := map[string]*httptest.ResponseRecorder{
		// the first, since it changes what the others say
		"POST " + reloadPath:               ask(http.MethodPost, reloadPath),
		"POST " + feedsPath + "/x/refresh": ask(http.MethodPost, feedsPath+"/x%0A%1B/refresh"),
	}
	if text := answers["POST "+reloadPath].Body.String(); !strings.Contains(text, `/a\u001b]0;owned\u0007`) {
		t.Fatalf("the reload says nothing of the file: %s", text)
	}
	for _, path := range []string{
		"/metrics", statusPath, findingsPath, feedsPath, routesPath, decisionsPath,
		hoursPath + "?route=%1B%C2%9B%E2%80%AE", hoursPath + "?route=main&format=text", explainPath + "?route=%1B%0A",
		explainPath + "?route=main&at=%1B%C2%9B", "/nothing%1B%0A", "/", "/config", "/findings", "/calendars",
		"/calendars/evil/c", "/routes/%1B%C2%9B", routesPath + "?limit=%1B%C2%9B",
	} {
		answers[path] = ask(http.MethodGet, path)
	}
	for name, rec := range answers {
		for line := range strings.SplitSeq(rec.Body.String(), "\n") {
			if strings.HasPrefix(line, "error:") || strings.HasPrefix(line, "::error") {
				t.Errorf("%s: a line is forged: %.200q", name, line)
			}
			if i := strings.IndexFunc(line, func(r rune) bool {
				return unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
			}); i >= 0 {
				t.Errorf("%s (%d): what is no text: %.200q", name, rec.Code, line[max(0, i-60):])
			}
		}
	}
	for path, want := range map[string]string{
		"/metrics": `,of="a\\u001b]0;owned`, statusPath: `\u202e\u2066`, "/config": "202e",
	} {
		if text := answers[path].Body.String(); !strings.Contains(text, want) {
			t.Errorf("%s does not say %s", path, want)
		}
	}
}
