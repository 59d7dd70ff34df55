package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/callhours/callhours/preview"
)

// unmatchedPerPage is how many stand on a page.
const unmatchedPerPage = 100

type unmatchedPage struct {
	list
	Calls []unmatchedRow
}

// unmatchedRow is a row of the page.
type unmatchedRow struct {
	preview.UnmatchedCall
	Try string // where such a call can be tried
}

func (c *Console) unmatched(w http.ResponseWriter, r *http.Request) {
	m := unmatchedPage{list: newList(r, "reason")}
	counts := map[string]int{}
	var found []preview.UnmatchedCall
	for _, one := range c.options.Unmatched(r.Context()) {
		if !m.matches(one.Path, one.Account, one.Dialed, one.Caller, one.Reason, one.Message) {
			continue
		}
		counts[one.Reason]++
		if m.Pick == "" || m.Pick == one.Reason {
			found = append(found, one)
		}
	}
	m.setChips(slices.Sorted(maps.Keys(counts)), counts)
	from, to := m.paginate(len(found), unmatchedPerPage)
	for _, one := range found[from:to] {
		q := url.Values{"path": {one.Path}}
		for key, value := range map[string]string{"account": one.Account, "dialed": one.Dialed} {
			if value != "" {
				q.Set(key, value)
			}
		}
		m.Calls = append(m.Calls, unmatchedRow{one, "/try?" + q.Encode()})
	}
	c.show(w, r, http.StatusOK, "unmatched",
		page{Title: c.language(r).Text("Calls without a route"), Here: "now", Main: m})
}
