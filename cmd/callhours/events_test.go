package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEventsBound: events lists so many occurrences, and says where it was cut.
func TestEventsBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		more      string // than as many as may be, one in each minute
		truncated string
	}{
		{"", ""},
		{"20260311T104000Z", "cut after 100000 occurrences, at 2026-03-11T10:40:00Z; request a later start, or less"},
	} {
		body := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		add := func(start, rule string) {
			body += "BEGIN:VEVENT\r\nUID:" + start + "\r\nDTSTART:" + start + "\r\nDURATION:PT1M\r\n" + rule + "END:VEVENT\r\n"
		}
		for i := range 10 {
			add(fmt.Sprintf("20260101T000%d00Z", i),
				fmt.Sprintf("RRULE:FREQ=MINUTELY;INTERVAL=10;COUNT=%d\r\n", maxOccurrences/10))
		}
		if c.more != "" {
			add(c.more, "")
		}
		body += "END:VCALENDAR\r\n"
		for _, format := range []string{"text", "json"} {
			var out, errs bytes.Buffer
			env := environment{
				stdin: strings.NewReader(body), stdout: &out, stderr: &errs, now: time.Now,
			}
			a := eventFlags{format: format, from: "2026-01-01", to: "2026-12-31", timezone: "UTC"}
			if err := events(t.Context(), "-", a, env); err != nil {
				t.Fatal(err)
			}
			if format == "json" {
				var got struct {
					Occurrences []json.RawMessage
					Truncated   string
				}
				if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Truncated != c.truncated ||
					len(got.Occurrences) != maxOccurrences {
					t.Errorf("%q: got %d, %q, %v", c.more, len(got.Occurrences), got.Truncated, err)
				}
				continue
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			rest := slices.DeleteFunc(lines[min(maxOccurrences, len(lines)):], func(line string) bool {
				return strings.HasPrefix(line, "warning: ") // that events repeat within the hour
			})
			want := []string{fmt.Sprintf("%d occurrences, 0 problems, times in UTC", maxOccurrences)}
			if c.truncated != "" {
				want = append(want, c.truncated)
			}
			if strings.Join(rest, "\n") != strings.Join(want, "\n") {
				t.Errorf("%q: got %q, want %q", c.more, rest, want)
			}
		}
	}
}
