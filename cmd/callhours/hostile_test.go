package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// spentKey is the environment variable that names the file in which the program under test says
// what it has used.
const spentKey = "CALLHOURS_TEST_SPENT"

// spent is what a process has used in all.
type spent struct {
	CPU    time.Duration
	Memory int // the most that was resident, in bytes
}

// writeSpent writes what this process has used. The memory is Linux's own count of this program's:
// what wait4 tells counts in the process that started it.
func writeSpent(file string) {
	var u spent
	var times syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &times); err != nil {
		panic(err)
	}
	u.CPU = time.Duration(times.Utime.Nano() + times.Stime.Nano())
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			u.Memory = kilobytes << 10
		}
	}
	text, err := json.Marshal(u)
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		panic(err)
	}
}

// TestHostileFeeds gives `callhours events` bodies that were made to cost much. Each ends within
// 256 MiB and, in a soak, 2 s of processor time; the good event beside the hostile ones is there,
// or the body is refused by a limit that is named.
func TestHostileFeeds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a process how much memory it has used")
	}
	if raceEnabled {
		t.Skip("the race detector costs several times as much; CI runs the tests without it too")
	}
	event := func(lines ...string) string {
		return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	many := func(n int, component func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(component(i))
		}
		return b.String()
	}
	series := func(n int, rule string) string {
		return many(n, func(i int) string {
			return event(fmt.Sprintf("UID:%d", i), "DTSTART:20200106T090000Z", "DURATION:PT1H", "RRULE:"+rule)
		})
	}
	zone := func(i int, part string) string {
		return fmt.Sprintf("BEGIN:VTIMEZONE\r\nTZID:x%d\r\n%sEND:VTIMEZONE\r\n", i, part) +
			event(fmt.Sprintf("UID:z%d", i), fmt.Sprintf("DTSTART;TZID=x%d:20270104T090000", i))
	}
	const part = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETTO:+0100\r\n"
	for _, c := range []struct {
		name, body string
		want       string // in the output; "": no problem at all
		refused    bool
	}{
		{
			"50 MB", event("UID:x", "SUMMARY:"+strings.Repeat("x", 50<<20)), "more than 16777216 bytes (limits.bytes)",
			true,
		},
		{
			"a million lines", event(strings.Repeat("X:1\r\n", 1_000_000)), "more than 1000000 lines (limits.lines)",
			true,
		},
		{
			"a million components", strings.Repeat("BEGIN:X\r\n", 1_000_000), "more than 1000000 lines (limits.lines)",
			true,
		},
		{
			"100,001 events", many(100_001, func(int) string { return event("UID:x") }),
			"more than 100000 events (limits.events)", true,
		},
		{
			"one long line",
			event("UID:x", "DTSTART:20270104T090000Z", "DURATION:PT1H", "SUMMARY:"+strings.Repeat("x", 15<<20)),
			"longer than 256 characters", false,
		},
		{
			"a million parameters", event("UID:x", "DTSTART"+strings.Repeat(";X=1", 1_000_000)+":20270104"),
			"more than 16 parameters (limits.params)", false,
		},
		{
			"a million categories", event("UID:x", "DTSTART:20270104", "CATEGORIES:"+strings.Repeat("a,", 1_000_000)),
			"",
			false,
		},
		{
			"half a million exceptions",
			event("UID:x", "DTSTART:20270104", strings.Repeat("EXDATE:20270105\r\n", 500_000)),
			"more than 10000 dates (limits.dates)", false,
		},
		{
			"900,000 exceptions of 240 events", many(240, func(i int) string {
				return event(fmt.Sprintf("UID:%d", i), "DTSTART:20111121", "RRULE:FREQ=DAILY",
					"EXDATE:"+strings.Repeat("20271121,", 3800))
			}),
			"", false,
		},
		{
			"80,000 overrides of one event",
			event("UID:s", "DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY") + many(80_000, func(i int) string {
				id := time.Date(2027, 1, 1, 0, i, 0, 0, time.UTC).Format("20060102T150405Z")
				return event("UID:s", "RECURRENCE-ID:"+id, "DTSTART:20270104T090000Z")
			}), "more than 10000 of one series (limits.overrides)", false,
		},
		{
			"80,000 events of every second", series(80_000, "FREQ=SECONDLY"),
			"more than 20000 occurrences (limits.event_instances)", false,
		},
		{
			"80,000 rules that never match", series(80_000, "FREQ=SECONDLY;BYSETPOS=2"),
			"more than 1000000 steps (limits.steps)", false,
		},
		{
			"30 February, 80,000 times", series(80_000, "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30"),
			"more than 20000000 steps with it (limits.calendar_steps)", false,
		},
		{
			"a thousand million seconds", series(1, "FREQ=SECONDLY;COUNT=1000000000"),
			"more than 1000000 steps (limits.steps)", false,
		},
		{"80,000 events with one UID", strings.Repeat(event("UID:s", "DTSTART:20270104"), 80_000), "", false},
		{
			"80,000 problems", strings.Repeat(event("UID:s", "DTSTART:x"), 80_000),
			"70000 more problems are not listed",
			false,
		},
		{"80,000 unknown zones", many(80_000, func(i int) string {
			return event(fmt.Sprintf("UID:%d", i), fmt.Sprintf("DTSTART;TZID=Nowhere/%d:20270104T090000", i))
		}), `time zone "Nowhere/0" is not known`, false},
		{
			"a VTIMEZONE of 400,000 parts", zone(0, strings.Repeat("BEGIN:STANDARD\r\nEND:STANDARD\r\n", 400_000)),
			"more than 1000 parts (limits.observances)", false,
		},
		{"50,000 VTIMEZONEs", many(50_000, func(i int) string {
			return zone(i, part+"RRULE:FREQ=YEARLY;BYDAY=1SU\r\nEND:STANDARD\r\n")
		}), "its rules take too many steps (limits.steps)", false},
		{
			"a VTIMEZONE of every second", zone(0, part+"RRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\n"),
			"the clocks change more than 10000 times (limits.dates)", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) { // one after the other: they use much
			good := event("UID:good", "DTSTART:20270104T090000Z", "DURATION:PT1H", "SUMMARY:Open")
			body := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + good + c.body + "END:VCALENDAR\r\n"
			file := filepath.Join(t.TempDir(), "spent.json")
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(self)
			cmd.Args = []string{
				"callhours", "events", "-", "--timezone", "UTC", "--from", "2026-11-01", "--to",
				"2027-12-06", "--format", "json",
			}
			cmd.Env = []string{spentKey + "=" + file}
			cmd.Dir = t.TempDir()
			cmd.Stdin = strings.NewReader(body)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			err = cmd.Run()
			var exit *exec.ExitError
			if refused := errors.As(err, &exit) && exit.ExitCode() == 1; err != nil && !refused ||
				refused != c.refused {
				t.Fatalf("got %v and %.200q", err, out.String())
			}
			if !c.refused && !strings.Contains(out.String(), `"uid":"good"`) {
				t.Error("the good event is not there")
			}
			if c.want == "" && !strings.Contains(out.String(), `"problems":[]`) ||
				!strings.Contains(out.String(), strings.ReplaceAll(c.want, `"`, `\"`)) {
				t.Errorf("got %.300q …, want %q in it", out.String(), c.want)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var used spent
			if err := json.Unmarshal(text, &used); err != nil {
				t.Fatal(err)
			}
			t.Logf("%v, %d MiB for %d MB", used.CPU.Round(time.Millisecond), used.Memory>>20, len(body)/1_000_000)
			if used.Memory > 256<<20 {
				t.Errorf("used %d MiB, want 256 at most", used.Memory>>20)
			}
			// elsewhere the machine may be too busy to tell
			if os.Getenv("CALLHOURS_SOAK") != "" && used.CPU > 2*time.Second {
				t.Errorf("used %v of the processor, want 2s at most", used.CPU)
			}
		})
	}
}
