package ical

import (
	"bytes"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/callhours/callhours/internal/growth"
)

// TestManyUnknownZones: a body that names zones without end does not have each searched.
func TestManyUnknownZones(t *testing.T) {
	t.Parallel()
	z := finder{limits: Limits{}.WithDefaults()}
	for i := range unknownLimit {
		z.find(zoneName{1, strings.Repeat("x", i)}, 1)
	}
	if zone, err := z.find(zoneName{1, "Europe/Paris"}, 1); err == nil {
		t.Errorf("got %v after %d unknown names, want it unsearched", zone, unknownLimit)
	}
}

// TestManyProblems: the problems of a body are listed up to a bound, and the rest is counted.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	body := "BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nUID:u\nEND:VEVENT\n", maxProblems+5) + "END:VCALENDAR\n"
	calendar, err := Read(File{Body: []byte(body)}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	problems := calendar.Problems
	if got, want := len(problems), maxProblems+1; got != want {
		t.Fatalf("%d problems, want %d", got, want)
	}
	if got, want := problems[maxProblems].Message, "5 more problems are not listed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSlips: a BEGIN with a slip is no property, and a line without any is looked through once.
func TestSlips(t *testing.T) {
	t.Parallel()
	if got := misspelledNames("BEGINN"); slices.Contains(got, "BEGIN") {
		t.Errorf("got %q", got)
	}
	if n := gluedLine(bytes.Repeat([]byte(";"), 1<<20)); n != 0 {
		t.Errorf("got %d", n)
	}
}

// TestLongTextsAreLinear feeds functions that take a feed's text n, 2n and 4n of it.
func TestLongTextsAreLinear(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	for what, f := range map[string]func(text string){
		"prefixedZone": func(s string) { (&finder{limits: Limits{}.WithDefaults()}).search(zoneName{1, s}) },
		"cutText":      func(s string) { _, _ = cutText(s, longestText) },
	} {
		t.Run(what, func(t *testing.T) {
			growth.Linear(t, 50_000, func(n int) int {
				s := strings.Repeat("ab/ é", n)
				return growth.Bytes(func() { f(s) })
			})
		})
	}
}

// TestPeekLooksNoFurther puts a line of each kind of end before memory that nobody may read.
func TestPeekLooksNoFurther(t *testing.T) {
	t.Parallel()
	const page = 64 << 10
	body, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = unix.Munmap(body) }()
	if err := unix.Mprotect(body[page:], unix.PROT_NONE); err != nil {
		t.Skip(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for _, end := range []string{"\r", "\n", "\r\n"} {
		for _, line := range []string{"", "DTSTART:20261124T090000Z", strings.Repeat("x", 10_000)} {
			room := 4*len(line) + 128
			at := body[page-room : page]
			for i := range at {
				at[i] = ' '
			}
			copy(at, line+end)
			s := scanner{body: body[page-room:]}
			if got := s.peek(); string(got) != line {
				t.Errorf("%q: %d bytes, want %d", end, len(got), len(line))
			}
		}
	}
}
