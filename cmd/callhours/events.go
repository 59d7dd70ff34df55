package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/preview"
)

// eventFlags are the flags of events.
type eventFlags struct {
	config, format            string
	from, to, timezone        string
	country, region, language string
}

func eventsCommand(env environment) *cobra.Command {
	var a eventFlags
	cmd := &cobra.Command{
		Use:   "events CALENDAR|FILE|URL|-",
		Short: "list the events of a calendar",
		Long: `events lists the occurrences of a calendar's events between two times, and the
problems of the calendar. Name a calendar of the configuration, an .ics file, a
pattern such as "holidays/*.ics", a URL, which is fetched once, or - for standard
input.

  callhours events hours
  callhours events hours --from 2026-12-20 --to 2027-01-05
  callhours events holidays.ics --timezone America/New_York --format json
  callhours events --country DE --region BY --from 2027-01-01 --to 2028-01-01
  callhours events --country US --format ics > holidays.ics

With --country it lists the public holidays of a country or region, for a year
unless --to says otherwise; "callhours holidays" lists which ones are known.
--format ics writes them as iCalendar, to be imported or published anywhere: from
ten years back to twenty ahead unless --from or --to is given.

--timezone is the time zone of the dates, and of all-day and floating events.`,
		Args:              arguments(0, 1, "CALENDAR, FILE or URL"),
		ValidArgsFunction: completeCalendars,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case a.country != "" && len(args) > 0:
				return usageError(fmt.Errorf("--country and %s name two calendars; keep one", diag.Quote(args[0])))
			case a.country != "":
				return countryEvents(a, env)
			case a.region != "" || a.language != "" || a.format == "ics":
				return usageError(errors.New("--region, --language and --format ics go with --country"))
			case len(args) == 0:
				return whichCalendar(a.config, env)
			}
			return events(cmd.Context(), args[0], a, env)
		},
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	f.StringVar(&a.format, "format", "text", "output `format`: text, json, or ics with --country")
	completeFlag(cmd, "format", "text", "json", "ics")
	f.StringVar(&a.country, "country", "", "list the public holidays of a `country`, such as DE or DE-BY")
	f.StringVar(&a.region, "region", "", "the `region` of --country, such as BY")
	f.StringVar(&a.language, "language", "", "`language` of --country's holidays: en, de, es or fr (default: en)")
	f.StringVar(&a.from, "from", "", "first date or `time` (default: today)")
	f.StringVar(&a.to, "to", "", "date or `time` of the end, which is not included (default: 30 days after --from, with --country a year)")
	f.StringVar(&a.timezone, "timezone", "",
		"time `zone`, such as Europe/Berlin (default: the calendar's, or else the configuration's)")
	return cmd
}

func events(ctx context.Context, name string, a eventFlags, env environment) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	calendar, zone, err := findCalendar(ctx, name, a, env)
	if err != nil {
		return err
	}
	if a.timezone != "" {
		if zone, err = zones.Load(a.timezone); err != nil {
			return usageError(fmt.Errorf("--timezone: %w", err))
		}
	}
	if zone == nil {
		zone = configuredZone(a.config, env)
	}
	if zone == nil {
		return usageError(
			errors.New("no time zone given; use --timezone, for example --timezone Europe/Berlin"))
	}
	from, to, err := eventTimes(a, env.now().In(zone))
	if err != nil {
		return err
	}
	return writeEvents(calendar, zone, from, to, a.format, env)
}

// writeEvents lists what is on in a calendar between two times.
func writeEvents(calendar *calendars.Calendar, zone *time.Location, from, to time.Time, format string,
	env environment,
) (err error) {
	view := calendars.View{Zone: zone}
	t := calendar.Compile(view, from, to)
	l := listing{
		occurrences: t.All(), zone: zone,
		problems: slices.Concat(calendar.Problems(), t.Problems()), warnings: calendar.Warnings(view, from),
		claimed: calendar.Timezone(),
	}
	l.truncate(maxOccurrences)
	out := bufio.NewWriter(env.stdout)
	if format == "json" {
		err = l.json(out, isTerminal(env.stdout))
	} else {
		l.text(out)
	}
	return errors.Join(err, out.Flush())
}

