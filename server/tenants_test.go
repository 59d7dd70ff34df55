package server

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// says is a tenant's file whose route answers with a text.
func says(tenant, text, more string) string {
	return "tenant: {name: " + tenant + "}\n" + more +
		"routes:\n  - {name: main, branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"" +
		text + "\"}}'}]}\n"
}

// claims is a tenant's file whose route answers the calls of an account on /pivot.
func claims(tenant, account string) string {
	return "tenant: {name: " + tenant + ", account: [" + account +
		"]}\nroutes:\n  - {name: main, match: {dialed: [\"+14155550101\"]}, " +
		"branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"" + tenant + "\"}}'}]}\n"
}

// TestTenants: what is wrong with a tenant's files concerns that tenant alone, and what its former
// files do not mend keeps everything as it was.
func TestTenants(t *testing.T) {
	t.Parallel()
	const include = "include: [tenants/*.yaml]\n"
	const (
		a1, b1 = "tenants/a.yaml", "tenants/b.yaml"
		wrong  = "tenant: {name: a}\nroute: []\n"
	)
	cases := map[string]struct {
		yaml          string // of the main file, besides include
		before, after map[string]string
		afterYAML     string
		answers       map[string]string // by path: the text, or "" for none; the account stands behind it
		rejected      []string
		mistake       string // that is among those said
	}{
		"one is wrong, another has changed": {
			before:   map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:    map[string]string{a1: wrong, b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:2:1: unknown key \"route\" in an included file; did you mean \"routes\"?",
		},
		"a file that is no YAML": {
			before:   map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:    map[string]string{a1: "\tno YAML", b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "tenants/a.yaml:1:1: a tab cannot indent; use spaces",
		},
		"the key tenant is misspelt": {
			before: map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after: map[string]string{
				a1: strings.Replace(says("a", "a2", ""), "tenant:", "tenat:", 1),
				b1: says("b", "b2", ""),
			},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2", "/main": ""},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:1: unknown key \"tenat\" in an included file; did you mean \"tenant\"?",
		},
		"a new tenant is wrong": {
			before:   map[string]string{b1: says("b", "b1", "")},
			after:    map[string]string{a1: wrong, b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "tenants/a.yaml:2:1: ",
		},
		"a new file is no YAML": {
			before:   map[string]string{b1: says("b", "b1", "")},
			after:    map[string]string{"tenants/new-one.yaml": "{", b1: says("b", "b2", "")},
			answers:  map[string]string{"/b/main": "b2"},
			rejected: []string{"new-one"}, mistake: "tenants/new-one.yaml:2:1: ",
		},
		"a tenant is removed": {
			before:  map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:   map[string]string{b1: says("b", "b2", "")},
			answers: map[string]string{"/a/main": "", "/b/main": "b2"},
		},
		"a tenant is renamed, and wrong": {
			before:   map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:    map[string]string{a1: strings.Replace(wrong, "name: a", "name: z", 1), b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "a1", "/z/main": "", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "tenants/a.yaml:2:1: ",
		},
		"a file is renamed, and wrong": {
			before:   map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:    map[string]string{"tenants/z.yaml": wrong, b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "tenants/z.yaml:2:1: ",
		},
		"a file that is named vanishes": {
			yaml:     "calendars: {}\n",
			before:   map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:    map[string]string{b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "callhours.yaml:5:11: tenants/a.yaml: file does not exist",
		},
		"secrets of a tenant are wrong": {
			before: map[string]string{
				a1:                       says("a", "a1", "secrets: a/secrets.yaml\n"),
				"tenants/a/secrets.yaml": "one: 1\n", b1: says("b", "b1", ""),
			},
			after: map[string]string{
				a1:                       says("a", "a2", "secrets: a/secrets.yaml\n"),
				"tenants/a/secrets.yaml": "one: [1]\n", b1: says("b", "b2", ""),
			},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "tenants/a/secrets.yaml:1:6: expected a secret to be a text, found a list",
		},
		"numbers of a tenant are gone": {
			before: map[string]string{
				a1:                   says("a", "a1", "lists: {spam: {file: a/spam.txt}}\n"),
				"tenants/a/spam.txt": "+14155550100\n", b1: says("b", "b1", ""),
			},
			after: map[string]string{
				a1: says("a", "a2", "lists: {spam: {file: a/spam.txt}}\n"),
				b1: says("b", "b2", ""),
			},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "tenants/a.yaml:2:22: tenants/a/spam.txt: file does not exist",
		},
		"one claims the other's account": {
			before:   map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc2")},
			after:    map[string]string{a1: claims("a", "Acc2"), b1: claims("b", "acc2")},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc2": "b"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:29: account \"acc2\" is already tenant \"b\"'s, at tenants/b.yaml:1:29; use your own\n",
		},
		"one claims the other's account, and both have changed": {
			before: map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc2")},
			after: map[string]string{
				a1: claims("a", "acc2"),
				b1: "# edited\n" + says("b", "b2", "")[:16] + ", account: [acc2]" + says("b", "b2", "")[16:],
			},
			answers:  map[string]string{"/pivot acc1": "a", "/b/main acc2": "b2"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:29: account \"acc2\" is already tenant \"b\"'s, at tenants/b.yaml:2:29; use your own\n",
		},
		"both claim what is nobody's": {
			before:   map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc2")},
			after:    map[string]string{a1: claims("a", "acc3"), b1: claims("b", "acc3")},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc2": "b", "/pivot acc3": ""},
			rejected: []string{"a", "b"},
			mistake:  "tenants/b.yaml:1:29: account \"acc3\" is also claimed at tenants/a.yaml:1:29, and no accepted",
		},
		"an account goes to another tenant": {
			before:  map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc2")},
			after:   map[string]string{a1: claims("a", "acc3"), b1: claims("b", "acc1")},
			answers: map[string]string{"/pivot acc1": "b", "/pivot acc2": "", "/pivot acc3": "a"},
		},
		"an account goes to another tenant, and the former one is wrong": {
			before:   map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc2")},
			after:    map[string]string{a1: wrong, b1: claims("b", "acc1")},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc2": "b"},
			rejected: []string{"a", "b"}, mistake: "tenants/b.yaml:1:29: ",
		},
		"an account that the main file gives": {
			yaml:     "tenants: {b: {account: acc4}}\n",
			before:   map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc4")},
			after:    map[string]string{a1: claims("a", "acc4")},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc4": ""},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:29: account \"acc4\" belongs to tenant \"b\", according to callhours.yaml:6:11; remove it here\n",
		},
		"an account that the main file does not give": {
			yaml:     "tenants: {a: {account: acc1}}\n",
			before:   map[string]string{a1: claims("a", "acc1")},
			after:    map[string]string{a1: claims("a", "acc1, acc5")},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc5": ""},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:35: account \"acc5\" is none that callhours.yaml:6:11 gives this tenant; add it there, or remove it here\n",
		},
		"an account of the operator's": {
			yaml: "routes: [{name: x, match: {account: acc6, dialed: \"1\"}, branches: [{name: closed, callflow: " +
				`'{"module":"tts","data":{"text":"x"}}'` + "}]}]\n",
			before:   map[string]string{a1: claims("a", "acc1")},
			after:    map[string]string{a1: claims("a", "acc6")},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc6": ""},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:29: account \"acc6\" is the operator's: a route has it at callhours.yaml:6:37; remove it here, or write",
		},
		"a tenant without an account that matches": {
			before: map[string]string{a1: says("a", "a1", ""), b1: claims("b", "acc2")},
			after: map[string]string{
				a1: strings.Replace(claims("a", "acc1"), ", account: [acc1]", "", 1),
				b1: claims("b", "acc2"),
			},
			answers:  map[string]string{"/a/main": "a1", "/pivot acc1": "", "/pivot acc2": "b"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:3:25: tenant \"a\" has no account, so its routes cannot have match, which could take other tenants' calls; set account in tenant\n",
		},
		"a tenant without an account on a path of others": {
			before: map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after: map[string]string{
				a1: strings.Replace(says("a", "a2", ""), "branches", "path: /b/main, branches", 1),
				b1: says("b", "b2", ""),
			},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:3:24: tenant \"a\" has no account, so its paths must begin with \"/a/\"; set account in tenant, or change the path\n",
		},
		"a tenant without an account on the main file's path": {
			yaml:   "path: /a/pivot\n",
			before: map[string]string{a1: says("a", "a1", ""), b1: claims("b", "acc2")},
			after: map[string]string{
				a1: strings.Replace(says("a", "a2", ""), "branches", "path: /a/pivot, branches", 1),
				b1: claims("b", "acc2"),
			},
			answers:  map[string]string{"/a/main": "a1", "/a/pivot acc2": "b", "/a/pivot acc9": ""},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:3:24: path \"/a/pivot\" is the main file's; set another path, or account in tenant\n",
		},
		"a tenant leaves out that it is one": {
			before: map[string]string{a1: claims("a", "acc1"), b1: claims("b", "acc2")},
			after: map[string]string{
				a1: strings.TrimPrefix(claims("a", "acc1"), "tenant: {name: a, account: [acc1]}\n"),
				b1: claims("b", "acc2"),
			},
			answers:  map[string]string{"/pivot acc1": "a", "/pivot acc2": "b"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:1: the file has no tenant; set tenant: {name: …}, or, if it is the operator's, list it under include_shared in the main file\n",
		},
		"two tenants of one name": {
			before:   map[string]string{a1: says("a", "a1", ""), b1: says("b", "b1", "")},
			after:    map[string]string{a1: says("b", "a2", ""), b1: says("b", "b2", "")},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:1:16: the name \"b\" is already tenant \"b\"'s, at tenants/b.yaml:1:16; use your own\n",
		},
		"data is missing that a plan of everybody's reads": {
			yaml: "plans: {p: {branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":{{ .Data.text }}}}'}]}}\n",
			before: map[string]string{
				a1: "tenant: {name: a}\nroutes: [{name: main, plan: p, data: {text: a1}}]\n",
				b1: says("b", "b1", ""),
			},
			after: map[string]string{
				a1: "tenant: {name: a}\nroutes: [{name: main, plan: p, data: {txt: a2}}]\n",
				b1: says("b", "b2", ""),
			},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"}, mistake: "callhours.yaml:6:",
		},
		"a plan of everybody's changes, and breaks one": {
			yaml:      "plans: {p: {branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":{{ .Data.text }}}}'}]}}\n",
			afterYAML: "plans: {p: {branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":{{ .Data.other }}}}'}]}}\n",
			before: map[string]string{
				a1: "tenant: {name: a}\nroutes: [{name: main, plan: p, data: {text: a1}}]\n",
				b1: says("b", "b1", ""),
			},
			after: map[string]string{
				a1: "tenant: {name: a}\nroutes: [{name: main, plan: p, data: {text: a1}}]\n",
				b1: says("b", "b2", ""),
			},
			answers: map[string]string{"/a/main": "a1", "/b/main": "b1"},
			mistake: "callhours.yaml:6:",
		},
		"a calendar's file is gone": {
			before: map[string]string{
				a1:                  says("a", "a1", "calendars: {own: {file: a/own.ics}}\n"),
				"tenants/a/own.ics": hoursFile, b1: says("b", "b1", ""),
			},
			after: map[string]string{
				a1: says("a", "a2", "calendars: {own: {file: a/own.ics}}\n"),
				b1: says("b", "b2", ""),
			},
			answers:  map[string]string{"/a/main": "a1", "/b/main": "b2"},
			rejected: []string{"a"},
			mistake:  "tenants/a.yaml:2:13: calendar \"a/own\": tenants/a/own.ics: file does not exist",
		},
		"the main file is wrong": {
			before:    map[string]string{a1: says("a", "a1", "")},
			after:     map[string]string{a1: says("a", "a2", "")},
			afterYAML: "rotes: []\n",
			answers:   map[string]string{"/a/main": "a1"},
			mistake:   "callhours.yaml:6:1: unknown key \"rotes\" in the main file; did you mean \"routes\"?",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := include
			if name == "a file that is named vanishes" {
				first = "include: [tenants/a.yaml, tenants/b.yaml]\n"
			}
			w, f := reloadable(t, first+c.yaml, c.before)
			w.Start()
			then := c.yaml
			if c.afterYAML != "" {
				then = c.afterYAML
			}
			f.set(first+then, c.after)
			err := w.Reload(t.Context())
			if (err != nil) != (c.mistake != "") || err != nil && !strings.Contains("\n"+err.Error(), "\n"+c.mistake) {
				t.Errorf("got %v\nwant %s", err, c.mistake)
			}
			for asked, want := range c.answers {
				path, account, _ := strings.Cut(asked, " ")
				got, status := w.call(post(path, "Request", "+14155550101", "Account-ID", account)), 404
				if want != "" {
					status, want = 200, `{"module":"tts","data":{"text":"`+want+`"}}`
				}
				if b := body(t, got); got.StatusCode != status || want != "" && b != want {
					t.Errorf("%s: got %d %s, want %d %s", asked, got.StatusCode, b, status, want)
				}
			}
			status := w.Status()
			if diff := cmp.Diff(append([]string{}, c.rejected...), status.Rejected); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
			if status.Failed != (c.mistake != "") || status.Failed != (len(status.Mistakes) > 0) {
				t.Errorf("the status is %+v", status)
			}

			// Mended by what it was before, everything is as it was.
			f.set(first+c.yaml, c.before)
			if err := w.Reload(t.Context()); err != nil {
				t.Errorf("after it was mended: %v", err)
			}
			if status := w.Status(); status.Failed || len(status.Rejected) > 0 {
				t.Errorf("after it was mended the status is %+v", status)
			}
		})
	}
}

// TestLook: what has changed is taken when it is the same at two looks, and what is wrong
// with some content is said once.
func TestLook(t *testing.T) {
	t.Parallel()
	const path = "tenants/a.yaml"
	w, f := reloadable(t, "include: [tenants/*.yaml]\n", map[string]string{path: says("a", "1", "")})
	w.Start()
	var l follower
	look := func(want string) {
		t.Helper()
		w.at(w.clock().Add(time.Second))
		w.look(t.Context(), &l)
		if b := body(t, w.call(post("/a/main"))); b != `{"module":"tts","data":{"text":"`+want+`"}}` {
			t.Errorf("got %s, want %s", b, want)
		}
	}
	set := func(body string) { f.set("include: [tenants/*.yaml]\n", map[string]string{path: body}) }
	look("1")
	set(says("a", "2", ""))
	look("1")
	set(says("a", "3", "")) // somebody is still writing
	look("1")
	look("3")
	set(says("a", "4", ""))
	look("3")
	set(says("a", "3", "")) // and has thought better of it
	look("3")
	loaded := w.Status().Loaded
	look("3")
	if !w.Status().Loaded.Equal(loaded) {
		t.Error("the same files are loaded again")
	}
	said := func() int { return strings.Count(w.log.String(), "mistake in the configuration") }
	for i, wrong := range []string{"tenant: {name: a}\nnonsense: 1\n", "tenant: {name: a}\nnonsense: 2\n"} {
		set(wrong)
		for range 5 {
			look("3")
		}
		if n := said(); n != i+1 {
			t.Errorf("%d mistakes are logged, want %d", n, i+1)
		}
	}
	set(says("a", "3", ""))
	look("3")
	look("3")
	if s := w.Status(); s.Failed || len(s.Rejected) > 0 {
		t.Errorf("mended, the status is %+v", s)
	}
	f.set("include: [tenants/*.yaml]\n", nil) // a directory that is not mounted
	for range 3 {
		look("3")
	}
	if s := w.Status(); !s.Failed || !strings.Contains(s.Mistakes[0].Message, "matches no file any more") {
		t.Errorf("without any tenant, the status is %+v", s)
	}
	if err := w.Reload(t.Context()); err != nil || w.call(post("/a/main")).StatusCode != 404 {
		t.Errorf("by hand it is not taken: %v", err)
	}
}
