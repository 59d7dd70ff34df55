package config

import (
	"testing"
	"testing/fstest"
)

// TestDenyPrivate: the main file alone says whose feeds are fetched from private addresses.
func TestDenyPrivate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		main                  string
		operator, all, tenant bool // whether calendars of the main file, of an included one and of a tenant deny them
	}{
		{"", false, false, true},
		{"deny_private_addresses: false\n", false, false, false},
		{"deny_private_addresses: true\n", true, true, true},
		{
			"tenants: {acme: {deny_private_addresses: false}, other: {deny_private_addresses: true}}\n", false, false,
			false,
		},
		{"deny_private_addresses: false\ntenants: {acme: {deny_private_addresses: true}}\n", false, false, true},
		{"tenants: {other: {deny_private_addresses: false}}\n", false, false, true},
	} {
		files := fstest.MapFS{}
		for name, text := range map[string]string{
			"callhours.yaml": "timezone: Europe/Berlin\ninclude: [more/acme.yaml]\ninclude_shared: [more/a.yaml]\ncalendars: {main: {url: \"http://10.0.0.1/m.ics\"}}\n" + c.main,
			"more/a.yaml":    "calendars: {shared: {url: \"http://10.0.0.1/m.ics\"}}\n",
			"more/acme.yaml": "tenant: {name: acme}\ncalendars: {own: {url: \"http://10.0.0.1/m.ics\"}}\n",
		} {
			files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
		}
		f, err := Load("callhours.yaml", Options{FS: files})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, own := range f.Calendars {
			got[own.Name] = own.DenyPrivate
		}
		if got["main"] != c.operator || got["shared"] != c.all || got["acme/own"] != c.tenant || len(got) != 3 {
			t.Errorf("%q: got %v", c.main, got)
		}
	}
	files := fstest.MapFS{
		"callhours.yaml": {Data: []byte("timezone: Europe/Berlin\ninclude: [b.yaml]\n"), Mode: 0o600},
		"b.yaml":         {Data: []byte("tenant: {name: acme}\ndeny_private_addresses: false\n"), Mode: 0o600},
	}
	if _, err := Load("callhours.yaml", Options{FS: files}); err == nil {
		t.Error("a tenant's file allows them")
	}
}
