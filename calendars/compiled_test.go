package calendars

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/growth"
)

// everyPart is a body in which each part of an event stands that is kept.
var everyPart = append(
	[]byte("BEGIN:VCALENDAR\r\nX-WR-CALNAME:Office\r\nX-WR-TIMEZONE:UTC\r\nREFRESH-INTERVAL:PT1H\r\n"), wrap(
		vevent("UID:a", "SUMMARY:Open\\, \U0001F600", "DESCRIPTION:d", "LOCATION:l", "CATEGORIES:a,b",
			"STATUS:TENTATIVE", "TRANSP:TRANSPARENT",
			"SEQUENCE:3", "LAST-MODIFIED:20261101T000000Z", "DTSTART;TZID=Europe/Berlin:20261102T090000",
			"DTEND;TZID=Europe/London:20261102T160000",
			"RRULE:freq=weekly;BYDAY=MO,TU;UNTIL=20270601T000000Z", "EXRULE:FREQ=MONTHLY;BYMONTHDAY=1",
			"EXDATE;TZID=Europe/Berlin:20261109T090000,20261110T090000",
			"EXDATE;VALUE=DATE:20261123", "RDATE;VALUE=PERIOD:20261203T090000Z/PT1H,20261204T090000Z/20261204T100000Z"),
		vevent("UID:a", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261207T090000",
			"DTSTART;TZID=Europe/Berlin:20261207T100000", "DURATION:P1DT2H"),
		vevent("UID:a", "RECURRENCE-ID:20261214T080000Z", "DTSTART:20261214T080000Z", "STATUS:CANCELLED"),
		vevent("DTSTART;VALUE=DATE:20261224", "SUMMARY:Christmas"),
		vevent("UID:floating", "DTSTART:00000101T000000", "DTEND:99991231T240000"),
		vevent("UID:bad", "DTSTART;TZID=Nowhere/Land:20261224T000000"),
	)[len("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"):]...)

// wholly makes two calendars comparable by all that is known of their events.
var wholly = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmp.Comparer(func(a, b *time.Location) bool { return a == b }),
	cmpopts.IgnoreFields(Event{}, "place", "contents"),
}

// TestPacked: what was read is unpacked as it was; whole or one by one.
func TestPacked(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	bodies := map[string][]byte{
		"every part": everyPart, "typical": typical(500),
		"own zone": wrap(vevent("UID:a", "DTSTART;TZID=x:20261124T090000"), vtimezone("x")),
	}
	for _, pattern := range []string{"*/*.ics", "*/*/*.ics"} {
		files, err := filepath.Glob(filepath.Join(corpusFolder(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if bodies[file], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, body := range bodies {
		c, err := Read(body, ical.Limits{})
		if err != nil {
			continue
		}
		read := c.unpack()
		components, unread, err := unpack(c.packed, c.zones)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(read.components, components, wholly, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(read.unreadable, unread); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, e := range components {
			one := *e // an occurrence's, see Occurrence
			one.Rules, one.Exclusions, one.Dates, one.Exceptions = nil, nil, nil, nil
			if diff := cmp.Diff(&one, c.event(e.place), wholly); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	if len(bodies) < 10 {
		t.Log("the shared corpus is not here")
	}
}

func TestCompiled(t *testing.T) {
	t.Parallel()
	c, err := ReadFiles([]ical.File{{Body: everyPart}}, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	key := EncodingKey("test", sha256.Sum256(everyPart), ical.Limits{})
	file := c.Encode(key)
	got, err := Decode(file, key, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got.name != "Office" || got.timezone != "UTC" || got.refresh != time.Hour || got.sum != c.sum ||
		got.Len() != c.Len() || got.limits != c.limits {
		t.Errorf("got %q, %q, %s, %d events", got.name, got.timezone, got.refresh, got.Len())
	}
	if diff := cmp.Diff(c.unpack().components, got.unpack().components, wholly); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(c.Problems(), got.Problems()); diff != "" || len(got.Problems()) != 1 {
		t.Error(diff, got.Problems())
	}
	for i := range file {
		broken := slices.Clone(file)
		broken[i] ^= 1
		if _, err := Decode(broken, key, ical.Limits{}); !errors.Is(err, errCompiled) {
			t.Fatalf("byte %d is another one, and it is read: %v", i, err)
		}
		if _, err := Decode(file[:i], key, ical.Limits{}); !errors.Is(err, errCompiled) {
			t.Fatalf("%d bytes of it are read: %v", i, err)
		}
	}
	for _, other := range [][sha256.Size]byte{
		EncodingKey("another", sha256.Sum256(everyPart), ical.Limits{}),
		EncodingKey("test", sha256.Sum256(nil), ical.Limits{}),
		EncodingKey("test", sha256.Sum256(everyPart), ical.Limits{Events: 7}),
	} {
		if _, err := Decode(file, other, ical.Limits{}); other == key || !errors.Is(err, errCompiled) {
			t.Errorf("it is read by another key: %v", err)
		}
	}
	own := mustRead(t, wrap(vevent("UID:a", "DTSTART;TZID=x:20261124T090000"), vtimezone("x")))
	if got := own.Encode(key); got != nil {
		t.Errorf("a zone that only its calendar knows is written: %q", got)
	}
}

// TestCompiledVersion sees that compiledVersion changes with what is read of a body, or how it is
// written.
func TestCompiledVersion(t *testing.T) {
	t.Parallel()
	const version, want = 5, "2a11c9859f4dfc55"
	sum := sha256.Sum256([]byte(mustRead(t, everyPart).packed))
	if got := hex.EncodeToString(sum[:8]); got != want || compiledVersion != version {
		t.Errorf(
			"events are compiled to %s, version %d, which were %s, version %d; raise compiledVersion, and note both here", got, compiledVersion, want, version)
	}
}

// FuzzUnpack: whatever is unpacked ends, compiles, and is packed again to the same events.
func FuzzUnpack(f *testing.F) {
	utc := []*time.Location{time.UTC}
	for _, body := range [][]byte{everyPart, typical(10), wrap(vevent("UID:a", "DTSTART:20261124"))} {
		c, err := Read(body, ical.Limits{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.packed)
	}
	f.Fuzz(func(t *testing.T, packed string) {
		components, unread, err := unpack(packed, utc)
		if err != nil {
			return
		}
		c := &Calendar{
			limits: ical.Limits{
				Steps: 10_000, EventInstances: 500, CalendarSteps: 50_000,
				Instances: 2000,
			}.WithDefaults(),
		}
		c.pack(&contents{components: components, unreadable: unread})
		again, _, err := unpack(c.packed, c.zones)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(components, again, wholly, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for _, o := range c.Compile(View{}, from, from.AddDate(0, 3, 0)).All() {
			if o.End < o.Start {
				t.Error(fmt.Sprint(o))
			}
		}
	})
}

// FuzzCompiled: no file is read that compile did not write.
func FuzzCompiled(f *testing.F) {
	c, err := Read(everyPart, ical.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	key := EncodingKey("test", sha256.Sum256(everyPart), ical.Limits{})
	f.Add(c.Encode(key))
	f.Add([]byte(strings.Repeat(string(compiledMagic), 9)))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Decode(file, key, ical.Limits{})
		if err != nil {
			return
		}
		if again := got.Encode(key); string(again) != string(file) {
			t.Errorf("it reads %q, and writes %q", file, again)
		}
	})
}
