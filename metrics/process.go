package metrics

import "time"

// Panicked counts a panic that was contained.
func (m *Metrics) Panicked(place PanicPlace) {
	if m == nil {
		return
	}
	if c := m.byPlace[place]; c != nil {
		c.Inc()
	}
}

// LogLineDropped counts a log line that found the log's queue full.
func (m *Metrics) LogLineDropped() {
	if m != nil {
		m.logDropped.Inc()
	}
}

// StateWriteFailed counts a write to the state directory that did not succeed.
func (m *Metrics) StateWriteFailed() {
	if m != nil {
		m.stateFailed.Inc()
	}
}

// FileReadsHung sets how many reads of files were given up and wait still.
func (m *Metrics) FileReadsHung(n int) {
	if m != nil {
		m.filesHung.Set(float64(n))
	}
}

// StateReadOnly says whether another process writes the state directory.
func (m *Metrics) StateReadOnly(yes bool) {
	if m != nil {
		m.stateReadOnly.Set(boolValue(yes))
	}
}

// Reloaded says that a configuration went live at a moment, at start or later.
func (m *Metrics) Reloaded(at time.Time) {
	if m != nil {
		m.reloadOK.Set(1)
		m.reloadTime.Set(unixSeconds(at))
	}
}

// ReloadRefused says that the present files were refused and the former configuration answers.
func (m *Metrics) ReloadRefused() {
	if m != nil {
		m.reloadOK.Set(0)
	}
}

// TenantRefused says that a tenant's present files were refused and its
// last accepted version answers.
func (m *Metrics) TenantRefused(name string) { m.tenant(name, 1) }

// TenantAccepted says that a tenant's present files are live.
func (m *Metrics) TenantAccepted(name string) { m.tenant(name, 0) }

func (m *Metrics) tenant(name string, refused float64) {
	if m == nil {
		return
	}
	if g := m.series.current.Load().tenants[name]; g != nil {
		g.rejected.Set(refused)
	}
}

// TenantShed counts a call that was refused since its tenant's calls take too much. Shed counts it as well.
func (m *Metrics) TenantShed(name string) {
	if m == nil {
		return
	}
	if t := m.series.current.Load().tenants[name]; t != nil {
		t.shed.Inc()
	}
}
