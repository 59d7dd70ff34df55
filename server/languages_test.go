package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPagesInLanguages: each page is in the language that the browser prefers, and leaves no text of
// its own in English.
func TestPagesInLanguages(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	tags := regexp.MustCompile(`<(script|style|code|pre)[^>]*>[^<]*</|<[^>]*>`)
	for _, path := range []string{
		"/", "/?q=nothing+of+this+name", "/try", "/calendars", "/calendars/hours", "/calendars/none", "/findings",
		"/unmatched", "/config",
	} {
		for tag, accept := range map[string]string{
			"en": "it", "de": "de-AT,de;q=0.9,en;q=0.5", "es": "es-MX", "fr": "fr-CA,fr;q=0.9",
		} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = "localhost"
			r.Header.Set("Accept-Language", accept)
			got := httptest.NewRecorder()
			w.Admin().ServeHTTP(got, r)
			page := got.Body.String()
			if !strings.Contains(page, `<html lang="`+tag+`">`) || got.Header().Get("Content-Language") != tag ||
				!strings.Contains(strings.Join(got.Header().Values("Vary"), ","), "Accept-Language") {
				t.Errorf("%s, %s: %d %v\n%.300s", path, accept, got.Code, got.Header(), page)
			}
			if tag == "en" {
				continue
			}
			words := " " + strings.Join(strings.Fields(tags.ReplaceAllString(page, " | ")), " ") + " "
			for english, text := range pageTexts(t, tag) {
				if english != text && strings.Contains(words, "| "+english+" |") {
					t.Errorf("%s, %s: %q is English", path, tag, english)
				}
			}
		}
	}
}

// pageTexts are the translations of the pages, by the English text.
func pageTexts(t *testing.T, tag string) map[string]string {
	t.Helper()
	body, err := os.ReadFile(fmt.Sprintf("../console/languages/%s.json", tag))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestWhyUnknownInLanguages: why a branch cannot be decided is said in the reader's language, but for
// what a server answered.
func TestWhyUnknownInLanguages(t *testing.T) {
	t.Parallel()
	w := started(t, strings.Replace(oneRoute, "file: hours.ics", "url: http://127.0.0.1:1/hours.ics", 1), nil)
	const why = "der Kalender Hours ist unbekannt: er wurde nie gelesen"
	for path, want := range map[string]string{
		"/routes/main":    "der Zweig open kann nicht entschieden werden: " + why,
		"/try?route=main": why,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		r.Header.Set("Accept-Language", "de")
		got := httptest.NewRecorder()
		w.Admin().ServeHTTP(got, r)
		if page := got.Body.String(); !strings.Contains(page, want) {
			t.Errorf("%s: no %q in\n%s", path, want, page)
		}
	}
}
