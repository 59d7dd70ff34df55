package config

import (
	"slices"
	"time"
)

// Bounds of an upstream's timeout. Kazoo waits for five seconds at most, connecting included.
const (
	shortestUpstream = 50 * time.Millisecond
	usualUpstream    = 2 * time.Second
	longestAnswer    = 4 * time.Second // timeout and answer_within together
)

// maxAuthorities is how many bytes a ca_file of an upstream may have: some ten times a usual one with
// a private authority. Each upstream is compared by what it holds.
const maxAuthorities = 64 << 10

// upstream reads another Pivot server; nil when the key is not given.
func (f fields) upstream(key string) *Upstream {
	n := f.get(key)
	if n == nil {
		return nil
	}
	m := f.fields(n, inUpstream)
	u := &Upstream{
		Pos: n.Pos, URL: m.secret("url"),
		Timeout: m.duration("timeout", durationRange{shortestUpstream, longestAnswer, usualUpstream}),
		Basic:   m.basic(), Bearer: m.secret("bearer"), Headers: m.headers(),
		CAFile:      f.resolveAllowed(m.nonBlank("ca_file"), "ca_file"),
		Lenient:     m.oneOf("verify", "strict", "warn") == "warn",
		DenyPrivate: f.denyPrivate(),
	}
	if m.allKnown && m.get("url") == nil {
		f.mistake(n.Pos, "upstream has no url")
	}
	f.plainSecret(m.get("bearer"), "a token")
	if given := m.given("basic", "bearer"); len(given) == 2 {
		f.mistake(m.get("bearer").Pos, "upstream has basic and bearer, which are one header; keep one")
	}
	if both := u.Timeout + f.file.AnswerWithin; both > longestAnswer {
		at := n.Pos
		if t := m.get("timeout"); t != nil {
			at = t.Pos
		}
		f.mistake(at,
			"timeout (%s) and answer_within (%s) are %s together; the limit is %s, since Kazoo waits 5 s; shorten one of them",
			formatDuration(u.Timeout), formatDuration(f.file.AnswerWithin), formatDuration(both),
			formatDuration(longestAnswer))
	}
	if u.CAFile != "" {
		f.readAuthorities(u, Text{Pos: m.get("ca_file").Pos, S: u.CAFile})
	}
	return u
}

// readAuthorities reads the CA file of an upstream. It is an input of the configuration, so that a
// renewed one is loaded as any other change.
func (s *source) readAuthorities(u *Upstream, file Text) {
	input, ok := s.read(file)
	switch {
	case !ok:
	case len(input.Bytes) > maxAuthorities:
		s.mistake(file.Pos, "ca_file %s has %d bytes; the limit is %d; write only the server's authorities into it",
			quote(file.S), len(input.Bytes), maxAuthorities)
	default:
		u.CA = slices.Clip(input.Bytes)
	}
}
