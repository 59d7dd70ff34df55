//go:build race

package growth

// UnderRace reports that the race detector is there, which makes everything ten times as
// slow and changes what is allocated: what measures, and what runs in one goroutine for
// long, is for the other run.
const UnderRace = true
