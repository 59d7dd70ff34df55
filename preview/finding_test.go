package preview_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// TestKinds: docs/checking.md explains every kind of findings once, in their order, with its
// severity, and no others.
func TestKinds(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/checking.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []preview.Kind
	for _, row := range regexp.MustCompile(
		"(?m)^\\| `([a-z_]+)` \\| (error|warning) \\| .+\\. \\| .+\\. \\|$").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, preview.Kind{Name: row[1], Severity: row[2]})
	}
	if diff := cmp.Diff(preview.Kinds(), documented); diff != "" {
		t.Errorf("docs/checking.md (-want +got):\n%s", diff)
	}
}

func TestFindingText(t *testing.T) {
	t.Parallel()
	at := diag.Pos{File: "callhours.yaml", Line: 3, Col: 5}
	for _, c := range []struct {
		finding    preview.Finding
		text, json string
	}{
		{
			preview.Findingf(at, "near_miss", "%s is near", "\"Opne\"\n\x1b[2J"),
			"warning: callhours.yaml:3:5: \"Opne\"\\n\\u001b[2J is near [near_miss]",
			`{"file":"callhours.yaml","line":3,"column":5,"kind":"near_miss","severity":"warning","route":"","calendar":"","branch":"","message":"\"Opne\"\\n\\u001b[2J is near"}`,
		},
		{
			preview.Finding{
				Kind: "coverage_gap", Severity: preview.Error, Route: "main", Calendar: "hours",
				Branch: "open", Message: "there is a gap",
			},
			"there is a gap [coverage_gap]",
			`{"file":"","line":0,"column":0,"kind":"coverage_gap","severity":"error","route":"main","calendar":"hours","branch":"open","message":"there is a gap"}`,
		},
		{
			preview.Findingf(diag.Pos{File: "a.ics", Line: 4}, "mistake", "100%%"), "a.ics:4: 100%",
			`{"file":"a.ics","line":4,"column":0,"kind":"mistake","severity":"error","route":"","calendar":"","branch":"","message":"100%"}`,
		},
	} {
		if got := c.finding.String(); got != c.text {
			t.Errorf("got %q, want %q", got, c.text)
		}
		got, err := json.Marshal(c.finding)
		if err != nil || string(got) != c.json {
			t.Errorf("got %s (%v), want %s", got, err, c.json)
		}
	}
}

func TestSortFindings(t *testing.T) {
	t.Parallel()
	f := func(file string, line int, kind string) preview.Finding {
		return preview.Findingf(diag.Pos{File: file, Line: line}, kind, "x")
	}
	got := preview.SortFindings(
		[]preview.Finding{
			f("b", 1, "no_auth"), f("a", 2, "no_auth"), f("a", 1, "one_day"), f("a", 2, "no_auth"),
			f("a", 1, "no_auth"),
		})
	want := []preview.Finding{f("a", 1, "no_auth"), f("a", 1, "one_day"), f("a", 2, "no_auth"), f("b", 1, "no_auth")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
