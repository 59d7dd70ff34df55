package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbage is how much a process may allocate between two collections at least. Small installations keep some 10 MB, and at the usual GOGC would
// collect every few hundred calls, each time looking at all that they keep: a twentieth of what calls cost.
const garbage = 32 << 20

// collectLess makes collections of a small heap rarer, unless GOGC says how often they shall come. What a larger heap costs does not change, and
// GOMEMLIMIT goes on to hold. It is adjusted after each collection, so that a heap that grows is not taken for a small one.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		(&collected{percent: 100}).next()
	}
}

// collected is found unused by the next collection.
type collected struct {
	percent int // as it was set last
	live    [1]metrics.Sample
}

func (c *collected) next() {
	c.live[0].Name = "/gc/heap/live:bytes"
	metrics.Read(c.live[:])
	percent := 100
	if live := int(c.live[0].Value.Uint64()); live > 0 {
		percent = max(100, garbage/(live/100+1))
	}
	if d := percent - c.percent; d > percent/10 || -d > percent/10 { // to set it stops everybody for a moment
		debug.SetGCPercent(percent)
		c.percent = percent
	}
	runtime.SetFinalizer(c, (*collected).next)
}
