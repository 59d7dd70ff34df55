package preview

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/callhours/callhours/internal/diag"
)

// The severities of findings. An error is a mistake in the configuration, a call that will not be
// answered as meant, or something that the configuration expects and that is not so; a warning is
// most likely meant otherwise.
const (
	Error   = "error"
	Warning = "warning"
)

// Finding is something that people should look at. It shows no secret.
type Finding struct {
	Pos      diag.Pos // zero where no file is to blame
	Kind     string   // one of Kinds
	Severity string   // Error or Warning
	Route    string   // full name; "" where it is not about one
	Calendar string   // likewise
	Branch   string   // of Route
	Message  string   // found, wanted and what to do, on one line
}

// Kind is a kind of findings, whose severity is always the same. docs/checking.md says what each
// means and what to do.
type Kind struct{ Name, Severity string }

// Kinds are all that there are, by name.
func Kinds() []Kind {
	names := []string{
		// The configuration.
		mistake, "schema_refused", "callflow_odd", "template_odd", "data_unread", "action_budget", "no_auth",
		"message_language", "no_routes",
		"database_unusable", "database_unverified",
		"glob_matches_nothing", "secret_in_plain", "secrets_readable", "credential_absent", "state_dir_shared", "state_dir_unwritable",
		"account_odd", "routes_without_account", "id_of_two_tenants", "fallback_same_template",
		"upstream_no_fallback", "upstream_shares_listen",
		// Routes and their branches.
		"branch_never_taken", "branch_shadowed", "branch_will_fail", "never_open", "closure_cuts_opening",
		"holiday_on_closed_day", "zones_differ", "route_too_large", "not_looked_at",
		// Calendars and their feeds.
		"calendar_unknown", "feed_failed", "copy_not_kept", "copy_undated", "clock_skew", "calendar_timezone",
		"expected_ahead", "coverage_gap", "no_events_ahead", "ends_soon",
		"events_unmatched", "busy_only", "near_miss", "title_fits_two", "events_overlap",
		"shift_unclear", "shift_unfilled",
		// Single events.
		"event_unusable", "not_standard", "odd_event", "no_length", "one_day", "clock_change", "series_ended",
		"series_ends", "far_future", "provisional",
	}
	slices.Sort(names)
	kinds := make([]Kind, len(names))
	for i, name := range names {
		kinds[i] = Kind{name, severity(name)}
	}
	return kinds
}

// severity is that of a kind.
func severity(kind string) string {
	switch kind {
	case mistake, "schema_refused", "branch_never_taken", "branch_will_fail", "route_too_large", "calendar_unknown",
		"expected_ahead", "coverage_gap", "shift_unfilled":
		return Error
	}
	return Warning
}

// Findingf makes a finding of a kind at a place.
func Findingf(at diag.Pos, kind, format string, args ...any) Finding {
	return Finding{Pos: at, Kind: kind, Severity: severity(kind), Message: diag.Line(fmt.Sprintf(format, args...))}
}

// SortFindings puts them into the order in which people read them, by place and then by what they
// are about, and drops what is said twice.
func SortFindings(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Calendar, b.Calendar), cmp.Compare(a.Route, b.Route),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}

// MarshalJSON writes the place as file, line and column; line and column are 0 where they are not
// known.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Kind     string `json:"kind"`
		Severity string `json:"severity"`
		Route    string `json:"route"`
		Calendar string `json:"calendar"`
		Branch   string `json:"branch"`
		Message  string `json:"message"`
	}{f.Pos.File, f.Pos.Line, f.Pos.Col, f.Kind, f.Severity, f.Route, f.Calendar, f.Branch, f.Message})
}

// mistake is the kind of what keeps a configuration from being loaded.
const mistake = "mistake"

// String is the finding on one line: `file:line:col: message [kind]`, with its severity before a
// warning, and a mistake without its kind.
func (f Finding) String() string {
	text := diag.Mistake{Pos: f.Pos, Message: f.Message}.Error()
	if f.Severity == Warning {
		text = "warning: " + text
	}
	if f.Kind == mistake { // which says nothing to look up
		return text
	}
	return text + " [" + f.Kind + "]"
}
