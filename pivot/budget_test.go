package pivot

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// chain puts actions into each other, each below "_".
func chain(actions ...string) string {
	var b strings.Builder
	for i, a := range actions {
		b.WriteString(strings.TrimSuffix(a, "}"))
		if i < len(actions)-1 {
			b.WriteString(`,"children":{"_":`)
		}
	}
	return b.String() + "}" + strings.Repeat("}}", len(actions)-1)
}

func repeat(n int, action string) []string {
	return strings.Split(strings.Repeat(action+"|", n)[:n*(len(action)+1)-1], "|")
}

// TestBudget shows how many actions a call may run at once: Kazoo takes five tokens for each, from
// a hundred that fill by ten a second.
func TestBudget(t *testing.T) {
	t.Parallel()
	const (
		set    = `{"module":"set_cid","data":{"caller_id_name":"a"}}`
		say    = `{"module":"tts","data":{"text":"a"}}`
		hangup = `{"module":"hangup"}`
		ends   = ": Kazoo ends the call before this action: more than 20 actions that take no time come one after the other; do more in one, such as set_variables"
	)
	sleep := func(data string) string { return `{"module":"sleep","data":` + data + `}` }
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"twenty", chain(repeat(20, set)...), nil},
		{"twenty-one", chain(append(repeat(20, set), hangup)...), []string{strings.Repeat(".children._", 20) + ends}},
		{"said once for a path", chain(repeat(40, set)...), []string{strings.Repeat(".children._", 20) + ends}},
		{"something is said on the way", chain(append(append(repeat(19, set), say), repeat(20, set)...)...), nil},
		{
			"a moment is not enough",
			chain(append(append(repeat(15, set), sleep(`{"duration":500,"unit":"ms"}`)), repeat(6, set)...)...),
			[]string{strings.Repeat(".children._", 21) + ends},
		},
		{
			"a second is enough", chain(append(append(repeat(15, set), sleep(`{"duration":1}`)), repeat(6, set)...)...),
			nil,
		},
		{
			"sleep takes no time unless told", chain(append(repeat(20, sleep(`{}`)), hangup)...),
			[]string{strings.Repeat(".children._", 20) + ends},
		},
		{
			"minutes",
			chain(append(append(repeat(19, set), sleep(`{"duration":1,"unit":"m"}`)), repeat(20, set)...)...),
			nil,
		},
		{"said once", `{"module":"menu","data":{"id":"a"},"children":{"1":` + chain(repeat(30, set)...) + `,"2":` +
			chain(repeat(30, set)...) + `}}`, []string{".children.1" + strings.Repeat(".children._", 20) + ends}},
		{
			"each path for itself", `{"module":"branch_variable","data":{"variable":"a"},"children":{"1":` +
				chain(repeat(19, set)...) + `,"2":` + chain(append(repeat(19, set), hangup)...) + `}}`,
			[]string{".children.2" + strings.Repeat(".children._", 19) + ends},
		},
	} {
		got := CallflowWarnings([]byte(c.body), Cluster{})
		if diff := gocmp.Diff(c.want, texts(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		for _, f := range got {
			if !f.Budget || !strings.HasPrefix(c.body[f.Offset:], `{"module"`) {
				t.Errorf("%s: got %#v", c.name, f)
			}
		}
	}
}
