package preview_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

func written(text string) diag.Text {
	return diag.Text{Pos: diag.Pos{File: "t.yaml", Line: 7, Col: 3}, S: text}
}

// TestCallflows: what is wanted of a callflow is held against what would be sent, part by part.
func TestCallflows(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	// At ten on that Monday the answer is {"module":"hangup","data":{"until":"today at 5 PM"}}.
	for _, c := range []struct{ name, key, value, want string }{
		{"a key", "module", `"hangup"`, ""},
		{"another value", "module", `"device"`, `callflow $['module']: want "device", got "hangup"`},
		{"another type", "module", `true`, `callflow $['module']: want true, got "hangup"`},
		{"a part of a mapping", "data", `{}`, ""},
		{"a key in a mapping", "data", `{"until":"today at 5 PM"}`, ""},
		{"a missing key", "data", `{"it's":null}`, `callflow $['data']['it\'s']: want null, got nothing`},
		{"a mapping for a text", "module", `{"a":"b"}`, `callflow $['module']: want {"a":"b"}, got "hangup"`},
		{"a list for a mapping", "data", `["x"]`, `callflow $['data']: want ["x"], got {"until":"today at 5 PM"}`},
		{"a path", "$.data.until", `"today at 5 PM"`, ""},
		{
			"a path to every text", "$..*", `"hangup"`,
			`callflow $['data']: want "hangup", got {"until":"today at 5 PM"}; callflow $['data']['until']: want "hangup", got "today at 5 PM"`,
		},
		{"a path to nothing", "$.children", `{}`, "callflow $.children: want {}, got nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var value any
			if err := json.Unmarshal([]byte(c.value), &value); err != nil {
				t.Fatal(err)
			}
			test, mistakes := preview.NewTest(preview.TestOptions{
				Name: c.name, Preview: p, Route: written("main"),
				Moments: []preview.TestMoment{{From: written("2031-06-02 10:00")}},
				Want:    preview.Want{Callflow: []preview.Part{{Key: written(c.key), Value: value}}},
			})
			if len(mistakes) > 0 {
				t.Fatal(mistakes)
			}
			r, err := test.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range r.Failures {
				for _, d := range f.Differences {
					got = append(got, d.What+": want "+d.Want+", got "+d.Got)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(slices.Sorted(slices.Values(got)), "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRange: a range fails at the first moment in it that differs, however far from its ends that
// is, and sees as far as it reaches.
func TestRange(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	for _, c := range []struct{ from, to, word, want string }{
		{"2031-06-02 09:00", "2031-06-02 17:00", "open", ""},
		{"2031-06-02 08:59", "2031-06-02 17:00", "open", "2031-06-02T08:59:00+02:00"},
		{"2031-06-02 09:00", "2031-06-02 17:01", "open", "2031-06-02T17:00:00+02:00"},
		{"2031-06-06 17:00", "2031-06-09 09:00", "closed", ""},
		{"2031-06-06 17:00", "2034-06-09 09:00", "closed", "2031-06-09T09:00:00+02:00"},
		{"2031-06-02 09:00", "", "open", ""},
	} {
		m := preview.TestMoment{From: written(c.from), Word: written(c.word)}
		if c.to != "" {
			m.To = written(c.to)
		}
		test, mistakes := preview.NewTest(
			preview.TestOptions{Name: "x", Preview: p, Route: written("main"), Moments: []preview.TestMoment{m}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		r, err := test.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if !r.Passed() {
			got = r.Failures[0].At.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s to %s %s: differs first at %q, want %q", c.from, c.to, c.word, got, c.want)
		}
	}
}

// TestLongPath refuses a JSONPath that nests deeper than it can be read.
func TestLongPath(t *testing.T) {
	t.Parallel()
	key := "$[?" + strings.Repeat("(", 1<<20)
	_, mistakes := preview.NewTest(preview.TestOptions{
		Name: "x", Preview: crowded(t, 1, 1, false), Route: written("main"),
		Want: preview.Want{Callflow: []preview.Part{{Key: written(key), Value: 1}}},
	})
	for _, m := range mistakes {
		if strings.HasSuffix(m.Message, "… is not a JSONPath: expected at most 1000 bytes, found 1048579") {
			return
		}
	}
	t.Errorf("got %.300v", mistakes)
}

// TestMomentsOfFile: the tests of a file share a number of moments, those in their ranges counted,
// and of steps, which those of other files share too; the moment that is too many fails its test.
func TestMomentsOfFile(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	run := func(effort *preview.TestEffort) *preview.TestResult {
		t.Helper()
		test, mistakes := preview.NewTest(preview.TestOptions{
			Name: "x", Preview: p, Route: written("main"), Effort: effort, Moments: []preview.TestMoment{
				{From: written("2031-06-02 00:00"), To: written("2031-06-09 00:00")},
				{From: written("2031-06-02 10:00")},
			},
		})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		r, err := test.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	all := 0
	one := preview.TestEffort{All: &all}
	if r := run(&one); !r.Passed() || one.Moments < 7 || one.Moments > 20 || one.Steps < one.Moments || all != one.Steps {
		t.Fatalf("it took %+v, %d in all: %v", one, all, r.Failures)
	}
	for _, c := range []struct {
		moments, steps, all int // that are left
		want                string
	}{
		{one.Moments, one.Steps, one.Steps, ""},
		{one.Moments - 1, one.Steps, one.Steps, "moments  want at most 50000 in a file"},
		{1, one.Steps, one.Steps, "moments  want at most 50000 in a file"},
		{0, one.Steps, one.Steps, "moments  want at most 50000 in a file"},
		{one.Moments, one.Steps / 2, one.Steps, "steps  want at most 1000000000 in a file"},
		{one.Moments, one.Steps, one.Steps / 2, "steps  want at most 5000000000 in all files"},
		{one.Moments, one.Steps, 0, "steps  want at most 5000000000 in all files"},
	} {
		all := preview.MaxTestStepsAll - c.all
		r := run(&preview.TestEffort{
			Moments: preview.MaxTestMoments - c.moments, Steps: preview.MaxTestSteps - c.steps, All: &all,
		})
		if r.Passed() != (c.want == "") {
			t.Errorf("%+v: passed %t", c, r.Passed())
		}
		if c.want == "" {
			continue
		}
		var text strings.Builder
		want := c.want + "  got more; split the file, or test shorter ranges"
		if err := r.Text(&text); err != nil || len(r.Failures) != 1 || !strings.Contains(text.String(), want) {
			t.Errorf("%+v: %s", c, &text)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	}
	if r := run(nil); !r.Passed() {
		t.Errorf("a test alone: %v", r.Failures)
	}
}
