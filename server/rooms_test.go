package server

import (
	"testing"

	"github.com/callhours/callhours/render"
)

// TestRoomsOfOwners: the answers that are kept of a tenant's routes are counted for its directory,
// whatever the tenant is called and however often the configuration is read again.
func TestRoomsOfOwners(t *testing.T) {
	t.Parallel()
	const yaml = "include: [tenants/*/*.yaml]\n"
	const good, evil = "tenants/good/t.yaml", "tenants/evil/t.yaml"
	w, f := reloadable(t, yaml, map[string]string{good: says("good", "1", ""), evil: says("evil", "1", "")})
	w.Start()
	rooms := func() map[string]*render.Room { return w.live.Load().Generation.rooms }
	first := rooms()
	if len(first) != 3 || first[""] == nil || first["tenants/good"] == first["tenants/evil"] {
		t.Fatalf("got %v", first)
	}
	for _, c := range []map[string]string{
		{good: says("good", "1", ""), evil: says("evil", "2", "")},
		{good: says("good", "1", ""), evil: says("other", "2", "")},
		{good: says("good", "1", ""), "tenants/evil/u.yaml": says("other", "2", "")},
	} {
		f.set(yaml, c)
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		for owner, room := range first {
			if rooms()[owner] != room {
				t.Errorf("%q has another room after a reload with %v", owner, c)
			}
		}
	}
	f.set(yaml, map[string]string{good: says("good", "1", "")})
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := rooms(); len(now) != 2 || now["tenants/evil"] != nil {
		t.Errorf("got %v", now)
	}
}
