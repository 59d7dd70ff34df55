package render

import "github.com/callhours/callhours/internal/diag"

// maxWarned bounds the warnings that are kept of the routes of a tenant, and of those without one.
// A file of 800 kB can bring 90,000, and nobody reads more than the first.
const maxWarned = 1000

// shown is a finding, and the sample that shows it. The finding is shared by the branches that show
// it.
type shown struct {
	*Finding
	branch string // "": it is about no branch
	sample string // "": it is about no sample
}

// where says what shows the finding, without the closing bracket.
func (f shown) where(r *Route) string {
	switch {
	case f.branch == "":
		return " (found with sample calls"
	case f.sample == "":
		return " (branch " + f.branch + " of route " + r.Name
	}
	return " (branch " + f.branch + " of route " + r.Name + ", " + f.sample
}

// gathered are findings in order.
type gathered struct {
	list []shown
	left left
}

// left are warnings that are not kept.
type left struct {
	count int
	at    diag.Pos // of the first
	kind  string
}

func (l *left) add(o left) {
	if l.count == 0 {
		l.at, l.kind = o.at, o.kind
	}
	l.count += o.count
}

// gather keeps a finding, unless it is a warning for which the tenant has no room. Those that were
// said before take none.
func (l *look) gather(g *gathered, f shown) {
	if f.Warning && !l.fits(f.Mistake) {
		g.left.add(left{1, f.Pos, f.Kind})
		return
	}
	g.list = append(g.list, f)
}

// gatherAll keeps what was gathered before.
func (l *look) gatherAll(g *gathered, of gathered) {
	for _, f := range of.list {
		l.gather(g, f)
	}
	g.left.add(of.left)
}

func (l *look) fits(m diag.Mistake) bool {
	if _, ok := l.said[m]; ok || l.warned[m] {
		return true
	}
	if l.full() {
		return false
	}
	l.warned[m] = true
	return true
}

// full reports that further warnings are not kept.
func (l *look) full() bool { return len(l.warned) >= l.room }

// say adds what a look has found to the findings.
func (c *checker) say(r *Route, f shown) {
	if i, ok := c.said[f.Mistake]; ok {
		c.more[i]++
		if all := &c.findings[i].Routes; (*all)[len(*all)-1] != r {
			*all = append(*all, r)
		}
		c.findings[i].Warning = c.findings[i].Warning && f.Warning
		return
	}
	if f.Warning {
		if c.warned[r.options.Tenant] >= maxWarned { // others that were looked at with it took the room
			c.leave(r, left{1, f.Pos, f.Kind})
			return
		}
		c.warned[r.options.Tenant]++
	}
	c.said[f.Mistake] = len(c.findings)
	one := *f.Finding
	one.Routes = []*Route{r}
	c.findings, c.where, c.more = append(c.findings, one), append(c.where, f.where(r)), append(c.more, 0)
}

// leave counts warnings that are not said.
func (c *checker) leave(r *Route, more left) {
	if more.count == 0 {
		return
	}
	of := c.left[r.options.Tenant]
	if of == nil {
		of = &left{}
		c.left[r.options.Tenant], c.leaving = of, append(c.leaving, of)
	}
	of.add(more)
}

// leftOut says how many warnings are not said, of each tenant of which some are not.
func (c *checker) leftOut() {
	for _, l := range c.leaving {
		c.findings = append(c.findings, Finding{
			Mistake: diag.Mistakef(l.at,
				"%d more warnings about templates and their outputs are left out, from here on; correct the others first",
				l.count),
			Warning: true, Kind: l.kind,
		})
	}
}
