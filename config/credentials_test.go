package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"pw": "hush\n", "empty": "\n", "lines": "a\nb\n", "long": strings.Repeat("x", maxCredential+1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "listen: 127.0.0.1:8080\nauth: {basic: {username: kazoo, password: "
	load := func(password, tenant, credentials string) (*File, string) {
		t.Helper()
		files := fstest.MapFS{"callhours.yaml": {Data: []byte(head + password + "}}\n")}}
		if tenant != "" {
			files["acme.yaml"] = &fstest.MapFile{Data: []byte(tenant)}
			files["callhours.yaml"].Data = append(files["callhours.yaml"].Data, "include: [acme.yaml]\n"...)
		}
		file, err := Load("callhours.yaml", Options{FS: files, Credentials: credentials})
		if err != nil {
			return file, err.Error()
		}
		return file, ""
	}
	file, wrong := load("{credential: pw}", "", dir)
	if wrong != "" || file.Auth.Basic.Password.Reveal() != "hush" {
		t.Errorf("got %q: %s", file.Auth.Basic.Password.Reveal(), wrong)
	}
	for _, w := range file.Warnings {
		if w.Kind == "secret_in_plain" || w.Kind == "credential_absent" {
			t.Errorf("got the warning %s", w.Error())
		}
	}
	for password, want := range map[string]string{
		"{credential: none}":           `systemd gives no credential "none"; add LoadCredential=none:/PATH/OF/FILE`,
		"{credential: empty}":          `credential "empty" is empty`,
		"{credential: long}":           `credential "long" cannot be read`,
		"{credential: lines}":          "contains a line break",
		"{credential: ../pw}":          "expected the name of a credential",
		"{credential: pw, secret: pw}": "found both",
		"{credential: [pw]}":           "expected credential to be a text",
	} {
		if _, wrong := load(password, "", dir); !strings.Contains(wrong, want) || strings.Contains(wrong, "hush") {
			t.Errorf("%s: got %s, want %s", password, wrong, want)
		}
	}
	tenant := "tenant: {name: acme, account: [a]}\ncalendars: {hours: {url: {credential: pw}}}\n"
	if _, wrong := load("{credential: pw}", tenant, dir); !strings.Contains(wrong, "acme.yaml:2:") ||
		!strings.Contains(wrong, "a tenant's file cannot use credentials") {
		t.Errorf("a tenant's: got %s", wrong)
	}
	// A command that systemd has not started goes on without.
	file, wrong = load("{credential: pw}", "", "")
	if wrong != "" || !file.Auth.Basic.Password.Withdrawn() || file.Auth.Basic.Password.Reveal() == "" {
		t.Errorf("without systemd: got %+v: %s", file.Auth.Basic.Password, wrong)
	}
	warned := false
	for _, w := range file.Warnings {
		warned = warned || w.Kind == "credential_absent"
	}
	if !warned {
		t.Errorf("without systemd: got %v", file.Warnings)
	}
}
