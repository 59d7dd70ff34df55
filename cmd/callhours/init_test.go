package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/callhours/callhours/calendars/zones"
)

// TestUnitedStates compares the zones with those that the system's zone data has for the country.
func TestUnitedStates(t *testing.T) {
	t.Parallel()
	for name := range strings.FieldsSeq(unitedStates) {
		if err := zones.Check(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"America/Toronto", "America/Puerto_Rico", "Europe/London", "UTC", ""} {
		if inUnitedStates(name) {
			t.Errorf("%q is in the United States", name)
		}
	}
	table, err := os.ReadFile("/usr/share/zoneinfo/zone1970.tab")
	if err != nil {
		t.Skipf("the system has no table of zones: %v", err)
	}
	found := 0
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || !slices.Contains(strings.Split(fields[0], ","), "US") {
			continue
		}
		found++
		if !inUnitedStates(fields[2]) {
			t.Errorf("%s is missing", fields[2])
		}
	}
	if found == 0 {
		t.Error("no zone of the United States in the system's table")
	}
}
