package feeds

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/metrics"
)

// heavyStore is a Store in which a body that holds "heavy" takes nearly an eighth of what a tenant
// has, and counts how often bodies are taken apart.
func heavyStore(o Options) (s *Store, parsed *atomic.Int64) {
	o.Now, o.Log = func() time.Time { return time.Unix(1_800_000_000, 0) }, slog.New(slog.DiscardHandler)
	s, parsed = NewStore(o), new(atomic.Int64)
	const aside = 2 << 10 // of what a calendar takes besides its events
	heavy, light := fakeCalendar(ownerBytes/8-aside), fakeCalendar(0)
	s.expand = func(*calendars.Calendar, time.Time) {} // there are no events in what is only heavy
	s.parse = func(files []ical.File, limits ical.Limits) (*calendars.Calendar, error) {
		parsed.Add(1)
		sum := calendars.Sum(files)
		if bytes.Contains(files[0].Body, []byte("heavy")) {
			return heavy(sum, limits), nil
		}
		return light(sum, limits), nil
	}
	return s, parsed
}

// fakeCalendar makes calendars of one event that take so many bytes, and of which nobody may look
// at the event.
func fakeCalendar(bytes int) func(sum [sha256.Size]byte, limits ical.Limits) *calendars.Calendar {
	packed := strings.Repeat("x", bytes)
	return func(sum [sha256.Size]byte, limits ical.Limits) *calendars.Calendar {
		key := [sha256.Size]byte{}
		// name, zone and refresh; events, problems, zones
		rest := slices.Concat(key[:], sum[:], []byte{0, 0, 0, 1, 0, 0})
		rest = append(binary.AppendUvarint(rest, uint64(len(packed))), packed...)
		whole := sha256.Sum256(rest)
		c, err := calendars.Decode(slices.Concat([]byte("callhours compiled events\n"), whole[:], rest), key, limits)
		if err != nil {
			panic(err)
		}
		return c
	}
}

// feedOf is a feed of a tenant, or of the operator.
func feedOf(owner string, n int) *Subscription {
	name := fmt.Sprintf("c%d", n)
	if owner != "" {
		name = owner + "/" + name
	}
	return &Subscription{
		Calendar: name,
		Source:   Source{Owner: owner, URL: fmt.Sprintf("https://%s.example/%d", owner, n)},
	}
}

func feedsOf(owner string, n int) (list []*Subscription) {
	for i := range n {
		list = append(list, feedOf(owner, i))
	}
	return list
}

// brings lets a calendar's feed bring a body.
func (s *Store) brings(calendar, body string) error {
	o := &outcome{
		Fetched: Fetched{Result: metrics.OK}, location: s.subscribers[calendar].location(),
		files: []ical.File{{Body: []byte(body)}},
	}
	s.updateCopies(s.subscribers[calendar].feed, o)
	return o.Err
}

// TestOwnerBytes: the calendars of a tenant take together what they may, and one more is refused
// until there is place; others do not notice.
func TestOwnerBytes(t *testing.T) {
	t.Parallel()
	s, _ := heavyStore(Options{})
	list := append(feedsOf("evil", 9), append(feedsOf("good", 1), feedsOf("", 9)...)...)
	s.Subscribe(list)
	for i := range 9 {
		if err := s.brings(fmt.Sprintf("c%d", i), fmt.Sprint("heavy", i)); err != nil {
			t.Errorf("the operator's: %v", err)
		}
	}
	for i := range 8 {
		if err := s.brings(fmt.Sprintf("evil/c%d", i), fmt.Sprint("heavy", i)); err != nil {
			t.Errorf("at the bound: %v", err)
		}
	}
	err := s.brings("evil/c8", "heavy8")
	const want = `https://evil.example/…: too big: all calendars of the tenant together take more than 128 MiB; remove some, or share calendars with fewer events`
	if err == nil || err.Error() != want || !errors.Is(err, ical.ErrTooBig) {
		t.Errorf("past it: got %v, want %s", err, want)
	}
	if got := s.Snapshot("evil/c8"); got.Calendar != nil {
		t.Error("what was refused is used")
	}
	if err := s.brings("good/c0", "heavy"); err != nil {
		t.Errorf("another's: %v", err)
	}
	if err := s.brings("evil/c0", "heavy too"); err != nil {
		t.Errorf("in the place of one that takes as much: %v", err)
	}
	if err := s.brings("evil/c1", "light"); err != nil {
		t.Error(err)
	}
	if err := s.brings("evil/c8", "heavy8"); err != nil {
		t.Errorf("there is place: %v", err)
	}
	if err := s.brings("evil/c1", "heavy1"); err == nil || s.Snapshot("evil/c1").Calendar == nil {
		t.Errorf("the former copy is used, got %v and %v", err, s.Snapshot("evil/c1"))
	}
	s.Subscribe(append(list[:8:8], list[9:]...)) // without c8
	if err := s.brings("evil/c1", "heavy1"); err != nil {
		t.Errorf("one is gone: %v", err)
	}
}

