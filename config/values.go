package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/regex"
)

const day = 24 * time.Hour

// durationRange says which durations a key takes, and which it has when it is not given.
type durationRange struct{ min, max, def time.Duration }

// duration gives a length of time in Go's notation, with d (24 hours) and w (7 days) besides.
func (f fields) duration(key string, s durationRange) time.Duration {
	t := f.text(key)
	if t.Line == 0 {
		return s.def
	}
	d, ok := parseDuration(t.S)
	switch {
	case !ok:
		f.mistake(t.Pos, "expected %s to be a duration such as 15m, 720h or 60d, found %s", key, quote(t.S))
	case d < s.min:
		f.mistake(t.Pos, "%s is at least %s, found %s", key, formatDuration(s.min), quote(t.S))
	case d > s.max:
		f.mistake(t.Pos, "%s is at most %s, found %s", key, formatDuration(s.max), quote(t.S))
	default:
		return d
	}
	return s.def
}

var durationPart = regexp.MustCompile(`^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)`)

// parseDuration reads numbers with units; the whole must fit a time.Duration.
func parseDuration(s string) (time.Duration, bool) {
	var total time.Duration
	for rest := s; rest != "" || s == ""; {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, false
		}
		times, unit := time.Duration(1), part[2]
		switch unit {
		case "d":
			times, unit = 24, "h"
		case "w":
			times, unit = 7*24, "h"
		}
		d, err := time.ParseDuration(part[1] + unit)
		if err != nil || d > (1<<63-1-total)/times {
			return 0, false
		}
		total += d * times
		rest = rest[len(part[0]):]
	}
	return total, true
}

// formatDuration formats a duration briefly: 60d, 1m.
func formatDuration(d time.Duration) string {
	if d >= day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var clockTime = regexp.MustCompile(`^([01]?\d|2[0-3]):([0-5]\d)$`)

// timeOfDay gives the time from midnight to an hour of the day, HH:MM.
func (f fields) timeOfDay(key string, def time.Duration) time.Duration {
	t := f.text(key)
	if t.Line == 0 {
		return def
	}
	m := clockTime.FindStringSubmatch(t.S)
	if m == nil {
		f.mistake(t.Pos, "expected %s to be an hour before 24:00 such as 05:00, found %s", key, quote(t.S))
		return def
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
}

// zone returns the name of a known time zone.
func (f fields) zone(key string) Text {
	t := f.nonBlank(key)
	if t.Line == 0 {
		return t
	}
	wrong, looked := f.zoneErrors[t.S]
	if !looked {
		wrong = f.checkZone(t.S)
		f.zoneErrors[t.S] = wrong
	}
	if wrong != nil {
		f.mistake(t.Pos, "%s", wrong)
	}
	return t
}

// checkKnownZone reports a time zone that the Go library does not know.
func checkKnownZone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return fmt.Errorf("time zone %s is not known", quote(name))
	}
	return nil
}

// address gives host:port to listen on.
func (f fields) address(key, def string) Text {
	t := f.text(key)
	if t.Line == 0 {
		return Text{S: def}
	}
	f.checkAddress(t, key)
	return t
}

func (f fields) checkAddress(t Text, key string) {
	_, port, err := net.SplitHostPort(t.S)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		f.mistake(t.Pos, `expected %s as host:port such as "127.0.0.1:8080" or ":8080", found %s`, key, quote(t.S))
	}
}

// addresses gives one or more host:port to listen on.
func (f fields) addresses(key, def string) []Text {
	texts := f.texts(key)
	if len(texts) == 0 {
		return []Text{{S: def}}
	}
	for _, t := range texts {
		f.checkAddress(t, key)
	}
	if len(texts) > maxListeners {
		f.mistake(texts[maxListeners].Pos, "%s has more than %d addresses; remove some", key, maxListeners)
		return texts[:maxListeners]
	}
	return texts
}

// maxListeners is how many addresses the Pivot listener may have: one for each kind of route is enough.
const maxListeners = 8

