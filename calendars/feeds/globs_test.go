package feeds

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/internal/growth"
)

// listingFS counts how often directories are listed.
type listingFS struct {
	fstest.MapFS
	listed int
}

func (f *listingFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if dir, ok := file.(fs.ReadDirFile); ok && err == nil {
		return &listedDir{dir, f}, nil
	}
	return file, err
}

type listedDir struct {
	fs.ReadDirFile
	fs *listingFS
}

func (d *listedDir) ReadDir(n int) ([]fs.DirEntry, error) {
	d.fs.listed++
	return d.ReadDirFile.ReadDir(n)
}

const emptyCalendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"

// directory has n names, of which one is a calendar.
func directory(n int) *listingFS {
	disk := &listingFS{MapFS: fstest.MapFS{"d/a.ics": {Data: []byte(emptyCalendar), ModTime: noon}}}
	for i := range n - 1 {
		disk.MapFS[fmt.Sprintf("d/f%06d.x", i)] = &fstest.MapFile{ModTime: noon}
	}
	return disk
}

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// TestManyGlobs: at a load a directory is listed once for all globs of an owner, and what those of
// a tenant look at is bounded.
func TestManyGlobs(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	const names = 2000
	disk := directory(names)
	for _, owner := range []string{"acme", ""} {
		l := NewLoader(nil)
		disk.listed = 0
		refused := 0
		for i := range 700 {
			_, err := l.Load(owner, nil, disk, fmt.Sprintf("d/*[a%d].ics", i), ical.Limits{})
			if err != nil && !errors.Is(err, errManyNames) {
				t.Fatal(err)
			}
			if err != nil {
				refused++
			}
		}
		want := 0
		if owner != "" {
			each := names + foundNames
			want = 700 - (maxNames-listedNames*names)/each
		}
		if disk.listed != 1 || refused != want {
			t.Errorf("owner %q: the directory is listed %d times, and %d globs are refused, want %d", owner,
				disk.listed,
				refused, want)
		}
	}
	l := NewLoader(nil)
	l.names["acme"] = maxNames
	if _, err := l.Load("other", nil, disk, "d/*.ics", ical.Limits{}); err != nil {
		t.Errorf("one tenant's globs take another's room: %v", err)
	}
	if _, err := l.Load("acme", nil, disk, "d/*.ics", ical.Limits{}); err == nil || err.Error() !=
		"d/*.ics: the globs of the tenant's calendars look at more than 1000000 names together (those of a directory for "+
			"each glob, those that are long and compared with a long pattern several times, each file that is found as 10); "+
			"use fewer or shorter globs, or directories with fewer files" {
		t.Errorf("got %v", err)
	}
	if _, err := l.Load("acme", nil, disk, "d/a.ics", ical.Limits{}); err != nil {
		t.Errorf("a file that is named is refused: %v", err)
	}
}

// TestLongGlobs: names that take long to compare with a pattern count for that before they are
// compared, at a load and whenever the files are looked at again.
func TestLongGlobs(t *testing.T) {
	t.Parallel()
	const names = 100
	disk := &listingFS{MapFS: fstest.MapFS{}}
	for i := range names {
		disk.MapFS[fmt.Sprintf("d/%s%02d", strings.Repeat("a", 248), i)] = &fstest.MapFile{}
	}
	pattern := "*" + strings.Repeat("[a-b]", 49) + "Z?"
	each := files.MatchCost(pattern, []string{strings.Repeat("a", 250)})
	if each < 900 {
		t.Fatalf("a comparison costs %d names", each)
	}
	g := &globs{once: true}
	cost := func(most int) (int, error) {
		_, cost, err := g.find(disk, "d/"+pattern, noon, most)
		return cost, err
	}
	if got, err := cost(math.MaxInt); err != nil || got != names*(each+listedNames) {
		t.Errorf("it costs %d, %v", got, err)
	}
	if got, err := cost(names * each); err != nil || got != names*each {
		t.Errorf("at the bound it costs %d, %v", got, err)
	}
	if _, err := cost(names*each - 1); !errors.Is(err, errManyNames) {
		t.Errorf("past it: %v", err)
	}
	l, refused := NewLoader(nil), 0
	for i := range 20 {
		pattern := strings.Replace(pattern, "Z", string(rune('A'+i)), 1)
		if _, err := l.Load("acme", nil, disk, "d/"+pattern, ical.Limits{}); errors.Is(err, errManyNames) {
			refused++
		}
	}
	if at := (maxNames - names*listedNames) / (names * each); refused != 20-at {
		t.Errorf("%d globs are refused, want %d", refused, 20-at)
	}
	_, err := Load(disk, "d/"+strings.Repeat("a", 255)+"*", ical.Limits{})
	if !errors.Is(err, files.ErrLongPattern) {
		t.Errorf("a long pattern: %v", err)
	}
}

// TestPolledGlobs: a directory that does not change is not listed again, and an owner looks at so
// many names a second.
func TestPolledGlobs(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	const names = 1000
	disk, g, now := directory(names), &globs{}, noon.Add(time.Minute)
	find := func() (cost int) {
		t.Helper()
		found, cost, err := g.find(disk, "d/*.ics", now, math.MaxInt)
		if err != nil || len(found) != 1 {
			t.Fatalf("got %v, %v", found, err)
		}
		return cost
	}
	if cost := find(); cost != names*(1+listedNames)+foundNames {
		t.Errorf("the first look costs %d", cost)
	}
	if cost := find(); cost != names+foundNames || disk.listed != 1 {
		t.Errorf("the next look costs %d, and the directory was listed %d times", cost, disk.listed)
	}
	disk.MapFS["d"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755, ModTime: now.Add(-time.Second)}
	find()
	find()
	if disk.listed != 3 { // what changed a moment ago may change again within the same tick of its clock
		t.Errorf("a directory that changes is listed %d times, want 3", disk.listed)
	}
	now = now.Add(time.Minute)
	find()
	before, looks := disk.listed, 0
	for g.mayList(now) {
		find()
		looks++
	}
	if most := 10*polledNames/names + 1; looks < most/2 || looks > most || disk.listed != before {
		t.Errorf("%d looks at once, want about %d", looks, most)
	}
	if g.mayList(now.Add(time.Millisecond)) || !g.mayList(now.Add(2*time.Second)) {
		t.Error("time does not pay off what was looked at")
	}
}
