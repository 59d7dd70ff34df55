package console

import (
	"strings"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
)

// dayPicture is the picture of a card: one day, without lanes.
func dayPicture(l *languages.Language, s preview.RouteStatus) picture {
	r, ps := newRow(l, preview.Midnight(s.At, 0), s.At)
	for _, span := range s.Day {
		r.Bands = append(r.Bands,
			placeBars(ps, span.Start, span.End, bar{State: span.DisplayState(), Start: span.Start, End: span.End})...)
	}
	return picture{Days: []row{r}}
}

// maxWords is how many changes of a day are said in words.
const maxWords = 24

// dayInWords describes the day of a card, for screen readers.
func dayInWords(l *languages.Language, p picture) string {
	var words []string
	for i, b := range p.Days[0].Bands {
		if i == maxWords {
			words = append(words, l.Text("and %d more changes", len(p.Days[0].Bands)-i))
			break
		}
		words = append(words, l.Text("%s from %s", stateName(l, b.State), b.Start.Format("15:04")))
	}
	return l.Text("today: %s", strings.Join(words, ", "))
}