// configuredZone is the time zone of the configuration, for calendars that are not part of it; nil
// without one. The built-in example has one that is nobody's here.
func configuredZone(path string, env environment) *time.Location {
	in, err := openSilently(path, env)
	if err != nil || in.files != nil || in.file.Timezone.S == "" {
		return nil
	}
	zone, err := zones.Load(in.file.Timezone.S)
	if err != nil {
		return nil // a mistake that check reports
	}
	return zone
}

func readStream(name string, from io.Reader) (*calendars.Calendar, error) {
	c, err := feeds.ReadFrom(from, ical.Limits{})
	if err != nil {
		return nil, failure(fmt.Errorf("%s: %w", name, err))
	}
	return c, nil
}

// findCalendar reads the calendar that the argument means, and gives its zone if it has one.
func findCalendar(ctx context.Context, name string, a eventFlags, env environment) (*calendars.Calendar, *time.Location,
	error,
) {
	if name == "-" {
		c, err := readStream("standard input", env.stdin)
		return c, nil, err
	}
	if files.IsDescriptor(name) { // a shell's <(command)
		f, err := files.OpenDescriptor(name)
		if err != nil {
			return nil, nil, failure(err)
		}
		defer f.Close()
		c, err := readStream(name, f)
		return c, nil, err
	}
	if strings.Contains(name, "://") {
		c, err := fetch(ctx, feeds.Source{URL: name}, env)
		return c, nil, err
	}
	in, configErr := openSilently(a.config, env)
	if configErr == nil {
		g, err := in.build(env)
		if err != nil {
			configErr = err
		} else if _, _, ok := g.Calendar(name); ok {
			in.warn(env)
			readCalendars(ctx, g, []string{name}, env)
			use, zone, _ := g.Calendar(name)
			if use.Snapshot.Unknown() {
				return nil, nil, failure(fmt.Errorf("calendar %q is unknown: %s", name, use.Snapshot.Why))
			}
			return use.Snapshot.Calendar, zone, nil
		}
	}
	if a.config != "" && configErr != nil {
		return nil, nil, configErr
	}
	c, err := feeds.Load(nil, name, ical.Limits{})
	if errors.Is(err, fs.ErrNotExist) {
		if configErr != nil {
			return nil, nil, configErr // it may be a calendar of a configuration that cannot be read
		}
		return nil, nil, unknownCalendar(name, in.file)
	}
	if err != nil {
		return nil, nil, failure(err)
	}
	return c, nil, nil
}

// unknownCalendar is the error for a name that neither a calendar nor a file has.
func unknownCalendar(name string, file *config.File) error {
	var known []string
	for _, c := range file.Calendars {
		known = append(known, c.Name)
	}
	return usageError(fmt.Errorf("no calendar or file is named %q%s", name, diag.Suggest(name, known)))
}

// whichCalendar is the error for a command line that names no calendar, with those that there are.
func whichCalendar(path string, env environment) error {
	in, err := openSilently(path, env)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range in.file.Calendars {
		names = append(names, c.Name)
	}
	return usageError(errors.New("which calendar? use callhours events CALENDAR, FILE, URL or -" + knownNames(names)))
}

// fetch reads a feed, once.
func fetch(ctx context.Context, source feeds.Source, env environment) (*calendars.Calendar, error) {
	if err := source.Validate(); err != nil {
		return nil, usageError(err)
	}
	f := feeds.NewFetcher(feeds.FetcherOptions{UserAgent: userAgent(), Now: env.now})
	defer f.CloseIdleConnections()
	defer startProgress(env, "fetching the calendar")()
	fetched := f.Fetch(ctx, source, feeds.Validators{})
	if fetched.Err != nil {
		return nil, failure(fetched.Err)
	}
	c, err := calendars.ReadFiles([]ical.File{fetched.File()}, ical.Limits{})
	if err != nil {
		return nil, failure(fmt.Errorf("%s: %w", source, err))
	}
	return c, nil
}

