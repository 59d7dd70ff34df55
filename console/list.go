package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// list is a page of something that is searched, filtered and cut into pages.
type list struct {
	Text        string // that is searched for
	Pick        string // the filter that is on; ""
	Chips       []chip
	Total       int // that pass
	First, Last int // of those on the page, counted from 1
	Prev, Next  string

	path, key string // of the page, and the parameter that picks
	page      int    // from 1
	words     []string
}

// chip is a filter with the number of those that it lets through.
type chip struct {
	Label, Pick, Href string
	Count             int
	Here              bool
}

// newList reads what a request asks for.
func newList(r *http.Request, key string) list {
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 1 || n > 1_000_000 {
		n = 1
	}
	text := q.Get("q")
	return list{
		Text: text, Pick: q.Get(key), path: r.URL.Path, key: key, page: n,
		words: strings.Fields(strings.ToLower(text)),
	}
}

// matches says whether each word that is searched for stands in some of the texts.
func (l *list) matches(texts ...string) bool {
	said := strings.ToLower(strings.Join(texts, "\n"))
	return !slices.ContainsFunc(l.words, func(w string) bool { return !strings.Contains(said, w) })
}

func (l *list) link(pick string, page int) string {
	v := url.Values{}
	for key, value := range map[string]string{"q": l.Text, l.key: pick} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if page > 1 {
		v.Set("page", strconv.Itoa(page))
	}
	if len(v) == 0 {
		return l.path
	}
	return l.path + "?" + v.Encode()
}

// setChips makes the chips: for all, and for each of some picks that lets anything through.
func (l *list) setChips(picks []string, counts map[string]int) {
	all := 0
	for _, n := range counts {
		all += n
	}
	l.Chips = []chip{{"All", "", l.link("", 1), all, l.Pick == ""}}
	for _, p := range picks {
		if counts[p] > 0 || l.Pick == p {
			l.Chips = append(l.Chips, chip{p, p, l.link(p, 1), counts[p], l.Pick == p})
		}
	}
}

// paginate sets what stands on the page of so many, and gives its bounds.
func (l *list) paginate(total, per int) (from, to int) {
	l.Total = total
	from = min((l.page-1)*per, total)
	to = min(from+per, total)
	l.First, l.Last = from+1, to
	if l.page > 1 {
		l.Prev = l.link(l.Pick, l.page-1)
	}
	if to < total {
		l.Next = l.link(l.Pick, l.page+1)
	}
	return from, to
}