// TestOwnerBytesOfFormer: what calendars keep from other sources counts as well.
func TestOwnerBytesOfFormer(t *testing.T) {
	t.Parallel()
	s, _ := heavyStore(Options{})
	s.Subscribe(feedsOf("evil", 8))
	for i := range 8 {
		if err := s.brings(fmt.Sprintf("evil/c%d", i), fmt.Sprint("heavy", i)); err != nil {
			t.Fatal(err)
		}
	}
	moved := feedsOf("evil", 9)
	for _, sub := range moved {
		sub.Source.URL += "/moved"
	}
	s.Subscribe(moved)
	if err := s.brings("evil/c8", "heavy8"); !errors.Is(err, ical.ErrTooBig) {
		t.Errorf("eight are kept from before: got %v", err)
	}
}

// TestOwnerBytesOnDisk: of copies on disk as many are read as may be in memory.
func TestOwnerBytesOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := NewStore(Options{Dir: dir, Program: "one", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	s.Subscribe(feedsOf("evil", 10))
	for i := range 10 {
		if err := s.brings(fmt.Sprintf("evil/c%d", i),
			string(
				wrap(
					fmt.Sprintf(
						"BEGIN:VEVENT\r\nUID:heavy%d\r\nDTSTART:20270104T080000Z\r\nSUMMARY:a\r\nEND:VEVENT\r\n", i)))); err != nil {
			t.Fatal(err)
		}
	}
	s, _ = heavyStore(Options{Dir: dir, Program: "two", ReadOnly: true})
	s.Subscribe(feedsOf("evil", 10))
	known := 0
	for i := range 10 {
		if s.Snapshot(fmt.Sprintf("evil/c%d", i)).Calendar != nil {
			known++
		}
	}
	if known != 8 {
		t.Errorf("%d copies were taken, want 8", known)
	}
}

// TestParseOnce: calendars that use one feed on different terms have its body taken apart once for
// each limits.
func TestParseOnce(t *testing.T) {
	t.Parallel()
	s, parsed := heavyStore(Options{})
	var list []*Subscription
	for i := range 100 {
		sub := feedOf("evil", 0)
		sub.Calendar, sub.ShrinkGuard = fmt.Sprintf("evil/c%d", i), i
		list = append(list, sub)
	}
	list[1].Limits.Events = 5
	s.Subscribe(list)
	if err := s.brings("evil/c0", "heavy"); err != nil || parsed.Load() != 2 {
		t.Errorf("a body was taken apart %d times, want 2 (%v)", parsed.Load(), err)
	}
}

// countedFS counts what is opened.
type countedFS struct {
	fstest.MapFS
	opened *int
}

func (c countedFS) Open(name string) (fs.File, error) {
	*c.opened++
	return c.MapFS.Open(name)
}

// TestLoader: what calendars of a tenant name is read once, and up to what they may take together.
func TestLoader(t *testing.T) {
	t.Parallel()
	opened := 0
	line := append(append([]byte("X-A:"), bytes.Repeat([]byte("a"), 60_000)...), "\r\n"...)
	body := append([]byte("BEGIN:VCALENDAR\r\n"), bytes.Repeat(line, 16<<20/len(line)-1)...)
	body = append(body, "END:VCALENDAR\r\n"...)
	files := countedFS{fstest.MapFS{}, &opened}
	for i := range 12 {
		files.MapFS[fmt.Sprintf("f%02d.ics", i)] = &fstest.MapFile{Data: body}
	}
	l := NewLoader(nil)
	for range 1000 {
		if _, err := l.Load("evil", nil, files, "f00.ics", ical.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	once := opened
	for i := range 12 {
		_, err := l.Load("evil", nil, files, fmt.Sprintf("f%02d.ics", i), ical.Limits{})
		if fits := (i+1)*len(body) <= ownerBytes; fits != (err == nil) || !fits && !errors.Is(err, ical.ErrTooBig) {
			t.Errorf("file %d: %v", i, err)
		}
	}
	if opened > 10*once {
		t.Errorf("%d files were opened, %d for the first; those beyond the bound are not to be", opened, once)
	}
	if _, err := l.Load("good", nil, files, "f11.ics", ical.Limits{}); err != nil {
		t.Errorf("another's: %v", err)
	}
	if _, err := Files(files, "f*.ics", ical.Limits{}); !errors.Is(err, ical.ErrTooBig) {
		t.Errorf("a glob of %d bytes: %v", 12*len(body), err)
	}
	if got, err := Files(files, "f0[0-3].ics", ical.Limits{}); err != nil || len(got) != filesTimes {
		t.Errorf("a glob at its bound: %v", err)
	}
}
