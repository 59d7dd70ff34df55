package console

import (
	"net/http"

	"github.com/callhours/callhours/preview"
)

// perPage is how many routes stand on a page.
const perPage = 48

type nowPage struct {
	list
	Cards     []card
	Truncated string
}

// card is a route on the page.
type card struct {
	preview.RouteStatus
	Day picture // today
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
		m.Cards = append(m.Cards, card{s, dayPicture(s)})
	}
	m.setChips([]string{"open", "closed", "other", "unknown"}, found.States)
	m.paginate(found.Total, perPage)
	c.show(r.Context(), w, http.StatusOK, "now", page{Title: "Now", Here: "now", Main: m})
}
