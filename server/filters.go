package server

import (
	"fmt"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

// What only and except may take, for each byte of a text, in steps as of [calendars.Patterns.Cost],
// and in all. The operator's calendars have only the first bound.
const (
	maxFilterSteps       = 10_000        // of one calendar
	maxTenantFilterSteps = 200_000       // of all calendars of a tenant
	maxCompared          = 2_000_000_000 // steps of all calendars of a tenant, with the bytes of their events
)

// tooMuchCompared is why a calendar is unknown whose only and except take too much.
const tooMuchCompared = "only and except take too many steps for so many events"

// filters makes only and except of a calendar. Beyond what they may take together, that is a
// mistake at the place.
func (b *builder) filters(c *config.Calendar) (only, except []calendars.Filter) {
	steps := 0
	parse := func(texts []diag.Text) patterns.List {
		if len(texts) == 0 || steps > maxFilterSteps || b.filtered[c.Tenant] > maxTenantFilterSteps {
			return nil
		}
		ps, mistakes := patterns.ParseList(texts)
		b.mistakes = append(b.mistakes, mistakes...)
		cost := ps.Cost()
		steps += cost
		if c.Tenant != "" {
			b.filtered[c.Tenant] += cost
		}
		switch {
		case steps > maxFilterSteps:
			b.wrong(texts[0].Pos,
				"up to here only and except take more than %d steps for each byte of an event; write fewer patterns, or shorter ones", maxFilterSteps)
		case b.filtered[c.Tenant] > maxTenantFilterSteps:
			b.wrong(texts[0].Pos,
				"up to here only and except of the calendars of tenant %q take more than %d steps for each byte of an event; write fewer patterns, or shorter ones",
				c.Tenant, maxTenantFilterSteps)
		}
		return ps
	}
	all := func(from []config.Filter) (out []calendars.Filter) {
		for _, f := range from {
			out = append(out, calendars.Filter{
				Summary: parse(f.Summary), Description: parse(f.Description),
				Location: parse(f.Location), Category: parse(f.Category),
				Transparency: f.Transparency.S, AllDay: f.AllDay, Recurring: f.Recurring,
			})
		}
		return out
	}
	return all(c.Only), all(c.Except)
}

// use is a calendar as routes use it, worth what it is: its events are those that only and except
// let through. Where these would take too much beside the tenant's other calendars, it is unknown.
// The mutex that guards the generation's calendars is held.
func (g *Generation) use(c *calendar, snapshot calendars.Snapshot) calendars.Use {
	owner := c.Source.Owner
	others, steps := g.compared[owner]-c.steps, int64(0)
	if c.refused = false; snapshot.Calendar != nil {
		steps = snapshot.Calendar.SelectSteps(c.only, c.except)
	}
	switch {
	case owner != "" && others+steps > maxCompared:
		snapshot.Err = fmt.Errorf(
			"%w: only and except of all calendars of the tenant take more than %d steps; write fewer patterns, or use smaller calendars",
			ical.ErrTooBig, int64(maxCompared))
		snapshot.Calendar, snapshot.Why, steps, c.refused = nil, tooMuchCompared, 0, true
	case snapshot.Calendar != nil:
		snapshot.Calendar = snapshot.Calendar.Select(c.only, c.except)
	}
	g.counts(c, steps)
	return calendars.Use{Snapshot: snapshot, Zone: c.zone, Absent: c.absent}
}

// counts notes what comparing a calendar's events took.
func (g *Generation) counts(c *calendar, steps int64) {
	g.compared[c.Source.Owner] += steps - c.steps
	c.steps = steps
}
