package calendars

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

// TestForgiven: what is meant beyond doubt is read, and reported; what is not is lost with a
// Problem at its line.
func TestForgiven(t *testing.T) {
	t.Parallel()
	const (
		head = "BEGIN:VCALENDAR\nVERSION:2.0\n"
		one  = "BEGIN:VEVENT\nUID:1\nDTSTART:20261224T090000Z\nEND:VEVENT\n"
		two  = "BEGIN:VEVENT\nUID:2\nDTSTART:20261225T090000Z\nEND:VEVENT\n"
		foot = "END:VCALENDAR\n"
		// What is said of lines that stand alone though something is before them.
		blanks = "blanks before a line are ignored; remove them, since they make it part of the line before"
		glued  = "a line follows another without a line end, and is read as one; add the line end"
		mark   = "a byte order mark or invisible blank before a line is ignored; remove it"
	)
	read := func(written, as string) string { return fmt.Sprintf("%s is read as %s", written, as) }
	for _, c := range []struct {
		name, body string
		events     string   // their UIDs
		want       []string // problems
	}{
		{
			"two calendars joined, each with a mark", "\ufeff" + head + one + foot + "\ufeff" + head + two + foot,
			"1 2",
			[]string{"line 8: " + mark},
		},
		{"a mark and an event", head + "\ufeff" + one + two + foot, "1 2", []string{"line 3: " + mark}},
		{"a no-break space", head + "\u00a0" + one + foot, "1", []string{"line 3: " + mark}},
		{"two marks first", "\ufeff\ufeff" + head + one + foot, "1", []string{"line 1: " + mark}},
		{"blanks first", " \t" + head + one + foot, "1", []string{"line 1: " + blanks}},
		{"all indented alike", indent(head+one+foot, "    "), "1", nil},
		{"BEGIN indented", head + "  " + one + foot, "1", []string{"line 3: " + blanks}},
		{
			"an event indented", head + indent(one, "\t") + two + foot, "1 2",
			[]string{"line 3: " + blanks + " (4 lines, this is the first)"},
		},
		{
			"a rule indented", head + strings.Replace(one, "END", " RRULE:FREQ=DAILY;COUNT=2\nEND", 1) + foot, "1",
			[]string{"line 6: " + blanks},
		},
		{
			"a folded text that speaks of events",
			head + strings.Replace(one, "END", "DESCRIPTION:"+strings.Repeat("x", 63)+
				"\n BEGIN:VEVENT\nEND", 1) + foot, "1", nil,
		},
		{
			"a folded text that begins like a date",
			head + strings.Replace(one, "END", "DESCRIPTION:Call us\n DTSTART: soon\nEND", 1) + foot, "1", nil,
		},
		{
			"BEGIN with a parameter", head + strings.Replace(one, "BEGIN:", "BEGIN;X=1:", 1) + foot, "1",
			[]string{"line 3: BEGIN takes no parameters"},
		},
		{
			"BEGIN with a slip", head + strings.Replace(one, "BEGIN:", "BEGN:", 1) + foot, "1",
			[]string{"line 3: " + read(`"BEGN:VEVENT"`, "BEGIN:VEVENT")},
		},
		{
			"BEGIN without a colon", head + strings.Replace(one, "BEGIN:", "BEGIN ", 1) + foot, "1",
			[]string{"line 3: " + read(`"BEGIN VEVENT"`, "BEGIN:VEVENT")},
		},
		{"VEVENT with slips", head + strings.ReplaceAll(one, "VEVENT", "VEVNT") + two + foot, "1 2", []string{
			"line 3: " + read("BEGIN:VEVNT", "BEGIN:VEVENT"), "line 6: " + read("END:VEVNT", "END:VEVENT"),
		}},
		{
			"a quoted mail", head + "> " + one + foot, "1",
			[]string{"line 3: " + read(`"> BEGIN:VEVENT"`, "BEGIN:VEVENT")},
		},
		{"BEGIN missing", head + strings.TrimPrefix(one, "BEGIN:VEVENT\n") + two + foot, "2", []string{
			"line 3: lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
		}},
		{
			"END:VCALENDAR for BEGIN:VEVENT", head + foot + strings.TrimPrefix(one, "BEGIN:VEVENT\n") + two + foot, "2",
			[]string{
				"line 4: lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
				"line 7: an event is outside BEGIN:VCALENDAR and END:VCALENDAR, and is read anyway",
			},
		},
		{"events outside", head + foot + one + two + foot, "1 2", []string{
			"line 4: an event is outside BEGIN:VCALENDAR and END:VCALENDAR, and is read anyway (2 lines, this is the first)",
		}},
		{
			"END:VEVENT and no more", head + "END:VEVENT\n" + one + foot, "1",
			[]string{"line 3: END:VEVENT without BEGIN:VEVENT; it is ignored"},
		},
		{"a line end missing", head + strings.TrimSuffix(one, "\n") + two + foot, "1 2", []string{"line 6: " + glued}},
		{
			"two line ends missing", head + one +
				"BEGIN:VEVENTUID:2\nDTSTART:20261225T090000Z\nEND:VEVENTEND:VCALENDAR\n",
			"1 2",
			[]string{
				"line 7: " + glued + " (2 lines, this is the first)",
			},
		},
		{"END:VEVENT missing", head + strings.Replace(one, "END:VEVENT\n", "", 1) + two + foot, "1 2", []string{
			"line 6: END:VEVENT is missing before the next event, and is read as if it were there",
		}},
		{
			"the last END:VEVENT missing", head + one + strings.Replace(two, "END:VEVENT\n", "", 1) + foot, "1 2",
			[]string{
				"line 10: END:VEVENT is missing before END:VCALENDAR, and is read as if it were there",
			},
		},
		{
			"END and BEGIN missing",
			head + strings.Replace(one, "END:VEVENT\n", "", 1) + strings.Replace(two, "BEGIN:VEVENT\n", "", 1) + foot,
			"1 2",
			[]string{
				"line 6: END:VEVENT and BEGIN:VEVENT are missing before this line, where another event begins",
			},
		},
		{
			"two starts in one", head + strings.Replace(one, "END", "DTSTART:20261231T090000Z\nEND", 1) + foot, "1",
			[]string{
				"line 6: DTSTART: the event has another one; this one is ignored (is END:VEVENT or BEGIN:VEVENT missing before it?)",
			},
		},
		{
			"an alarm without an end",
			head + strings.Replace(one, "END", "BEGIN:VALARM\nTRIGGER:-PT5M\nSTATUS:TENTATIVE\nEND", 1) + two + foot,
			"1 2",
			[]string{
				"line 6: BEGIN:VALARM has no END before END:VEVENT; the lines after it that belong to an event are read as the event's",
			},
		},
		{"an alarm with slips", head + strings.Replace(one, "END", "BEGIN:VALAM\nTRIGGER:-PT5M\nEND:VALLARM\nEND", 1) +
			foot, "1", []string{
			"line 6: " + read("BEGIN:VALAM", "BEGIN:VALARM"), "line 8: " + read("END:VALLARM", "END:VALARM"),
		}},
		{
			"an alarm that begins as something else",
			head + strings.Replace(one, "END", "BEGIN:BELL\nTRIGGER:-PT5M\nEND:VALARM\nEND", 1) + foot, "1",
			[]string{
				`line 8: END:VALARM ends what began as "BELL"`,
			},
		},
		{"a rule in an alarm", head +
			strings.Replace(one, "END", "BEGIN:VALARM\nRRULE:FREQ=DAILY\nEND:VALARM\nEND", 1) + foot, "1", []string{
			"line 7: RRULE: it is in VALARM, not in the event, and is ignored (is END:VALARM missing before it?)",
		}},
		{"calendars with slips", strings.ReplaceAll(head+one+foot, "VCALENDAR", "VCALENDER"), "1", []string{
			"line 1: " + read("BEGIN:VCALENDER", "BEGIN:VCALENDAR"),
			"line 7: " + read("END:VCALENDER", "END:VCALENDAR"),
		}},
		{"no colons", "BEGIN VCALENDAR\n" + one + "END VCALENDAR\n", "1", []string{
			"line 1: " + read(`"BEGIN VCALENDAR"`, "BEGIN:VCALENDAR"),
			"line 6: " + read(`"END VCALENDAR"`, "END:VCALENDAR"),
		}},
		{"a mark read as Latin letters", "ï»¿" + head + one + foot, "1", []string{"line 1: " + mark}},
		{"a wide blank", "\u3000" + head + one + foot, "1", []string{"line 1: " + mark}},
		{"blanks after BEGIN", head + strings.Replace(one, "BEGIN:", "BEGIN:\t", 1) + foot, "1", []string{
			"line 3: blanks around the name after BEGIN are ignored; remove them",
		}},
		{
			"properties twice", head +
				strings.Replace(one, "END",
					"SUMMARY:Open\nSUMMARY:Closed\nSTATUS:CONFIRMED\nSTATUS:CANCELLED\nSUMMARY:Open\nEND", 1) + foot,
			"1",
			[]string{
				"line 7: SUMMARY: the event has another one; this one is ignored",
				"line 9: STATUS: the event has another one; this one is ignored",
			},
		},
		{
			"a status indented", head + strings.Replace(one, "END", "   STATUS:TENTATIVE\nEND", 1) + foot, "1",
			[]string{"line 6: " + blanks},
		},
		{
			"a rule indented behind a title",
			head + strings.Replace(one, "END", "SUMMARY:Open\n RRULE:FREQ=DAILY\nEND", 1) + foot, "1",
			[]string{
				"line 6: an indented line that begins like RRULE is read as the rest of the line before, as RFC 5545 requires; " +
					"remove the blanks before it if it is a line of its own",
			},
		},
		{
			"a start indented behind a title",
			head + strings.Replace(one, "DTSTART", "SUMMARY:Open\n DTSTART", 1) + two + foot, "1 2",
			[]string{"line 6: " + blanks},
		},
		{
			"BEGIN indented behind a long line", head + "PRODID:" + strings.Repeat("x", 70) + "\n " + one + foot, "1",
			[]string{"line 4: " + blanks},
		},
		{
			"texts that speak of starts",
			head + "X-WR-CALDESC:x\n BEGIN:VEVENT\n" +
				strings.Replace(one, "DTSTART", "DESCRIPTION:x\n DTSTART:20260101\nCOMMENT:x\n END:VEVENT\nDTSTART",
					1) +
				foot, "1", nil,
		},
		{
			"a stamp indented behind a UID",
			head + strings.Replace(one, "DTSTART", "\tDTSTAMP:20260101T000000Z\nDTSTART", 1) + foot, "1",
			[]string{"line 5: " + blanks},
		},
		{"END with a slip", head + strings.Replace(one, "END", "BEGIN:VALARM\nTRIGGER:-PT5M\nEDN:VALARM\nEND", 1) +
			foot, "1", []string{
			"line 8: " + read(`"EDN:VALARM"`, "END:VALARM"),
		}},
		{
			"a blank before the colon",
			head + strings.Replace(one, "END", "TRANSP :OPAQUE\nDTEND\t;VALUE=DATE-TIME:20261224T100000Z\nEND", 1) +
				foot, "1",
			[]string{
				"line 6: " + read(`"TRANSP :"`, "TRANSP:"), "line 7: " + read(`"DTEND\t;"`, "DTEND;"),
			},
		},
		{"a rule with other signs", head + strings.Replace(one, "END", "RRULE=FREQ=DAILY;COUNT=2\nEND", 1) +
			strings.Replace(two, "END", "RRULE;FREQ=DAILY;COUNT=2\nEND", 1) + foot, "1 2", []string{
			"line 6: " + read(`"RRULE="`, "RRULE:"),
			"line 11: a colon is missing after RRULE, and is read as if it were there",
		}},
		{
			"a property with a slip",
			head + strings.Replace(one, "END", "DSCRIPTION:x\nX-RULE:x\nCOLOR:red\nEXDAET:soon\nEND", 1) + foot,
			"1",
			[]string{
				"line 6: DSCRIPTION is read as DESCRIPTION",
				"line 9: EXDAET is not a property of an event, and is ignored; did you mean EXDATE?",
			},
		},
		{
			"many slips", head + strings.Replace(one, "END", strings.Repeat("EXDAET:soon\n", 7)+"END", 1) + foot, "1",
			slices.Collect(func(yield func(string) bool) {
				for n := range 5 { // maxSlips
					yield(
						fmt.Sprintf("line %d: EXDAET is not a property of an event, and is ignored; did you mean EXDATE?",
							6+n))
				}
			}),
		},
		{"a title outside", head + one + "SUMMARY:Open\n" + two + foot, "1 2", []string{
			"line 7: lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
		}},
		{"a UID outside", head + one + "UID:3\n" + two + foot, "1 2", []string{
			"line 7: lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
		}},
		{
			"what a calendar may say of itself",
			head + "UID:3\nLAST-MODIFIED:20260101T000000Z\nDESCRIPTION:x\nCATEGORIES:x\n" + one + foot, "1", nil,
		},
		{
			"a change of no series",
			head + strings.Replace(one, "UID:1", "RECURRENCE-ID:20261224T080000Z", 1) + two + foot, " 2",
			[]string{
				"line 3: RECURRENCE-ID: an event without a UID changes no series; event is read as one of its own",
			},
		},
		{
			"a line end missing before a start",
			head + strings.Replace(one, "END", "SUMMARY:OpenDTSTART:20261231T090000Z\nEND", 1) + foot, "1",
			[]string{
				"line 6: the line contains another line of an event, which is ignored (is a line end missing?)",
			},
		},
		{
			"a description of a start",
			head + strings.Replace(one, "END", "DESCRIPTION:write DTSTART:20261231T090000Z\nEND", 1) + foot, "1", nil,
		},
		{
			"an event in a component that nobody knows",
			head + "BEGIN:XEVENTS\nDTSTART:20261224\nEND:XEVENTS\n" + one + foot, "1",
			[]string{
				"line 4: lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
			},
		},
		{
			"an event too deep", head + strings.Repeat("BEGIN:X-A\n", 8) + one + strings.Repeat("END:X-A\n", 8) + foot,
			"",
			[]string{
				"line 11: an event begins in components that nest deeper than 8 (limits.nesting); it is ignored",
				"line 12: lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
			},
		},
		{
			"to-dos only",
			head +
				"BEGIN:VTODO\nDTSTART:20261224\nEND:VTODO\nBEGIN:VFREEBUSY\nDTSTART:20261224T000000Z\nEND:VFREEBUSY\n" +
				foot, "",
			[]string{
				"line 1: it has no events (VEVENT), but 1 VFREEBUSY, 1 VTODO, which are not read; share a calendar of events",
			},
		},
		{"cancelled as a whole", head + "METHOD:CANCEL\n" + one + foot + head + two + foot, "2", []string{
			"line 3: METHOD:CANCEL cancels all events of its calendar; none of them is ever on",
		}},
		{"cancelled as a whole at its end", head + one + "METHOD:CANCEL\n" + foot + head + two + foot, "2", []string{
			"line 7: METHOD:CANCEL cancels all events of its calendar; none of them is ever on",
		}},
		{"two methods", head + "METHOD:PUBLISH\nMETHOD:CANCEL\n" + one + foot, "1", []string{
			"line 4: METHOD: the calendar has another one; this one is ignored",
		}},
		{"declined by somebody", head +
			strings.Replace(one, "END", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com\nEND", 1) + foot, "1", nil},
		{
			"NULs", head + strings.Replace(one, "UID:1", "UID:1\x00\x00", 1) + foot, "1",
			[]string{"line 4: NUL characters are ignored; remove them"},
		},
		{
			"other control characters in a time",
			head + strings.Replace(one, "DTSTART:", "DTSTART;TZID=Europe/Berlin\x02:\x01", 1) + foot, "1",
			[]string{
				"line 5: control characters are ignored; remove them",
				"line 5: the TZID of a time in UTC, which ends in Z, is ignored; remove one of the two",
			},
		},
		{
			"a quoted time", head + strings.Replace(one, "20261224T090000Z", `"20261224T090000Z"`, 1) + foot, "1",
			[]string{
				"line 5: quotes in a time or rule are ignored; remove them",
			},
		},
		{"empty rules", head + strings.Replace(one, "END", "RRULE:\nEND", 1) +
			strings.Replace(two, "END", "RRULE:;\nEND", 1) + foot, "1 2", []string{
			"line 6: an empty RRULE is ignored; remove it (2 lines, this is the first)",
		}},
		{
			"two starts that agree", head + strings.Replace(one, "END", "DTSTART:20261224T090000Z\nEND", 1) + foot, "1",
			nil,
		},
		{
			"an end before the rule begins",
			head + strings.Replace(one, "END", "RRULE:FREQ=DAILY;UNTIL=20261220\nEND", 1) + foot, "1",
			[]string{
				"line 3: RRULE: UNTIL lies before DTSTART; event (1) has no occurrence by its RRULE",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calendar := mustRead(t, []byte(c.body))
			var uids []string
			for _, e := range calendar.Events() {
				uids = append(uids, e.UID)
			}
			if got := strings.Join(uids, " "); got != c.events {
				t.Errorf("got events %q, want %q", got, c.events)
			}
			if diff := cmp.Diff(c.want, texts(calendar.Problems())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// indent puts blanks before each line.
func indent(text, blanks string) string {
	return blanks + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+blanks) + "\n"
}

// FuzzNothingVanishes damages one place of a calendar of whole events: the body is then refused, or
// each of its events is there or has a problem at one of its lines or those beside it. A valid
// calendar is read exactly.
func FuzzNothingVanishes(f *testing.F) {
	for _, damage := range []string{
		"", " ", "\t ", "\ufeff", "END:VCALENDAR\n", "BEGIN:X\n", "x", "\n", "\n\n", ":",
		";", "\"", "\x00", "END:VEVENT\n", "BEGIN:VALARM\n", "-", "\r",
	} {
		for at := range 14 {
			f.Add(uint16(at*17), uint8(0), damage)
			f.Add(uint16(at*23), uint8(at), damage)
		}
	}
	f.Fuzz(func(t *testing.T, at uint16, cut uint8, damage string) {
		if strings.ContainsAny(damage, "\u0085\u2028") || len(damage) > 30 {
			t.Skip("another size of damage")
		}
		checkValid(t, uint64(at)<<8|uint64(cut), uint64(crc32.ChecksumIEEE([]byte(damage))))
		const events = 4
		var body bytes.Buffer
		first := make([]int, events) // where each event begins in the body
		body.WriteString("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//EN\n")
		for i := range events {
			first[i] = body.Len()
			fmt.Fprintf(&body,
				"BEGIN:VEVENT\nUID:%d@example.com\nDTSTART:2026120%dT090000Z\nSUMMARY:Open\nEND:VEVENT\n", i, i+1)
		}
		end := body.Len()
		body.WriteString("END:VCALENDAR\n")

		place := first[0] + int(at)%(end-first[0])
		until := min(place+int(cut)%40, end)
		damaged := slices.Concat(body.Bytes()[:place], []byte(damage), body.Bytes()[until:])
		calendar, err := Read(damaged, ical.Limits{})
		if err != nil {
			return // as a whole, and loudly
		}
		found := map[int64]bool{}
		for _, e := range calendar.Events() {
			found[e.Start.Civil/recur.Day] = true
		}
		for i := range events {
			start, stop := first[i], end
			if i+1 < events {
				stop = first[i+1]
			}
			if found[recur.Civil(2026, 12, i+1)/recur.Day] || place <= start && until >= stop {
				continue
			}
			// Where the event's lines are now.
			moved := len(damage) - (until - place)
			if start >= until {
				start += moved
			}
			if stop >= until {
				stop += moved
			}
			from, to := lineAt(damaged, min(start, place)), lineAt(damaged, max(stop, place+len(damage)))
			text := string(damaged[min(start, len(damaged)):min(max(stop, start), len(damaged))])
			if !strings.Contains(text, "DTSTART") && !strings.Contains(text, "BEGIN:VEVENT") {
				continue // Nothing is left of it.
			}
			if slices.ContainsFunc(calendar.Events(), func(e *Event) bool { return e.Line >= from && e.Line < to }) {
				continue // It is there, at another time.
			}
			if !slices.ContainsFunc(calendar.Problems(), func(p ical.Problem) bool {
				return p.Line >= from-1 && p.Line <= to+1
			}) {
				t.Errorf("event %d (lines %d to %d) is neither there nor reported: %v\n%s", i, from, to,
					calendar.Problems(), damaged)
			}
		}
	})
}

// lineAt is the line in which an offset lies, counted as the scanner does.
func lineAt(body []byte, offset int) int {
	n, rest := 0, body
	for len(rest) > len(body)-offset && len(rest) > 0 {
		n++
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		line, _, _ = bytes.Cut(line, []byte("\r"))
		rest = rest[len(line):]
		rest = bytes.TrimPrefix(rest, []byte("\r"))
		rest = bytes.TrimPrefix(rest, []byte("\n"))
	}
	return max(n, 1)
}
