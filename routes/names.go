package routes

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars/patterns"
)

// names are looked for in titles as whole words. A title is taken apart, rather than searched for
// each of them: they may be thousands.
type names struct {
	keys    []string       // as written
	id      string         // the same for the same keys
	index   map[string]int // in the order of the keys, by name as calendars.Fold gives it
	folded  []string       // by key
	longest map[string]int // words of the longest name, by the first word of names
	words   int            // of the name with most words, up to maxTitle
	bytes   int            // of the longest name
}

// longestFirst are keys in the order in which they are looked for.
func longestFirst(keys []string) []string {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return keys
}

// namesOf makes keys ready. Of those that fold alike the first counts.
func namesOf(keys []string) *names {
	n := &names{
		keys: keys, id: digest(keys...), index: make(map[string]int, len(keys)), folded: make([]string, len(keys)),
		longest: map[string]int{},
	}
	for i, key := range keys {
		name := patterns.Fold(key)
		n.folded[i] = name
		if _, known := n.index[name]; !known {
			n.index[name] = i
			first, words := name[:wordEnd(name, 0)], min(strings.Count(name, " ")+1, maxTitle)
			n.longest[first] = max(n.longest[first], words)
			n.words, n.bytes = max(n.words, words), max(n.bytes, len(name))
		}
	}
	return n
}

// maxTitle is how many words of a title are looked at.
const maxTitle = 128

const (
	// lookedUp is what looking up a text takes besides its bytes, in steps of patterns.
	lookedUp = 64
	// foldedByte is what folding a byte of a title takes, in steps of patterns.
	foldedByte = 8
)

// cost is about how many steps of patterns a byte of a title takes at worst: words of two letters
// and a blank begin at every third, from which texts of up to as many words as the longest name are
// looked up.
func (n *names) cost() int { return n.words * (lookedUp + n.bytes/2) / 3 }

// find gives the first of the keys whose name stands in a folded title; -1 if there is none. What that
// takes is taken off left, in steps of patterns; nil: it is not counted.
func (n *names) find(title string, left *int) int {
	best, steps := -1, 0
	for rest, begins := title, 0; begins < maxTitle; begins++ {
		next := wordEnd(rest, 0)
		words := n.longest[rest[:next]]
		steps += lookedUp + next
		for end := next; words > 0; words-- {
			steps += lookedUp + end
			if i, ok := n.index[rest[:end]]; ok && (best < 0 || i < best) {
				best = i
			}
			if end == len(rest) {
				break
			}
			end = wordEnd(rest, end+1)
		}
		if next == len(rest) {
			break
		}
		rest = rest[next+1:]
	}
	if left != nil {
		*left -= steps
	}
	return best
}

// findAll gives the keys whose names stand in a folded title, each once and in its order; where one
// begins, the longest.
func (n *names) findAll(title string) (keys []string) {
	for rest, begins := title, 0; rest != "" && begins < maxTitle; begins++ {
		best, after := -1, wordEnd(rest, 0) // the longest key that begins here, and where it or the word ends
		words := n.longest[rest[:after]]
		for end := after; words > 0; words-- {
			if i, ok := n.index[rest[:end]]; ok {
				best, after = i, end
			}
			if end == len(rest) {
				break
			}
			end = wordEnd(rest, end+1)
		}
		if best >= 0 && !slices.Contains(keys, n.keys[best]) {
			keys = append(keys, n.keys[best])
		}
		rest = rest[min(after+1, len(rest)):]
	}
	return keys
}

// wordEnd is where a word of a folded text ends that begins at a place.
func wordEnd(text string, from int) int {
	if i := strings.IndexByte(text[from:], ' '); i >= 0 {
		return from + i
	}
	return len(text)
}
