package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/callhours/callhours/preview"
)

// findingsPerPage is how many stand on a page.
const findingsPerPage = 100

type findingsPage struct {
	list
	Found   []preview.Finding
	Pending int // routes and calendars that are yet to be looked at
}

func (c *Console) findings(w http.ResponseWriter, r *http.Request) {
	m := findingsPage{list: newList(r, "severity")}
	all, pending := c.options.Findings()
	m.Pending = pending
	counts := map[string]int{}
	for _, f := range all {
		if !m.matches(f.Pos.String(), f.Kind, f.Route, f.Calendar, f.Branch, f.Message) {
			continue
		}
		counts[f.Severity]++
		if m.Pick == "" || m.Pick == f.Severity {
			m.Found = append(m.Found, f)
		}
	}
	// Errors first; within those the order of places stays.
	slices.SortStableFunc(m.Found, func(a, b preview.Finding) int { return strings.Compare(a.Severity, b.Severity) })
	m.setChips([]string{preview.Error, preview.Warning}, counts)
	from, to := m.paginate(len(m.Found), findingsPerPage)
	m.Found = m.Found[from:to]
	c.show(w, r, http.StatusOK, "findings", page{Title: c.language(r).Text("Findings"), Here: "findings", Main: m})
}
