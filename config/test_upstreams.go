package config

import "slices"

// TestUpstream is what the Pivot server of a branch answers while tests run. Either Body or Fails is set.
type TestUpstream struct {
	Branch Text // by its name, in whichever route
	Body   Text
	Type   string // Content-Type of Body
	Fails  string // why it does not answer, as in metrics: "timeout", "status", "refused" or "circuit"
}

// testUpstreams reads what Pivot servers answer.
func (s *testSource) testUpstreams(f fields) []TestUpstream {
	var all []TestUpstream
	for _, e := range s.entries(f.get("upstreams"), "upstreams") {
		m := s.fields(e.value, inTestUpstream)
		u := TestUpstream{Branch: e.key, Body: m.nonBlank("body"), Type: m.nonBlank("type").S, Fails: m.text("fails").S}
		if u.Type == "" {
			u.Type = "application/json"
		}
		if u.Fails != "" {
			m.oneOf("fails", "timeout", "status", "refused", "circuit")
		}
		if m.allKnown && len(m.given("body", "fails")) != 1 {
			s.mistake(e.key.Pos, "upstream %s needs either body or fails", quote(e.key.S))
			continue
		}
		all = append(slices.DeleteFunc(all, func(o TestUpstream) bool { return o.Branch.S == u.Branch.S }), u)
	}
	return all
}
