package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSchemasOfAPI: what a cluster's API gives is what a directory of its answers would be;
// anything else is refused in words.
func TestSchemasOfAPI(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"/v2/schemas":                  `{"data": ["callflows.action", "callflows.tts"]}`,
		"/v2/schemas/callflows.action": `{"data": {"id": "callflows.action", "type": "object", "required": ["module"]}}`,
		"/v2/schemas/callflows.tts":    `{"data": {"id": "callflows.tts", "type": "object", "properties": {"text": {"type": "string", "maxLength": 9}}}}`,
		"/lost":                        `{"data": ["callflows.action", "callflows.gone"]}`,
		"/lost/callflows.action":       `{"data": {"type": "object"}}`,
		"/escape":                      `{"data": ["../callflows.action"]}`,
		"/page":                        `<html>`,
		"/empty":                       `{"data": []}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	schemas, err := loadSchemas(t.Context(), server.URL+"/v2/schemas/")
	if err != nil {
		t.Fatal(err)
	}
	if err := schemas.Check([]byte(`{"module":"tts","data":{"text":"too long for it"}}`)); err == nil ||
		!strings.Contains(err.Error(), "maxLength") {
		t.Errorf("got %v, want what the cluster refuses", err)
	}
	if err := schemas.Check([]byte(`{"module":"tts","data":{"text":"short"}}`)); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{
		"/nowhere": "404 Not Found",
		"/lost":    "callflows.gone: 404 Not Found",
		"/escape":  `the name of a schema is "../callflows.action"`,
		"/page":    `expected the address of Kazoo's schemas, such as https://api.example.com:8443/v2/schemas, which answers {"data": [NAME, …]}`,
		"/empty":   `expected the address of Kazoo's schemas, such as https://api.example.com:8443/v2/schemas, which answers {"data": [NAME, …]}`,
	} {
		if _, err := loadSchemas(t.Context(), server.URL+path); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}
