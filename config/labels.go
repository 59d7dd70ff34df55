package config

import (
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"
)

// Every route's series of callhours_route_info has every label of any tenant, so that one tenant's
// labels cost all.
const (
	maxLabels     = 8   // of one tenant
	maxLabelNames = 32  // that are exported
	maxLabelText  = 128 // characters of a name or a value
)

// labels reads the labels of a tenant's routes.
func (f fields) labels() map[string]string {
	labels := map[string]string{}
	entries := f.entries(f.get("labels"), "labels")
	if len(entries) > maxLabels {
		f.mistake(entries[maxLabels].key.Pos, "a tenant has at most %d labels, found %d", maxLabels, len(entries))
		entries = entries[:maxLabels]
	}
	for _, e := range entries {
		label := f.scalar(e.value, "a label")
		switch {
		case e.key.S == "":
			f.mistake(e.key.Pos, "a label has no name")
		case utf8.RuneCountInString(e.key.S) > maxLabelText || utf8.RuneCountInString(label.S) > maxLabelText:
			f.mistake(e.key.Pos, "a label has at most %d characters, in its name and in its value", maxLabelText)
		default:
			labels[e.key.S] = label.S
		}
	}
	return labels
}

// LabelNames are the names of tenants' labels that are exported: those that the most tenants have,
// 32 at most, so that a tenant's own cannot take the place of what others share.
func (f *File) LabelNames() []string {
	tenants := map[string]int{}
	for _, t := range f.Tenants {
		for name := range t.Labels {
			tenants[name]++
		}
	}
	names := slices.SortedFunc(maps.Keys(tenants), func(a, b string) int {
		return cmp.Or(cmp.Compare(tenants[b], tenants[a]), cmp.Compare(a, b))
	})
	return names[:min(len(names), maxLabelNames)]
}
