package server

import (
	"strings"
	"testing"
)

// TestVictim: a tenant that claims what is another's is refused for as long as it does, and does
// not hold up the other's changes.
func TestVictim(t *testing.T) {
	t.Parallel()
	const evil, good = "tenants/evil.yaml", "tenants/good.yaml"
	account := func(file, accounts string) string { return strings.Replace(file, "}", ", account: ["+accounts+"]}", 1) }
	for name, claim := range map[string]string{
		"a name":     says("good", "evil", ""),
		"an account": account(says("evil", "evil", ""), "acc0"),
		"a path":     strings.Replace(says("evil", "evil", ""), "branches", "path: /good/main, branches", 1),
		"everything": strings.TrimPrefix(says("", "evil", ""), "tenant: {name: }\n"),
		"a number":   claims("good", "acc0"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine := func(text string) string { return account(says("good", text, ""), "acc0") }
			w, f := reloadable(t, "include: [tenants/*.yaml]\n",
				map[string]string{good: mine("one"), evil: says("evil", "evil", "")})
			w.Start()
			for _, text := range []string{"one", "two", "three"} {
				f.set("include: [tenants/*.yaml]\n", map[string]string{good: mine(text), evil: claim})
				if err := w.Reload(t.Context()); err == nil ||
					strings.Contains(err.Error(), good+":") && !strings.Contains(err.Error(), evil+":") {
					t.Errorf("got %v, want a mistake of evil's", err)
				}
				if got := body(t,
					w.call(post("/good/main", "Account-ID", "acc0"))); got != `{"module":"tts","data":{"text":"`+text+
					`"}}` {
					t.Errorf("good's answer is %s, want %s", got, text)
				}
				if rejected := w.Status().Rejected; len(rejected) != 1 || rejected[0] != "evil" {
					t.Errorf("refused is %q, want evil alone", rejected)
				}
			}
		})
	}
}

// TestBarred: a directory that an include leads to and that cannot be read is the mistake of the
// tenants in it, whose accepted files answer.
func TestBarred(t *testing.T) {
	t.Parallel()
	const include = "include: [tenants/*/main.yaml]\n"
	before := map[string]string{"tenants/a/main.yaml": says("a", "a1", ""), "tenants/b/main.yaml": says("b", "b1", "")}
	after := map[string]string{
		"tenants/a/main.yaml": says("a", "a2", ""), "tenants/b/main.yaml": says("b", "b2", ""),
		"tenants/c/main.yaml": says("c", "c2", ""),
	}
	for bar, want := range map[string]struct {
		a, b, rejected, mistake string
	}{
		"tenants/a": {"a1", "b2", "a", "callhours.yaml:5:11: tenants/a/main.yaml: permission denied"},
		"tenants/c": {"a2", "b2", "c", "callhours.yaml:5:11: tenants/c: permission denied"},
		"tenants":   {"a1", "b1", "a b", "callhours.yaml:5:11: tenants/a/main.yaml: permission denied"},
	} {
		t.Run(bar, func(t *testing.T) {
			t.Parallel()
			w, f := reloadable(t, include, before)
			w.Start()
			f.set(include, after)
			f.bar = bar
			for range 2 {
				if err := w.Reload(t.Context()); err == nil || !strings.Contains("\n"+err.Error(), "\n"+want.mistake) {
					t.Errorf("got %v, want %s", err, want.mistake)
				}
				for path, text := range map[string]string{"/a/main": want.a, "/b/main": want.b} {
					if got := body(t, w.call(post(path))); got != `{"module":"tts","data":{"text":"`+text+`"}}` {
						t.Errorf("%s: got %s, want %s", path, got, text)
					}
				}
				if got := strings.Join(w.Status().Rejected, " "); got != want.rejected {
					t.Errorf("refused is %q, want %q", got, want.rejected)
				}
			}
			f.bar = ""
			if err := w.Reload(t.Context()); err != nil ||
				body(t, w.call(post("/a/main"))) != `{"module":"tts","data":{"text":"a2"}}` {
				t.Errorf("readable again: %v", err)
			}
		})
	}
}
