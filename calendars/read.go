package calendars

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/callhours/callhours/calendars/ical"
)

// Read reads an iCalendar body; see [ical.Read].
func Read(body []byte, limits ical.Limits) (*Calendar, error) {
	return readFile(ical.File{Body: body}, limits)
}

func readFile(f ical.File, limits ical.Limits) (*Calendar, error) {
	read, err := ical.Read(f, limits)
	if err != nil {
		return nil, err
	}
	c := &Calendar{name: read.Name, timezone: read.Timezone, refresh: read.Refresh, limits: limits.WithDefaults()}
	events, opened := make([]Event, len(read.Events)), &contents{unreadable: read.Problems}
	opened.components = make([]*Event, len(events))
	for i, e := range read.Events {
		events[i].Event = *e
		opened.components[i] = &events[i]
	}
	c.pack(opened)
	return c, nil
}

// ReadFiles reads the calendar that several files make together. The error names the file, if it
// has a name, and is otherwise Read's; one file that cannot be read spoils them all.
func ReadFiles(files []ical.File, limits ical.Limits) (*Calendar, error) {
	parts := make([]*Calendar, len(files))
	for i, f := range files {
		part, err := readFile(f, limits)
		if err != nil && f.Name != "" {
			err = ical.WithoutExcerpt(err, f.Body)
			err = fmt.Errorf("%s: %w", f.Name, err)
		}
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	calendar := parts[0]
	if len(parts) > 1 {
		calendar = Join(parts...)
	}
	calendar.sum = Sum(files)
	return calendar, nil
}

// Sum tells bodies apart by what they hold: DTSTAMP of many servers is the time of the fetch.
func Sum(files []ical.File) [sha256.Size]byte {
	sum := sha256.New()
	for _, f := range files {
		io.WriteString(sum, f.Name+"\n")
		for line := range bytes.Lines(f.Body) {
			if !bytes.HasPrefix(line, []byte("DTSTAMP")) {
				sum.Write(line)
			}
		}
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// Sum tells a calendar from others by what ReadFiles has read it from; see the function of that
// name. Zero where it was read otherwise.
func (c *Calendar) Sum() [sha256.Size]byte { return c.sum }
