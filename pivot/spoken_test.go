package pivot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpokenTexts(t *testing.T) {
	t.Parallel()
	const nested = `{"children": {"1": {"data": {"language":"de-de", "text" :"Gr\u00fc\"ße"},"module":"tts"},
		"_": {"module":"play","data":{"text":"not spoken"},"children":{"_":{"module":"tts","data":{"text":"Bye"}}}}},
		"module": "menu", "data": {"id": "x"}}`
	for _, c := range []struct {
		callflow string
		want     []SpokenText
	}{
		{`{"module":"tts","data":{"text":"Hi"}}`, []SpokenText{{"Hi", ""}}},
		{nested, []SpokenText{
			{`Grü"ße`, "de-de"},
			{"Bye", ""},
		}},
		{`{"module":"tts","data":{"text":1}}`, nil},
		{`{"module":"tts","data":[],"children":[{"module":"tts","data":{"text":"x"}}]}`, nil},
		{`[{"module":"tts","data":{"text":"x"}}]`, nil},
		{`{"module":"tts","data":{"text":"x"}`, nil},
		{``, nil},
	} {
		if diff := cmp.Diff(c.want, SpokenTexts([]byte(c.callflow))); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.callflow, diff)
		}
	}

	var many strings.Builder
	for i := range 3 * maxSpokenTexts {
		fmt.Fprintf(&many, `,"%d":{"module":"tts","data":{"text":"x"}}`, i)
	}
	callflow := `{"module":"menu","data":{},"children":{` + many.String()[1:] + `}}`
	if n := len(SpokenTexts([]byte(callflow))); n != maxSpokenTexts {
		t.Errorf("gives %d texts", n)
	}
}