// networks gives ranges of addresses; a bare address is a range of one.
func (f fields) networks(key string) []netip.Prefix {
	var ranges []netip.Prefix
	for _, t := range f.texts(key) {
		prefix, err := netip.ParsePrefix(t.S)
		if addr, bare := netip.ParseAddr(t.S); bare == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			f.mistake(t.Pos, "expected %s to be addresses or ranges such as 198.51.100.0/24, found %s", key, quote(t.S))
		case prefix.Masked() != prefix:
			f.mistake(t.Pos, "range %q has bits beyond its length; did you mean %q?", t.S, prefix.Masked())
		default:
			ranges = append(ranges, prefix)
		}
	}
	return ranges
}

var pathSegment = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// urlPath gives the path of an HTTP request, without doubled and trailing slashes.
func (f fields) urlPath(key string) Text {
	t := f.text(key)
	if t.Line == 0 {
		return t
	}
	if !strings.HasPrefix(t.S, "/") {
		f.mistake(t.Pos, `expected %s with a leading "/", found %s`, key, quote(t.S))
		return t
	}
	var segments []string
	for s := range strings.SplitSeq(t.S, "/") {
		switch {
		case s == "":
			continue
		case s == "." || s == "..":
			f.mistake(t.Pos, "%s %s has a segment %q, which clients resolve away", key, quote(t.S), s)
			return t
		case !pathSegment.MatchString(s):
			f.mistake(t.Pos, `expected %s of letters, digits and "._~-" between slashes, found %s`, key, quote(t.S))
			return t
		}
		segments = append(segments, s)
	}
	if len(segments) > 0 && segments[0] == "-" {
		f.mistake(t.Pos, `%s %s is taken: all under "/-/" is callhours' own`, key, quote(t.S))
	}
	return Text{Pos: t.Pos, S: "/" + strings.Join(segments, "/")}
}

// patterns returns text patterns, whose regular expressions must compile. Their owner checks the
// rest of their syntax.
func (f fields) patterns(key string) []Text {
	n := f.get(key)
	if n == nil {
		return nil
	}
	return f.patternTexts(n, key)
}

func (s *source) patternTexts(n *node, key string) []Text {
	texts := s.scalars(n, key)
	for _, t := range texts {
		expr, slash := strings.CutPrefix(strings.TrimPrefix(t.S, "!"), "/")
		expr, ends := strings.CutSuffix(expr, "/")
		if !slash || !ends {
			continue
		}
		if s.tenant != nil && s.regexSteps > maxRegexSteps {
			return nil // said, and compiling more takes the time of others
		}
		re, err := regex.Compile(expr)
		if s.regexSteps += regex.MaxSize; err == nil {
			s.regexSteps += re.Cost - regex.MaxSize
		}
		if s.exceeds(s.regexSteps, maxRegexSteps, t.Pos, "steps in the programs of all its regular expressions",
			"write patterns with * instead, or fewer and shorter ones") {
			return nil
		}
		if err != nil {
			why := "it is not a regular expression"
			if detail, ok := errors.AsType[*syntax.Error](err); ok {
				why = detail.Code.String()
			} else if errors.Is(err, regex.ErrTooLarge) {
				why = err.Error()
			}
			s.mistake(t.Pos, "pattern %s: %s", quote(t.S), why)
		}
	}
	return texts
}

// maxName is how many characters a name may have, since metrics, paths and pages repeat it.
const maxName = 200

var nameGrammar = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// checkName checks the name of something: one grammar for all of them. what is its noun.
func (s *source) checkName(t Text, what string) bool {
	if len(t.S) > maxName {
		s.mistake(t.Pos, "the name of %s has more than %d characters; shorten it", what, maxName)
		return false
	}
	if nameGrammar.MatchString(t.S) {
		return true
	}
	s.mistake(t.Pos, "expected the name of %s in lower-case letters, digits and dashes, found %s", what, quote(t.S))
	return false
}
