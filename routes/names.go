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
	longest int            // words of the longest
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
	}
	for i, key := range keys {
		name := patterns.Fold(key)
		n.folded[i] = name
		if _, known := n.index[name]; !known {
			n.index[name] = i
			n.longest = max(n.longest, strings.Count(name, " ")+1)
		}
	}
	return n
}

// maxTitle is how many words of a title are looked at.
const maxTitle = 128

// find gives the first of the keys whose name stands in a folded title; -1 if there is none.
func (n *names) find(title string) int {
	best := -1
	begins, words := 0, 0
	for begins <= len(title) && words < maxTitle {
		end := begins
		for range n.longest {
			next := strings.IndexByte(title[end:], ' ')
			if next < 0 {
				end = len(title)
			} else {
				end += next
			}
			if i, ok := n.index[title[begins:end]]; ok && (best < 0 || i < best) {
				best = i
			}
			if end == len(title) {
				break
			}
			end++
		}
		next := strings.IndexByte(title[begins:], ' ')
		if next < 0 {
			break
		}
		begins += next + 1
		words++
	}
	return best
}

// findAll gives the keys whose names stand in a folded title, each once and in its order; where one
// begins, the longest.
func (n *names) findAll(title string) (keys []string) {
	begins := 0
	for words := 0; begins < len(title) && words < maxTitle; words++ {
		best, after := -1, 0 // the longest key that begins here, and where it ends
		end := begins
		for range n.longest {
			next := strings.IndexByte(title[end:], ' ')
			if next < 0 {
				end = len(title)
			} else {
				end += next
			}
			if i, ok := n.index[title[begins:end]]; ok {
				best, after = i, end
			}
			if end == len(title) {
				break
			}
			end++
		}
		if best < 0 {
			next := strings.IndexByte(title[begins:], ' ')
			if next < 0 {
				break
			}
			begins += next + 1
			continue
		}
		if begins = after + 1; !slices.Contains(keys, n.keys[best]) {
			keys = append(keys, n.keys[best])
		}
	}
	return keys
}
