package server

import (
	"net/http"

	"github.com/callhours/callhours/console"
	"github.com/callhours/callhours/server/listen"
)

// The paths of the API.
const (
	explainPath   = "/api/v1/explain"
	hoursPath     = "/api/v1/hours"
	routesPath    = "/api/v1/routes"
	decisionsPath = "/api/v1/decisions"
	eventsPath    = "/api/v1/events"
	openapiPath   = "/api/v1/openapi.json"
	findingsPath  = "/api/v1/findings"
	unmatchedPath = "/api/v1/unmatched"
	// feedsPath is where the feeds are listed; each can be refreshed below it, by the name of a
	// calendar.
	feedsPath = "/api/v1/feeds"
)

// endpoint is a path of the API that is read.
type endpoint struct {
	path  string
	waits bool // 503 until calls are answered
	turns bool // it is worked out when its turn comes
	serve http.HandlerFunc
}

// endpoints are all that is read. What is done stands beside: feedsPath/CALENDAR/refresh and
// reloadPath.
func (a *admin) endpoints() []endpoint {
	return []endpoint{
		{explainPath, true, true, a.api.explain},
		{hoursPath, true, true, a.api.hours},
		{routesPath, true, true, a.api.routes},
		{decisionsPath, true, true, a.api.listDecisions},
		{findingsPath, false, true, a.serveFindings},
		{unmatchedPath, true, true, a.serveUnmatched},
		{statusPath, false, true, a.serveStatus},
		{feedsPath, false, true, a.serveFeeds},
		{eventsPath, false, false, a.console.Events},
		{openapiPath, false, false, console.OpenAPI},
	}
}

// endpoint gives the handler of a path of the API; nil for others.
func (a *admin) endpoint(path string) http.HandlerFunc {
	for _, e := range a.endpoints() {
		switch {
		case e.path != path:
		case e.waits && a.live.Load() == nil:
			return func(w http.ResponseWriter, r *http.Request) {
				listen.WriteError(w, r, http.StatusServiceUnavailable, "starting")
			}
		case e.turns:
			return func(w http.ResponseWriter, r *http.Request) { a.serveInTurn(w, r, e.serve) }
		default:
			return e.serve
		}
	}
	return nil
}
