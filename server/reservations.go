package server

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/callhours/callhours/config"
)

// acceptance tells apart what accepted copies are of: the files, and what is kept for tenants that
// do not claim it.
func (g *Generation) acceptance() string { return fmt.Sprint(g.name, g.file.Inputs.Reservations()) }

// logHeld says which tenants are gone or claim less than before without anybody's doing.
func (s *Server) logHeld(g, former *Generation) {
	var before []config.Reservation
	if former != nil {
		before = former.file.Inputs.Reservations()
	}
	said := map[config.Reservation]bool{}
	for _, h := range g.file.Inputs.Reservations() {
		known := slices.ContainsFunc(before, func(b config.Reservation) bool {
			return b.Owner == h.Owner && b.Tenant == h.Tenant
		})
		if h.Account, h.Since = "", h.Since.UTC(); known || said[config.Reservation{Owner: h.Owner, Tenant: h.Tenant}] {
			continue
		}
		said[config.Reservation{Owner: h.Owner, Tenant: h.Tenant}] = true
		s.options.Log.Warn(
			"a tenant no longer claims its name or an account; they are kept for it; reload by hand (SIGHUP or POST /-/reload) if that is meant",
			slog.String("tenant", h.Tenant), slog.String("files", h.Owner),
			slog.Time("until", h.Since.Add(config.ReservationPeriod)))
	}
}
