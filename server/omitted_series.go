package server

import (
	"fmt"
	"log/slog"

	"github.com/callhours/callhours/metrics"
)

// unseenSaid is of how many tenants a line says what has no series.
const unseenSaid = 20

// logUnseen says what /metrics has no room for: their calls are answered, and nobody is alerted by
// them.
func (s *Server) logUnseen(unseen []metrics.Omitted) {
	if len(unseen) == 0 {
		return
	}
	var list []string
	for _, u := range unseen[:min(len(unseen), unseenSaid)] {
		list = append(list, fmt.Sprintf("%s: %d routes, %d calendars", u.Tenant, u.Routes, u.Calendars))
	}
	if more := len(unseen) - len(list); more > 0 {
		list = append(list, fmt.Sprintf("%d more tenants", more))
	}
	s.options.Log.Warn(
		"some tenants' routes or calendars have no series of their own in /metrics, and alerts do not see "+
			"them; let these tenants have fewer of them, or shorter names of routes, branches and calendars",
		slog.Any("tenants", list))
}
