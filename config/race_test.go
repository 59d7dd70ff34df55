//go:build race

package config

// underRace is set where the race detector makes everything ten times as slow: what measures is then for the other run.
const underRace = true
