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
		shown, hint := t.ShownPath(path), ""
		if len(t.paths) <= maxCompared {
			hint = diag.Suggest(shown, slices.Sorted(maps.Keys(t.paths)))
		}
		return "no route has the path " + strconv.Quote(shown) + hint
	case OtherAccount:
		return "no route at this path is for the call's account"
	case NoNumber:
		return "the call names no dialed number, and the routes at this path go by number"
	case NumberNotListed:
		if p := t.paths[path]; dialed != "" && p != nil {
			return "no route at this path lists the dialed number " + strconv.Quote(dialed) + p.nearNumber(dialed)
		}
		return "no route at this path lists the dialed number"
	}
	return string(why)
}

// NearPath is the path that was probably meant by one that no route has; "" if none is near, or
// there are too many to look through.
func (t *Table) NearPath(path string) string {
	if t.paths[path] != nil || len(t.paths) > maxCompared {
		return ""
	}
	return diag.Nearest(t.ShownPath(path), slices.Sorted(maps.Keys(t.paths)))
}

// maxCompared is up to how many paths one that no route has is compared with: anybody can ask for
// such a path.
const maxCompared = 200

// nearNumber ends a message about a number that no route lists: the one that was probably meant,
// with one slip of the keys or without its country, or nothing.
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
		if alike || len(spelling) > 3 && diag.Distance(key, spelling) == 1 {
			return "; did you mean " + strconv.Quote(p.listed.exact[spelling].S) + "?"
		}
	}
	return ""
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
