package render

import (
	"fmt"
	"maps"
	"slices"

	"github.com/callhours/callhours/templates"
)

// proof is everything that sample calls can show of a branch, as a text: branches of the same proof
// write the same for the same samples. Thousands of routes of one plan differ in what few of their
// branches read, and what is right for one of them need not be tried for the others.
func (r *Route) proof(index int) string {
	b := &r.branches[index]
	event, match := r.comesWith(index)
	p := fmt.Appendf(nil, "%p %q %q %d %q %q %t %t", b.template, r.Zone, r.options.Language, r.options.Within,
		r.options.Cluster.Version, r.options.Cluster.Modules, event, match)
	if b.reads.names {
		p = fmt.Appendf(p, " names %q %q %q %q", r.options.Tenant, r.Name, b.name, b.state)
	}
	if b.reads.next {
		p = fmt.Appendf(p, " next %s", r.outcomes)
	}
	found := r.Names(index)
	for _, field := range slices.Sorted(maps.Keys(found)) {
		p = fmt.Appendf(p, " finds %q", field)
		if keys := found[field]; len(keys) > 0 { // routes that were made together have the same list of the same keys
			p = fmt.Appendf(p, " %p %d", &keys[0], len(keys))
		}
	}
	return string(fmt.Appendf(p, " data %s", b.told))
}

// appendValue appends a value of data so that no other looks the same. A template is known by where
// it is: the library has each text once.
func appendValue(p []byte, value any) []byte {
	switch value := value.(type) {
	case *templates.Template:
		return fmt.Appendf(p, "%p", value)
	case map[string]any:
		p = append(p, '{')
		for _, name := range slices.Sorted(maps.Keys(value)) {
			p = append(appendValue(fmt.Appendf(p, "%q:", name), value[name]), ',')
		}
		return append(p, '}')
	case []any:
		p = append(p, '[')
		for _, v := range value {
			p = append(appendValue(p, v), ',')
		}
		return append(p, ']')
	}
	return fmt.Appendf(p, "%#v", value)
}