// listing is what events prints. It is written one by one: there can be 100,000 of them.
type listing struct {
	occurrences        []calendars.Occurrence
	problems, warnings []ical.Problem
	zone               *time.Location
	claimed            string // X-WR-TIMEZONE
	truncated          string // what is left out; "": nothing
}

// maxOccurrences is how many occurrences events lists.
const maxOccurrences = 100_000

// truncate leaves out what is more than most.
func (l *listing) truncate(most int) {
	if len(l.occurrences) > most {
		l.truncated = preview.TruncatedMessage("occurrences", most, time.Unix(l.occurrences[most].Start, 0).In(l.zone))
		l.occurrences = l.occurrences[:most]
	}
}

// occurrence and problem are relied on from outside.
type occurrence struct {
	UID     string    `json:"uid"`
	Summary string    `json:"summary"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	AllDay  bool      `json:"all_day"`
}

type problem struct {
	Line    int    `json:"line"`
	UID     string `json:"uid"`
	Message string `json:"message"`
}

// json writes one object on one line, to a terminal one occurrence on each. Its members warnings
// and truncated are there only when there is something to say.
func (l *listing) json(w *bufio.Writer, lines bool) error {
	out := json.NewEncoder(lineTrimmer{w})
	out.SetEscapeHTML(false)
	var errs error
	list := func(name string, n int, item func(i int) any) {
		fmt.Fprintf(w, `"%s":[`, name)
		for i := range n {
			if i > 0 {
				w.WriteByte(',')
			}
			if lines {
				w.WriteString("\n  ")
			}
			errs = errors.Join(errs, out.Encode(item(i)))
		}
		w.WriteByte(']')
	}
	problems := func(name string, ps []ical.Problem) {
		list(name, len(ps), func(i int) any { return problem{ps[i].Line, ps[i].UID, ps[i].Message} })
	}
	w.WriteByte('{')
	list("occurrences", len(l.occurrences), func(i int) any {
		o := l.occurrences[i]
		return occurrence{
			UID: o.Event.UID, Summary: o.Event.Summary,
			Start: time.Unix(o.Start, 0).In(l.zone), End: time.Unix(o.End, 0).In(l.zone), AllDay: o.Event.AllDay,
		}
	})
	w.WriteByte(',')
	problems("problems", l.problems)
	if len(l.warnings) > 0 {
		w.WriteByte(',')
		problems("warnings", l.warnings)
	}
	if l.truncated != "" {
		w.WriteString(`,"truncated":`)
		errs = errors.Join(errs, out.Encode(l.truncated))
	}
	w.WriteString("}\n")
	return errs
}

// lineTrimmer takes the line ends away that json.Encoder writes after each value.
type lineTrimmer struct{ *bufio.Writer }

func (t lineTrimmer) Write(p []byte) (int, error) {
	_, err := t.Writer.Write(bytes.TrimSuffix(p, []byte("\n")))
	return len(p), err
}

func (l *listing) text(w io.Writer) {
	for _, o := range l.occurrences {
		layout := "Mon 2006-01-02 15:04"
		if o.Event.AllDay {
			layout = "Mon 2006-01-02"
		}
		show := func(at int64) string { return time.Unix(at, 0).In(l.zone).Format(layout) }
		fmt.Fprintf(w, "%-20s  %-20s  %s\n", show(o.Start), show(o.End), diag.WithoutControls(o.Event.Summary))
	}
	for _, p := range l.problems {
		fmt.Fprintf(w, "problem: %s\n", p)
	}
	for _, p := range l.warnings {
		fmt.Fprintf(w, "warning: %s\n", p)
	}
	fmt.Fprintf(w, "%s, %s, times in %s", count(len(l.occurrences), "occurrence"), count(len(l.problems), "problem"),
		l.zone)
	if l.claimed != "" && l.claimed != l.zone.String() {
		fmt.Fprintf(w, " (X-WR-TIMEZONE is %s, which is not used)", diag.WithoutControls(l.claimed))
	}
	fmt.Fprintln(w)
	if l.truncated != "" {
		fmt.Fprintln(w, l.truncated)
	}
}
