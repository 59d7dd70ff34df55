package zones

import (
	"archive/zip"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	ascending := []string{"", "1996a", "2025c", "2026a", "2026f", "2026z", "2026za", "2026zb", "2027a"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := compareVersions(a, b), cmpInts(i, j); got != want {
				t.Errorf("compareVersions(%q, %q): got %d, want %d", a, b, got, want)
			}
		}
	}
	if compareVersions("unknown", "") != 0 || compareVersions("2026f", "f2026") <= 0 {
		t.Error("what is no version is not the oldest")
	}
}

func cmpInts(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

func TestNewestData(t *testing.T) {
	t.Parallel()
	copyOf := func(source, rules string) *database {
		return openDatabase(source, fstest.MapFS{"tzdata.zi": {Data: []byte(rules)}})
	}
	for _, c := range []struct {
		name       string
		candidates []*database
		want       string
	}{
		{
			"the newest",
			[]*database{
				copyOf("embedded", "# version 2026f\n"), copyOf("directory", "# version 2026c\n"),
				copyOf("system", "# version 2027a\nR x"),
			},
			"system 2027a",
		},
		{
			"the first of equals",
			[]*database{copyOf("embedded", "# version 2026f\n"), copyOf("system", "# version 2026f\n")},
			"embedded 2026f",
		},
		{
			"one that does not say",
			[]*database{copyOf("embedded", "# version 2026f\n"), openDatabase("system", fstest.MapFS{})},
			"embedded 2026f",
		},
		{
			"a directory that is not there",
			[]*database{copyOf("embedded", "# version 2026f\n"), openDatabase("directory", os.DirFS("/nowhere"))},
			"embedded 2026f",
		},
		{
			"rubbish",
			[]*database{copyOf("embedded", "# version 2026f\n"), copyOf("directory", "\x00\xff")},
			"embedded 2026f",
		},
		{
			"the other file",
			[]*database{
				copyOf("embedded", "# version 2026f\n"),
				openDatabase("system", fstest.MapFS{"+VERSION": {Data: []byte("2026g\n")}}),
			},
			"system 2026g",
		},
	} {
		if got := newest(c.candidates); got.source+" "+got.version != c.want {
			t.Errorf("%s: got %s %s, want %s", c.name, got.source, got.version, c.want)
		}
	}
}

// embedded is the copy in the program.
func embedded(t *testing.T) (*database, *zip.Reader) {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return openDatabase("embedded", archive), archive
}

// TestEmbeddedZones: every name loads, and the machine's own copy has none that is missing.
func TestEmbeddedZones(t *testing.T) {
	t.Parallel()
	d, archive := embedded(t)
	if compareVersions(d.version, "2026f") < 0 {
		t.Errorf("got version %q, want 2026f or later", d.version)
	}
	for _, f := range archive.File {
		if f.Name != "+VERSION" && d.zone(f.Name) == nil {
			t.Errorf("%s does not load", f.Name)
		}
	}
	if len(archive.File) < 590 {
		t.Errorf("got %d zones, want all of them", len(archive.File))
	}
	for _, name := range []string{
		"", ".", "..", "../etc/passwd", "/etc/passwd", "Local", "localtime", "right/UTC",
		"posix/UTC", "Europe", "Europe/", "+VERSION", "europe/berlin", "A\x00",
	} {
		if d.zone(name) != nil {
			t.Errorf("%q is a zone", name)
		}
	}
	if first := d.zone("Europe/Berlin"); first != d.zone("Europe/Berlin") {
		t.Error("a zone is read twice")
	}
	system := os.DirFS("/usr/share/zoneinfo")
	names, err := fs.Glob(system, "*/*")
	if err != nil || len(names) < 100 {
		t.Skip("the machine has no zone data to compare with")
	}
	for _, name := range names {
		body, err := fs.ReadFile(system, name)
		if err != nil || !strings.HasPrefix(string(body), "TZif") || strings.HasPrefix(name, "right/") ||
			strings.HasPrefix(name, "posix/") {
			continue
		}
		if d.zone(name) == nil {
			t.Errorf("the system has %s, the program has not", name)
		}
	}
}

// TestLawsOf2026: zones whose law changed in that year are right, though Go's own copy is older.
func TestLawsOf2026(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"America/Vancouver": "-0700", // stays on summer time for good
		"America/Edmonton":  "-0600",
		"America/New_York":  "-0500",
		"Africa/Casablanca": "+0000",
	} {
		zone, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC).In(zone).Format("-0700"); got != want {
			t.Errorf("%s in January 2027: got %s, want %s", name, got, want)
		}
	}
	if version, source := DataVersion(); compareVersions(version, "2026f") < 0 || source == "" {
		t.Errorf("got %s (%s), want 2026f or later", version, source)
	}
}

// TestChoose: a newer directory wins if it holds zones, and what it lacks or spoils the program's
// own copy gives.
func TestChoose(t *testing.T) {
	t.Parallel()
	_, archive := embedded(t)
	berlin, err := fs.ReadFile(archive, "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  string // the source
	}{
		{
			"newer",
			fstest.MapFS{
				"tzdata.zi": {Data: []byte("# version 9999a\n")}, "Europe/Berlin": {Data: berlin},
				"Europe/Oslo": {Data: []byte("TZif")},
			},
			"directory",
		},
		{
			"older",
			fstest.MapFS{"tzdata.zi": {Data: []byte("# version 1996a\n")}, "Europe/Berlin": {Data: berlin}},
			"embedded",
		},
		{"of no version", fstest.MapFS{"Europe/Berlin": {Data: berlin}}, "embedded"},
		{"without zones", fstest.MapFS{"tzdata.zi": {Data: []byte("# version 9999a\n")}}, "embedded"},
		{
			"with broken zones",
			fstest.MapFS{"tzdata.zi": {Data: []byte("# version 9999a\n")}, "Europe/Berlin": {Data: berlin[:40]}},
			"embedded",
		},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, c.files); err != nil {
			t.Fatal(err)
		}
		d := choose(dir, nil)
		if d.source != c.want {
			t.Errorf("%s: got %s %s, want %s", c.name, d.source, d.version, c.want)
		}
		for _, name := range []string{"Europe/Berlin", "Europe/Oslo", "US/Eastern"} {
			if d.zone(name) == nil {
				t.Errorf("%s: %s is not known", c.name, name)
			}
		}
	}
	if d := choose("/nowhere", []string{"/nowhere"}); d.source != "embedded" {
		t.Errorf("got %s, want embedded", d.source)
	}
}
