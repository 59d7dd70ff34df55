package feeds

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/callhours/callhours/metrics"
)

// TestOwnerLines: feeds that fail otherwise at each attempt are logged so often, then one line says
// so; another owner's and the operator's are logged.
func TestOwnerLines(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	s := NewStore(Options{Log: slog.New(slog.NewTextHandler(&buf, nil))})
	now := fetchClock
	attempts, owners := 0, map[string]*owner{}
	for _, name := range []string{"", "good", "evil"} {
		owners[name] = &owner{name: name}
	}
	fail := func(name string, times int) (lines, ended int) {
		f := &feed{owner: owners[name]}
		for range times {
			attempts++
			o := &outcome{Fetched: Fetched{Result: metrics.ServerError, Err: errors.New(fmt.Sprint(attempts))}}
			s.logOutcome(f, o, now)
			f.last = o.Fetched
		}
		text := buf.String()
		buf.Reset()
		return strings.Count(text, "a feed fails"), strings.Count(text, "too many log lines about the feeds")
	}
	for _, c := range []struct {
		owner        string
		times        int
		lines, ended int
	}{
		{"evil", maxOwnerLines, maxOwnerLines, 0},
		{"evil", 10, 0, 1},
		{"evil", 2 * maxOwnerLines, 0, 0},
		{"good", 10, 10, 0},
		{"", 2 * maxOwnerLines, 2 * maxOwnerLines, 0},
	} {
		if lines, ended := fail(c.owner, c.times); lines != c.lines || ended != c.ended {
			t.Errorf("%q %d times: %d lines, %d that it ends, want %d and %d", c.owner, c.times, lines, ended, c.lines, c.ended)
		}
	}
	now = now.Add(ownerLinesEvery)
	if lines, _ := fail("evil", 10); lines != 10 {
		t.Errorf("later: %d lines, want 10", lines)
	}
}
