package console

import (
	"net/http"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
)

// perPage is how many routes stand on a page.
const perPage = 48

type nowPage struct {
	list
	Cards     []card
	Truncated string
	Zone      string // of all routes on the page, in words; "" where they differ
	Unmatched int    // calls that found no route, of those that are remembered
}

// problemsOnCard is how many problems a card shows; the route's page has the others.
const problemsOnCard = 2

// card is a route on the page.
type card struct {
	preview.RouteStatus
	Day      picture // today
	Severity string  // of the most severe problem; ""
	Shown    []preview.Problem
	Hidden   int // problems that the card does not show
}

func newCard(l *languages.Language, s preview.RouteStatus) card {
	c := card{RouteStatus: s, Day: dayPicture(l, s)}
	c.Shown = s.Problems[:min(len(s.Problems), problemsOnCard)]
	c.Hidden = len(s.Problems) - len(c.Shown) + s.More
	if len(c.Shown) > 0 {
		c.Severity = c.Shown[0].Severity
	}
	return c
}

// commonZone is the zone of all routes, in words; "" where they have several.
func commonZone(routes []preview.RouteStatus) string {
	for _, s := range routes {
		if s.Timezone != routes[0].Timezone {
			return ""
		}
	}
	if len(routes) == 0 {
		return ""
	}
	return formatZone(routes[0].At)
}

func (c *Console) now(w http.ResponseWriter, r *http.Request) {
	p, ok := c.requirePreview(w, r)
	if !ok {
		return
	}
	m := nowPage{list: newList(r, "state")}
	found, err := p.Routes(r.Context(), c.options.Now(), preview.Filter{Text: m.Text, State: m.Pick},
		(m.page-1)*perPage,
		perPage)
	if err != nil {
		c.showBusy(w, err)
		return
	}
	m.Truncated = found.Truncated
	for _, s := range found.Routes {
		m.Cards = append(m.Cards, newCard(c.language(r), s))
	}
	m.Zone = commonZone(found.Routes)
	m.Unmatched = c.options.UnmatchedCount()
	m.setChips([]string{"open", "closed", "other", "unknown"}, found.States)
	m.paginate(found.Total, perPage)
	c.show(w, r, http.StatusOK, "now", page{Title: c.language(r).Text("Now"), Here: "now", Main: m})
}
