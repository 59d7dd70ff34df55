package metrics

import "time"

// IncPanics counts a panic that was contained.
func (m *Metrics) IncPanics(place PanicPlace) {
	if m == nil {
		return
	}
	if c := m.byPlace[place]; c != nil {
		c.Inc()
	}
}

// IncLogDropped counts a log line that found the log's queue full.
func (m *Metrics) IncLogDropped() {
	if m != nil {
		m.logDropped.Inc()
	}
}

// IncStateWriteFailed counts a write to the state directory that did not succeed.
func (m *Metrics) IncStateWriteFailed() {
	if m != nil {
		m.stateFailed.Inc()
	}
}

// SetFileReadsHung sets how many reads and writes of files hang.
func (m *Metrics) SetFileReadsHung(n int) {
	if m != nil {
		m.filesHung.Set(float64(n))
	}
}

// SetStateReadOnly sets whether another process writes the state directory.
func (m *Metrics) SetStateReadOnly(yes bool) {
	if m != nil {
		m.stateReadOnly.Set(boolValue(yes))
	}
}

// SetReloaded reports that a configuration went live at a moment, at start or later.
func (m *Metrics) SetReloaded(at time.Time) {
	if m != nil {
		m.reloadOK.Set(1)
		m.reloadTime.Set(unixSeconds(at))
	}
}

// SetReloadRejected reports that the present files were rejected and the former configuration
// answers.
func (m *Metrics) SetReloadRejected() {
	if m != nil {
		m.reloadOK.Set(0)
	}
}

// SetTenantRejected reports that a tenant's present files were rejected and its last accepted
// version answers.
func (m *Metrics) SetTenantRejected(name string) { m.setTenant(name, 1) }

// SetTenantAccepted reports that a tenant's present files are live.
func (m *Metrics) SetTenantAccepted(name string) { m.setTenant(name, 0) }

func (m *Metrics) setTenant(name string, refused float64) {
	if m == nil {
		return
	}
	if g := m.series.current.Load().tenants[name]; g != nil {
		g.rejected.Set(refused)
	}
}

// TenantShed counts a call that was refused since its tenant's calls take too
// much. Shed counts it as well.
func (m *Metrics) TenantShed(name string) {
	if m == nil {
		return
	}
	if t := m.series.current.Load().tenants[name]; t != nil {
		t.shed.Inc()
	}
}
