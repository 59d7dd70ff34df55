package config

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/internal/diag"
)

// TestDatabaseURL: what a URL may be, and when a connection is not verified.
func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	const (
		shape = "callhours.yaml:3:17: expected url to be of a PostgreSQL database, such as " +
			"postgres://callhours@db.example.com/callhours?sslmode=verify-full"
		secret = "callhours.yaml:3:17: the url contains a password; remove it, and set password: {secret: NAME} " +
			"beside url"
		unverified = "callhours.yaml:3:17: the connection to the database can be read or redirected; add " +
			"sslmode=verify-full to url (and sslrootcert=FILE for an authority of your own)"
	)
	for url, want := range map[string]string{
		"postgres://callhours@db.example.com/callhours?sslmode=verify-full": "",
		"postgres://callhours@a,b/callhours?sslmode=verify-full":            "",
		"postgres://callhours@127.0.0.1/callhours":                          "",
		"postgres://callhours@[::1]:5433/callhours":                         "",
		"postgresql://callhours@localhost/callhours":                        "",
		"postgres:///callhours?host=/run/postgresql":                        "",
		"postgres://callhours@db.example.com/callhours":                     unverified,
		"postgres://callhours@db.example.com/callhours?sslmode=require":     unverified,
		"postgres://callhours@/callhours?host=/run/postgresql,db":           unverified,
		"mysql://callhours@db/callhours":                                    shape,
		"host=db dbname=callhours password=hunter2":                         shape,
		"postgres://db":                 shape,
		"postgres:///callhours":         shape,
		"postgres://db/%zz":             shape,
		"postgres://db/callhours?x=%zz": shape,
		"postgres://u:hunter2@db/callhours?sslmode=verify-full":        secret,
		"postgres://db/callhours?password=hunter2&sslmode=verify-full": secret,
	} {
		file, err := Load("callhours.yaml", Options{FS: fstest.MapFS{"callhours.yaml": {Data: []byte(
			"timezone: UTC\nlisten: 127.0.0.1:8080\ndatabase: {url: \"" + url + "\"}\n",
		)}}})
		got := ""
		var mistakes diag.Mistakes
		switch {
		case errors.As(err, &mistakes):
			got = mistakes.Error()
		case err != nil:
			t.Fatal(err)
		case file.Database == nil || file.Database.URL != url:
			t.Errorf("%s: got %v", url, file.Database)
		}
		for _, w := range file.Warnings {
			if w.Kind == "database_unverified" {
				got += w.Error()
			}
		}
		if got != want || strings.Contains(got, "hunter2") {
			t.Errorf("%s:\n got %q\nwant %q", url, got, want)
		}
	}
}

// TestDatabasePassword: one in plain text works, with a warning that does not show it.
func TestDatabasePassword(t *testing.T) {
	t.Parallel()
	file, err := Load("callhours.yaml", Options{FS: fstest.MapFS{"callhours.yaml": {Data: []byte(
		"timezone: UTC\nlisten: 127.0.0.1:8080\n" +
			"database: {url: \"postgres://u@localhost/callhours\", password: hunter2}\n",
	)}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Database.Password.Reveal(); got != "hunter2" {
		t.Errorf("got %q", got)
	}
	found := false
	for _, w := range file.Warnings {
		found = found || w.Kind == "secret_in_plain" && !strings.Contains(w.Error(), "hunter2")
	}
	if !found {
		t.Errorf("got the warnings %v", file.Warnings)
	}
}
