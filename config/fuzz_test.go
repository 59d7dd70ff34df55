package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/callhours/callhours/internal/diag"
)

// FuzzLoad loads any bytes as the main file, as an included one and as secrets: it ends,
// each mistake stands at a place in one of the files and speaks the language of the
// operator, and what loads is whole.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	full, err := os.ReadFile("testdata/full/callhours.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	for _, seed := range []string{
		oneOffice, "", "a: &a [*a]\n", "a: &a {b: *a}\n", "&a *a\n", "--- &a\n*a: *a\n", "? &a {*a : b}\n: c\n",
		"<<: *x\n", "- - -\n",
		"a: |\n", "a: >2-\n   x\n", "a: \"\\u0000\"\n", "data: {a: &a [x, x], b: &b [*a, *a], c: &c [*b, *b]}\n",
		"\ufeffa: b\r\n",
		"a: b\rc: d\r", "a: \"x\u0085y\u2028z\"\nb: [\n", "%YAML 1.2\n---\n", "a: !!binary x\n", "{{", "a: b\n...\nc\n",
		"\xff\xfe", "a:\t|\n\tx",
	} {
		f.Add([]byte(seed))
	}
	for _, h := range hostile {
		f.Add([]byte(h.text(400)))
	}
	schema := compileSchema(f, "config")
	f.Fuzz(func(t *testing.T, body []byte) {
		main := "timezone: UTC\ninclude: [in.yaml]\nsecrets: [s.yaml]\nlists: {l: {file: l.txt}}\n"
		for _, fsys := range []fstest.MapFS{
			memory("callhours.yaml", string(body)),
			memory("callhours.yaml", main, "in.yaml", string(body), "s.yaml", string(body), "l.txt", string(body)),
		} {
			file, err := Load("callhours.yaml", Options{FS: fsys})
			if err == nil {
				checkWhole(t, file)
				if value, err := decode(string(body)); err == nil && fsys["in.yaml"] == nil {
					if err := schema.Validate(value); err != nil {
						t.Errorf("it loads, and its schema says %v", err)
					}
				}
				continue
			}
			mistakes, ok := errors.AsType[diag.Mistakes](err)
			if !ok {
				t.Fatalf("got %v, want mistakes", err)
			}
			for _, m := range mistakes {
				checkPlace(t, fsys, m)
			}
		}
	})
}

func checkPlace(t *testing.T, fsys fstest.MapFS, m diag.Mistake) {
	t.Helper()
	file, ok := fsys[m.File]
	if !ok {
		t.Fatalf("%v: there is no such file", m)
	}
	lines := splitLines(file.Data)
	if m.Line < 0 || m.Col < 0 || m.Line > len(lines)+1 {
		t.Fatalf("%v: the file has %d lines", m, len(lines))
	}
	if m.Line > 0 && m.Line <= len(lines) && m.Col > utf8.RuneCountInString(lines[m.Line-1])+2 {
		t.Fatalf("%v: line %q is shorter", m, lines[m.Line-1])
	}
	if strings.ContainsAny(m.Message, "\r\n") || strings.Contains(m.Message, "unmarshal") || m.Message == "" {
		t.Fatalf("message %q", m.Message)
	}
}

// checkWhole checks what the rest of the program relies on.
func checkWhole(t *testing.T, f *File) {
	t.Helper()
	calendars, lists := map[string]bool{}, map[string]bool{}
	for _, c := range f.Calendars {
		calendars[c.Name] = true
		if c.URL.Given() == (c.File != "") {
			t.Fatalf("calendar %q has not one source", c.Name)
		}
	}
	for _, l := range f.Lists {
		lists[l.Name] = true
	}
	for _, r := range f.Routes {
		if !strings.HasPrefix(r.Path.S, "/") || r.Timezone.S == "" {
			t.Fatalf("route %q: path %q, zone %q", r.Name, r.Path.S, r.Timezone.S)
		}
		if n := len(r.Branches); n == 0 || r.Unknown < 0 || r.Unknown >= n || r.Fallback < 0 || r.Fallback >= n {
			t.Fatalf("route %q: %d branches, unknown %d, fallback %d", r.Name, n, r.Unknown, r.Fallback)
		}
		for i, b := range r.Branches {
			if last := i == len(r.Branches)-1; last != (b.When == nil) || b.Data == nil || b.State == "" ||
				b.Name == "" {
				t.Fatalf("route %q: branch %+v", r.Name, b)
			}
			answers := 0
			for _, is := range []bool{b.Template.S != "", b.Callflow.S != "", b.Pass} {
				if is {
					answers++
				}
			}
			if answers != 1 {
				t.Fatalf("route %q: branch %q has %d answers", r.Name, b.Name, answers)
			}
			b.When.walk(func(c *Condition) {
				for _, name := range c.Calendars {
					if !calendars[name.S] {
						t.Fatalf("calendar %q is not defined", name.S)
					}
				}
				for _, name := range append(c.Caller.Lists, c.Dialed.Lists...) {
					if !lists[name.S] {
						t.Fatalf("list %q is not defined", name.S)
					}
				}
			})
		}
	}
}
