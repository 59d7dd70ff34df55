package render

import (
	"fmt"
	"maps"

	"github.com/callhours/callhours/internal/diag"
)

// What sample calls may do, in bytes that their templates go through and write: see [funcs.Env].
// They have no deadline, since a busy machine must not refuse what an idle one accepts; and
// thousands of templates that do all that one may must not keep others from the end of a load. What
// is left out is a warning, and live calls are bounded anyway.
const (
	maxPassed  = 3         // samples of a branch that pass a limit of templates
	branchWork = 64 << 20  // of one branch
	tenantWork = 512 << 20 // of a tenant's routes
	ownWork    = 4 << 30   // of the operator's, that are no tenant's
	perSample  = 1 << 10   // for what is the same for each

	// atOnce is how many routes are looked at at a time. Each has an equal part of what is left to
	// its tenant, so that it does not matter which of them is quicker.
	atOnce = 8
)

// look is a look at one route.
type look struct {
	checked
	right  map[string]bool       // by proof: nothing is wrong with such a branch
	wrong  map[string]gathered   // by proof and place of the template: what is
	placed map[placed]diag.Pos   // where what is wrong was written
	may    int                   // what it may spend
	whose  string                // tells whose sample calls they are, with their bound
	cut    bool                  // it might have spent more
	said   map[diag.Mistake]int  // by looks at other routes; not to be changed
	warned map[diag.Mistake]bool // warnings that were not said before
	room   int                   // how many of those are kept
}

// look begins to look at a route.
func (c *checker) look(r *Route) *look {
	l := &look{
		right: map[string]bool{}, wrong: map[string]gathered{}, placed: map[placed]diag.Pos{},
		said: c.said, warned: map[diag.Mistake]bool{}, room: maxWarned - c.warned[r.options.Tenant],
	}
	most := ownWork
	l.whose = "those of the routes without a tenant"
	if r.options.Tenant != "" {
		most, l.whose = tenantWork, "those of the tenant"
	}
	l.may = max(0, most-c.spent[r.options.Tenant]) / atOnce
	l.whose += fmt.Sprintf(" may go through %d MiB together, and those of a route through an eighth of what is left",
		most>>20)
	return l
}

// add notes what a look at a route has brought.
func (c *checker) add(r *Route, l *look) {
	c.spent[r.options.Tenant] += l.spent
	maps.Copy(c.right, l.right)
	maps.Copy(c.wrong, l.wrong)
	for key, at := range l.placed {
		if _, ok := c.placed[key]; !ok {
			c.placed[key] = at
		}
	}
	for _, f := range l.list {
		c.say(r, f)
	}
	c.leave(r, l.left)
}

// enough tells whether no more samples of a branch are tried, and why, where that is not said
// already.
func (l *look) enough(spent, limits int) (why string, enough bool) {
	switch {
	case limits >= maxPassed: // which is a mistake of its own
		return "", true
	case spent >= branchWork:
		return fmt.Sprintf("those of the branch go through more than %d MiB", branchWork>>20), true
	case l.spent >= l.may:
		l.cut = true
		return l.whose, true
	}
	return "", false
}
