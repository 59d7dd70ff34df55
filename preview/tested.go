package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// TestResult is what a routing test brought.
type TestResult struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Name     string        `json:"name"`
	Moments  int           `json:"moments"` // that were asked; a range counts once
	Failures []TestFailure `json:"failures"`
}

// TestFailure is a moment at which something is not as it was wanted.
type TestFailure struct {
	Line        int          `json:"line"` // where the moment is written
	At          time.Time    `json:"at"`   // in the route's zone; of a range the first moment that differs
	Differences []Difference `json:"differences"`
	Explanation *Explanation `json:"explanation"` // nil where the moment is one too many
}

// Difference is one thing that is not as it was wanted.
type Difference struct {
	What string `json:"what"` // "branch", or "callflow" and a normalized path (RFC 9535)
	Want string `json:"want"`
	Got  string `json:"got"`
}

// Passed reports that everything is as it was wanted.
func (r *TestResult) Passed() bool { return len(r.Failures) == 0 }

// Text writes the result for people: a line, and below it what differs, with the steps of the
// decision where another branch was taken.
func (r *TestResult) Text(w io.Writer) error {
	word := "ok  "
	if !r.Passed() {
		word = "FAIL"
	}
	count := "1 moment"
	if r.Moments != 1 {
		count = strconv.Itoa(r.Moments) + " moments"
	}
	if _, err := fmt.Fprintf(w, "%s  %s:%d: %s (%s)\n", word, r.File, r.Line, diag.WithoutControls(r.Name),
		count); err != nil {
		return err
	}
	for _, f := range r.Failures {
		if err := f.Text(w, r.File); err != nil {
			return err
		}
	}
	return nil
}

// Text writes what differs, for people.
func (f TestFailure) Text(w io.Writer, file string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "      %s:%d: at %s\n", file, f.Line, f.At.Format(timeFormat))
	decided := false // otherwise than wanted
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, d := range f.Differences {
		fmt.Fprintf(t, "        %s\twant %s\tgot %s\n", diag.WithoutControls(d.What), diag.WithoutControls(d.Want),
			diag.WithoutControls(d.Got))
		decided = decided || !strings.HasPrefix(d.What, "callflow") && d.What != "answered_by" && d.What != "status"
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if decided && f.Explanation != nil && f.Explanation.Route != "" {
		if err := f.Explanation.steps(&b, "        "); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// differences compares a value with what it should hold; see Part. The path is that of the value.
func differences(path string, want, got any) []Difference {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		var found []Difference
		for _, key := range slices.Sorted(maps.Keys(want)) {
			below := path + "[" + quoted(key) + "]"
			if value, ok := got[key]; ok {
				found = append(found, differences(below, want[key], value)...)
			} else {
				found = append(found, Difference{"callflow " + below, shown(want[key]), "nothing"})
			}
		}
		return found
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		var found []Difference
		for i := range want {
			found = append(found, differences(path+"["+strconv.Itoa(i)+"]", want[i], got[i])...)
		}
		return found
	case int:
		if number, ok := got.(float64); ok && number == float64(want) {
			return nil
		}
	case string:
		// Data holds whole numbers of up to nine digits only; every other number is written as its
		// text.
		number, isNumber := got.(float64)
		if got == want || isNumber && number != float64(int64(number)) &&
			strconv.FormatFloat(number, 'f', -1, 64) == want {
			return nil
		}
	default:
		if got == want {
			return nil
		}
	}
	return []Difference{{"callflow " + path, shown(want), shown(got)}}
}

// quoted is a member's name in a normalized path, RFC 9535 section 2.7.
func quoted(name string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(diag.WithoutControls(name)) + "'"
}

// shown is a value as JSON, on one line.
func shown(value any) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return err.Error()
	}
	const longest = 300
	text := []rune(strings.TrimSuffix(b.String(), "\n"))
	if len(text) > longest {
		text = append(text[:longest], '…')
	}
	return string(text)
}
