package routes

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Missing says in a sentence why [Table.Match] found no route for a call on a path, and which path
// may have been meant. It is for the people who operate the server: it names paths, and never a
// token. Dialed is the number that was dialed; "" where it may not be shown.
func (t *Table) Missing(path string, why MissReason, dialed string) string {
	switch why {
	case NoPath:
		message, _ := t.MissingPath(path)
		return message
	case OtherAccount:
		return "no route at this path is for the call's account"
	case NoNumber:
		return "the call names no dialed number, and the routes at this path go by number"
	case NumberNotListed:
		message, _ := t.MissingNumber(path, dialed)
		return message
	}
	return string(why)
}

// MissingNumber is the sentence of [Table.Missing] about a number that no route of a path lists, and the
// number that was probably meant, as it is written there; "" if none is near.
func (t *Table) MissingNumber(path, dialed string) (message, near string) {
	message = "no route at this path lists the dialed number"
	p := t.paths[path]
	if dialed == "" || p == nil {
		return message, ""
	}
	message += " " + strconv.Quote(dialed)
	if near = p.nearNumber(dialed); near != "" {
		message += "; did you mean " + strconv.Quote(near) + "?"
	}
	return message, near
}

// MissingPath is the sentence of [Table.Missing] about a path that no route has, and the path that was
// probably meant; "" if none is near, or comparing it with all would take too long.
func (t *Table) MissingPath(path string) (message, near string) {
	shown := t.ShownPath(path)
	message = "no route has the path " + strconv.Quote(shown)
	if len(t.sorted) > maxCompared || len(shown)*t.pathBytes > maxComparedBytes {
		return message, ""
	}
	if near = diag.Nearest(shown, t.sorted); near != "" {
		return message + diag.DidYouMean(shown, []string{near}), near
	}
	return message + diag.Suggest(shown, t.sorted), ""
}

// Up to which a path or number that no route has is compared with those that routes have: anybody
// can ask for one.
const (
	maxCompared      = 200     // paths, or numbers
	maxComparedBytes = 100_000 // bytes of the path times those of all paths, which takes half a millisecond
)

// Lists reports whether a route answers a dialed number by name, whosever account the call is for. A
// route that asks for no number lists none.
func (r *Route) Lists(dialed string) bool { return r.spellings.has(dialed) }

// nearNumber is the number that was probably meant by one that no route lists, with one slip of the
// keys or without its country; "" if none is near.
func (p *place) nearNumber(dialed string) string {
	const local = 7 // digits that two numbers have in common where one lacks its country or area
	if len(p.listed.exact) > maxCompared {
		return ""
	}
	var buf [longest]byte
	key := string(normal(buf[:0], dialed))
	digits := strings.TrimLeft(key, "+0")
	for _, spelling := range slices.Sorted(maps.Keys(p.listed.exact)) {
		bare := strings.TrimLeft(spelling, "+0")
		alike := len(bare) >= local && len(digits) >= local &&
			(strings.HasSuffix(bare, digits) || strings.HasSuffix(digits, bare))
		if alike || len(spelling) > 3 && isOneSlip(key, spelling) {
			return p.listed.exact[spelling].S
		}
	}
	return ""
}

// isOneSlip reports whether one insertion, deletion, replacement or swap of neighbours makes one text
// of the other. Only where they begin to differ and cease to is compared, so that it takes no longer
// than to read both.
func isOneSlip(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	const swapped = 2
	return len(a) <= swapped && len(b) <= swapped && diag.Distance(a, b) == 1
}

// longSegment is the length, in bytes, from which on a segment of an unknown path may be a token.
const longSegment = 16

// ShownPath is a path as it may be shown: what leads a known path, and a long segment that no
// route's path has, may be a mistyped token, and is "…".
func (t *Table) ShownPath(path string) string {
	const most = 128
	if t.paths[path] != nil {
		return path
	}
	if first, rest, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok && first != "" &&
		t.paths["/"+rest] != nil {
		return "/…/" + rest
	}
	segments := strings.Split(path[:min(len(path), most)], "/")
	for i, segment := range segments {
		if len(segment) >= longSegment && !t.long[segment] {
			segments[i] = "…"
		}
	}
	if len(path) > most {
		segments[len(segments)-1] = "…"
	}
	return strings.ToValidUTF8(strings.Join(segments, "/"), "\ufffd")
}
