package server

import (
	"log/slog"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/server/listen"
)

// missing says in a sentence why the call has no route. It is made once: the log and what is
// remembered of the call both have it.
func (rec *record) missing() string {
	if rec.detail != "" {
		return rec.detail
	}
	dialed := ""
	if rec.call != nil {
		_, _, dialed = shownNumbers(rec.live.callers, rec.call)
	}
	rec.detail = rec.live.table.Missing(rec.path, rec.miss, listen.HeaderText(shortened(dialed)))
	return rec.detail
}

// decision is the part of a line that says what was decided, and who answered.
func (rec *record) decision() []slog.Attr {
	a := &rec.answer
	decided := a.Decision.Branch
	attrs := []slog.Attr{
		slog.Int("status", rec.status), slog.String("route", rec.route.Name),
		slog.String("branch", rec.route.Branches[decided].Name),
	}
	if a.Title != "" {
		attrs = append(attrs, slog.String("event", a.Title))
	}
	attrs = append(attrs, slog.String("reason", a.Reason))
	if a.Branch >= 0 && a.Branch != decided {
		attrs = append(attrs, slog.String("answered_by", rec.route.Branches[a.Branch].Name))
	}
	return attrs
}

// callAttrs adds what a line says of a call, and as much of its numbers as the configuration asks
// for.
func callAttrs(attrs []slog.Attr, show string, call *pivot.Call) []slog.Attr {
	attrs = append(attrs, slog.String("call_id", shortened(call.CallID)),
		slog.String("account", shortened(call.AccountID)))
	if show == "none" {
		return attrs
	}
	left, caller, dialed := shownNumbers(show, call)
	return append(attrs, slog.String("caller", left+shortened(caller)), slog.String("dialed", shortened(dialed)))
}

// shownNumbers are as much of a call's numbers as the configuration asks for; left stands for the
// caller's digits that are left out.
func shownNumbers(show string, call *pivot.Call) (left, caller, dialed string) {
	cut := len(call.CallerNumber) - len("0147")
	switch {
	case show == "none":
		return "", "", ""
	case show == "last4" && cut > 0:
		return "…", call.CallerNumber[cut:], call.Dialed
	}
	return "", call.CallerNumber, call.Dialed
}

// shortened bounds what a stranger can write into the log with one field.
func shortened(s string) string { return diag.Cut(s, 128) }
