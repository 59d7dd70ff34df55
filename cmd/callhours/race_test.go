//go:build race

package main

// raceEnabled says that the race detector is at work, which costs several times as much time and
// memory.
const raceEnabled = true
