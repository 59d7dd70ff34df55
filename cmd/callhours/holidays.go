package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/holidays"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/preview"
)

func holidaysCommand(env environment) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "holidays [COUNTRY]",
		Short: "list the countries and regions whose holidays are known",
		Long: `holidays lists the countries and regions whose public holidays callhours knows,
as a calendar's key holidays takes them. With a COUNTRY, such as DE or DE-BY, it
lists that one and its regions, with the law that names their days.

  callhours holidays
  callhours holidays CA

"callhours events --country DE --region BY" lists the days.`,
		Args:              arguments(0, 1, "COUNTRY"),
		ValidArgsFunction: completePlaces,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			code := ""
			if len(args) == 1 {
				code = strings.ToUpper(args[0])
			}
			return listPlaces(code, format, env.stdout)
		},
	}
	formatFlag(cmd, &format)
	return cmd
}

// completePlaces completes the first argument by the countries and regions that are known.
func completePlaces(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var codes []string
	for _, p := range holidays.Places() {
		codes = append(codes, p.Code())
	}
	return withPrefix(codes, strings.ToUpper(prefix)), cobra.ShellCompDirectiveNoFileComp
}

// listedPlace is a place in the JSON of the list.
type listedPlace struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Note   string `json:"note"` // what to mind there; "" for nothing
	Source string `json:"source"`
}

func listPlaces(code, format string, to io.Writer) error {
	list := []listedPlace{}
	for _, p := range holidays.Places() {
		if code == "" || p.Code() == code || p.Country() == code {
			list = append(list, listedPlace{p.Code(), p.Name(), p.Note(), p.Source()})
		}
	}
	if len(list) == 0 {
		_, err := holidays.LookUp(code)
		return usageError(err)
	}
	if format == "json" {
		if err := newEncoder(to, true).Encode(map[string]any{"places": list}); err != nil {
			return failure(err)
		}
		return nil
	}
	for _, p := range list {
		fmt.Fprintf(to, "%-7s %s\n", p.Code, p.Name)
		if p.Note != "" {
			fmt.Fprintf(to, "        %s\n", p.Note)
		}
		if code != "" {
			fmt.Fprintf(to, "        %s\n", p.Source)
		}
	}
	return nil
}

// countryEvents lists the holidays of a country, or writes them as iCalendar.
func countryEvents(a eventFlags, env environment) error {
	if a.format != "ics" {
		if err := checkFormat(a.format); err != nil {
			return err
		}
	}
	code := a.country
	if a.region != "" {
		if strings.Contains(code, "-") {
			return usageError(fmt.Errorf("--country %s names a region already; leave out --region", code))
		}
		code += "-" + strings.TrimPrefix(strings.ToUpper(a.region), strings.ToUpper(code)+"-")
	}
	place, err := holidays.LookUp(code)
	if err != nil {
		return usageError(fmt.Errorf("--country: %w", err))
	}
	known := holidays.Languages()
	language := cmp.Or(strings.ToLower(a.language), known[0])
	if base, _, _ := strings.Cut(language, "-"); !slices.Contains(known, base) {
		return usageError(fmt.Errorf("--language: holidays have names in %s; found %q", strings.Join(known, ", "),
			a.language))
	}
	language, _, _ = strings.Cut(language, "-")
	zone := time.UTC
	if a.timezone != "" {
		if zone, err = zones.Load(a.timezone); err != nil {
			return usageError(fmt.Errorf("--timezone: %w", err))
		}
	}
	days := holidays.New(place, holidays.Options{Language: language})
	if a.format == "ics" {
		return writeHolidays(days, a, env)
	}
	from, to, err := eventTimes(a, env.now().In(zone))
	if err != nil {
		return err
	}
	year := from.Year()
	calendar, err := calendars.Read(days.Between(date(year-1, 1, 1), date(max(year, to.Year())+2, 1, 1)), ical.Limits{})
	if err != nil {
		return failure(err)
	}
	return writeEvents(calendar, zone, from, to, a.format, env)
}

// writeHolidays writes iCalendar: the days between two dates, or, where none is given, as many as a calendar of the
// configuration has.
func writeHolidays(days *holidays.Calendar, a eventFlags, env environment) error {
	now := env.now().UTC()
	body := days.Body(now.Year())
	if a.from != "" || a.to != "" {
		from, to, err := eventTimes(a, now)
		if err != nil {
			return err
		}
		body = days.Between(date(from.Date()), date(to.Date()))
	}
	if _, err := exact(env.stdout).Write(body); err != nil {
		return failure(err)
	}
	return nil
}

// eventTimes are --from and --to, with what they are by default.
func eventTimes(a eventFlags, now time.Time) (from, to time.Time, err error) {
	zone := now.Location()
	y, m, d := now.Date()
	from = time.Date(y, m, d, 0, 0, 0, 0, zone)
	if a.from != "" {
		if from, err = preview.Moment(a.from, zone); err != nil {
			return from, to, usageError(fmt.Errorf("--from %w", err))
		}
	}
	to = from.AddDate(0, 0, 30)
	if a.country != "" {
		to = from.AddDate(1, 0, 0)
	}
	if a.to != "" {
		if to, err = preview.Moment(a.to, zone); err != nil {
			return from, to, usageError(fmt.Errorf("--to %w", err))
		}
	}
	if !from.Before(to) {
		err = usageError(fmt.Errorf("--to %s is not after --from %s", to.Format(time.RFC3339), from.Format(time.RFC3339)))
	}
	return from, to, err
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
