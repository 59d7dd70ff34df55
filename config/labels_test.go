package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	labels := func(n int, name, value string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("%s%d: %s", name, i, value))
		}
		return "tenant: {name: evil, labels: {" + strings.Join(list, ", ") + "}}\n"
	}
	load := func(evil string) (*File, error) {
		return Load("c.yaml",
			Options{
				FS: memory("c.yaml", "timezone: UTC\nlisten: localhost:1\ninclude: [t/*.yaml]\n", "t/evil.yaml", evil,
					"t/a.yaml", "tenant: {name: a, labels: {contact: a}}\n", "t/b.yaml",
					"tenant: {name: b, labels: {contact: b}}\n"),
			})
	}
	for _, c := range []struct{ evil, want string }{
		{labels(8, "a", strings.Repeat("x", 128)), ""},
		{labels(9, "a", "x"), "a tenant has at most 8 labels, found 9"},
		{labels(1, "a", strings.Repeat("x", 129)), "a label has at most 128 characters, in its name and in its value"},
		{labels(1, strings.Repeat("x", 128), "a"), "a label has at most 128 characters, in its name and in its value"},
	} {
		if _, err := load(c.evil); (err == nil) != (c.want == "") ||
			err != nil && !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	f := &File{
		Tenants: []*Tenant{{Labels: map[string]string{"contact": "a"}}, {Labels: map[string]string{"contact": "b"}}},
	}
	for i := range 50 {
		f.Tenants = append(f.Tenants, &Tenant{Labels: map[string]string{fmt.Sprintf("a%02d", i): "x"}})
	}
	if names := f.LabelNames(); len(names) != 32 || names[0] != "contact" || names[31] != "a30" {
		t.Errorf("got %q, want contact and 31 others", names)
	}
}
