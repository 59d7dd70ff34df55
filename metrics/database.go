package metrics

import "github.com/prometheus/client_golang/prometheus"

// DatabaseResult is how a transaction in the database ended.
type DatabaseResult string

// The results.
const (
	DatabaseOK      DatabaseResult = "ok"
	DatabaseError   DatabaseResult = "error"   // it failed, or the database is not open
	DatabaseTimeout DatabaseResult = "timeout" // there was no answer in time
)

// database are the metrics of the database. Their series begin when there is one.
type database struct {
	up      *prometheus.GaugeVec
	queries *prometheus.CounterVec
}

// SetDatabaseUp sets whether the database can be used.
func (m *Metrics) SetDatabaseUp(yes bool) {
	if m == nil {
		return
	}
	m.database.up.WithLabelValues().Set(boolValue(yes))
	for _, result := range []DatabaseResult{DatabaseOK, DatabaseError, DatabaseTimeout} {
		m.database.queries.WithLabelValues(string(result)) // from 0
	}
}

// IncDatabaseQueries counts a transaction by its result.
func (m *Metrics) IncDatabaseQueries(result DatabaseResult) {
	if m != nil {
		m.database.queries.WithLabelValues(string(result)).Inc()
	}
}
