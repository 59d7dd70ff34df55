package feeds

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/internal/suspect"
)

// parseAndExpand reads a body, and works its occurrences out as a route will, so that what panics
// or does not end there is found while the former copy is still in use, and is the body's fault as
// what panics in reading is.
func (s *Store) parseAndExpand(files []ical.File, limits ical.Limits) (*calendars.Calendar, error) {
	c, err := s.parse(files, limits)
	if err == nil {
		s.expand(c, s.options.Now())
	}
	return c, err
}

// expand compiles what a route asks for today, for a zone whose clocks change and a day that begins
// late: all that rules, dates and zones go through.
func expand(c *calendars.Calendar, now time.Time) {
	const behind, ahead, dayStarts = -2, 400, 5 * time.Hour
	c.Compile(calendars.View{Zone: zones.LookUp("America/New_York"), DayStarts: dayStarts}, now.AddDate(0, 0, behind),
		now.AddDate(0, 0, ahead))
}

// suspectSum is the key of a body's mark: what it holds and how it is read, which together decide
// what reading comes to. Other limits make it another one.
func suspectSum(sum [sha256.Size]byte, limits ical.Limits) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(sum[:], "%+v", limits.WithDefaults()))
}

// bodyReader reads bodies that are not suspect; a manual refresh also those that are.
func (s *Store) bodyReader(manual bool, parse func([]ical.File, ical.Limits) (*calendars.Calendar, error)) bodyReader {
	return func(sum [sha256.Size]byte, files []ical.File, limits ical.Limits) (calendar *calendars.Calendar,
		err error,
	) {
		err = s.suspects.Read(suspectSum(sum, limits), s.options.Now(), manual, func() (err error) {
			calendar, err = parse(files, limits)
			return err
		})
		return calendar, err
	}
}

// suspectOptions are the options of a store's marks.
func suspectOptions(o Options) suspect.Options {
	marks := suspect.Options{
		Program: o.Program, Activity: "reading",
		RetryHint: "until it changes or is refreshed by hand",
	}
	if o.Dir != "" {
		marks.ReadOnly = o.ReadOnly
		marks.Dir, marks.Disk = filepath.Join(o.Dir, marksDir), storeDisk(o)
	}
	return marks
}

// marksDir is the directory of the marks in that of the store.
const marksDir = "reading"
