package holidays

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Years before and after the present one that a body holds.
const (
	yearsBack  = 10
	yearsAhead = 20
)

// Body is the calendar as iCalendar (RFC 5545), from ten years before a year to twenty after it. A whole day is a DATE;
// a half day ends at midnight, in no zone, which is the zone of whoever reads it. Names that the title does not have
// follow as X-CALLHOURS-NAME. Provisional days are tentative. A UID is the same in every language and every year that a
// body is made in.
func (c *Calendar) Body(year int) []byte {
	return c.Between(newYear(year-yearsBack), newYear(year+yearsAhead+1))
}

// Between is like Body, with the days from a date until just before another one.
func (c *Calendar) Between(from, to time.Time) []byte {
	b := &strings.Builder{}
	line(b, "BEGIN:VCALENDAR")
	line(b, "VERSION:2.0")
	line(b, "PRODID:-//callhours//holidays//EN")
	line(b, "X-WR-CALNAME:"+escape(c.place.Name()))
	for _, d := range c.Days(from.Year(), to.Year()) {
		if !d.Date.Before(from) && d.Date.Before(to) {
			c.event(b, d)
		}
	}
	line(b, "END:VCALENDAR")
	return []byte(b.String())
}

// event writes a day.
func (c *Calendar) event(b *strings.Builder, d Day) {
	own := d.Name(c.Language())
	line(b, "BEGIN:VEVENT")
	line(b, "UID:"+c.uid(d))
	line(b, "DTSTAMP:20000101T000000Z")
	if d.From == 0 {
		line(b, "DTSTART;VALUE=DATE:"+d.Date.Format("20060102"))
	} else {
		line(b, "DTSTART:"+d.Date.Add(d.From).Format("20060102T150405"))
		line(b, "DTEND:"+d.Date.AddDate(0, 0, 1).Format("20060102T150405"))
	}
	line(b, "SUMMARY;LANGUAGE="+c.Language()+":"+escape(own))
	for _, language := range Languages() {
		if language != c.Language() {
			line(b, "X-CALLHOURS-NAME;LANGUAGE="+language+":"+escape(d.Name(language)))
		}
	}
	for _, alias := range d.Aliases() {
		line(b, "X-CALLHOURS-NAME:"+escape(alias))
	}
	if d.Provisional {
		line(b, "STATUS:TENTATIVE")
	}
	line(b, "TRANSP:TRANSPARENT")
	line(b, "END:VEVENT")
}

// uid names a day for ever: it tells neither the language nor when it was worked out.
func (c *Calendar) uid(d Day) string {
	what := d.key
	if d.key == "also" {
		sum := sha256.Sum256([]byte(d.named.in("")))
		what += "-" + hex.EncodeToString(sum[:4])
	}
	if d.Substitute() {
		what += "-observed"
	}
	return fmt.Sprintf("%s-%s-%s@holidays.callhours", strings.ToLower(c.place.code), d.For.Format("20060102"), what)
}

// escape writes a TEXT, RFC 5545 section 3.3.11.
func escape(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return ' '
		}
		return r
	}, text)
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(text)
}

// line folds a content line at 75 bytes, within no character, RFC 5545 section 3.1.
func line(b *strings.Builder, text string) {
	const longest = 75
	for n := longest; len(text) > n; n = longest - 1 {
		cut := n
		for text[cut]&0xc0 == 0x80 {
			cut--
		}
		b.WriteString(text[:cut] + "\r\n ")
		text = text[cut:]
	}
	b.WriteString(text + "\r\n")
}

// newYear is when a year begins.
func newYear(year int) time.Time { return date(year, time.January, 1) }
