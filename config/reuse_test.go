package config

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/growth"
)

// TestTakeover changes files again and again, in any way, and loads them with what
// was loaded before and without: the Files are the same, and tenants of which nothing
// has changed are taken over.
func TestTakeover(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	tenant := func(name string) string {
		return fmt.Sprintf(`tenant: {name: %s, account: [%[1]s000]}
secrets: %[1]s/*.yaml
data: {n: "%d"}
lists: {vip: {file: %[1]s/vip.txt}}
calendars: {own: {url: {secret: address}}}
plans: {p: {calendars: [c], branches: [{name: open, when: {calendar: c}, pass: true}, {name: closed, pass: true}]}}
routes:
  - {name: main, plan: p, calendars: {c: [own, shared]}}
  - {name: more, branches: [{name: open, when: {caller: {list: spam}, calendar: own}, template: x}, {name: closed, pass: true}]}
`, name, random.IntN(3))
	}
	main := func() string {
		return fmt.Sprintf(
			"timezone: Europe/%s\ndata: {m: 1}\nauth: {token: {secret: t}}\ninclude: [tenants/*.yaml]\ninclude_shared: [shared/*.yaml]\nsecrets: [secrets/main.yaml]\n"+
				"lists: {spam: {file: spam.txt}}\ncalendars: {shared: {file: s.ics}}\n",
			[]string{"Berlin", "Berlin", "Paris"}[random.IntN(3)])
	}
	files := fstest.MapFS{}
	put := func(name, body string) { files[name] = &fstest.MapFile{Data: []byte(body), Mode: 0o600} }
	put("callhours.yaml", main())
	put("secrets/main.yaml", "t: token-of-takeover-4f1c9a7be2d8036581\n")
	put("spam.txt", "+14155550100\n")
	for _, name := range []string{"a", "b", "c", "d"} {
		put("tenants/"+name+"/vip.txt", "+14155550101\n")
		put("tenants/"+name+".yaml", tenant(name))
		put("tenants/"+name+"/1.yaml", "address: https://"+name+".example.com/1\n")
	}
	var before *File
	taken, accepted, wrong := 0, 0, 0
	turns := 250
	if growth.UnderRace {
		turns = 50
	}
	for range turns {
		name := string(rune('a' + random.IntN(4)))
		switch random.IntN(14) {
		case 0:
			put("callhours.yaml", main())
		case 1, 2, 3:
			put("tenants/"+name+".yaml", tenant(name))
		case 4:
			delete(files, "tenants/"+name+".yaml")
		case 5:
			put("tenants/"+name+"/1.yaml", fmt.Sprintf("address: https://%s.example.com/%d\n", name, random.IntN(2)))
		case 6:
			put("tenants/"+name+"/2.yaml", "another: text\n")
			files["tenants/"+name+"/2.yaml"].Mode = 0o644 // a warning
		case 7:
			delete(files, "tenants/"+name+"/2.yaml")
		case 8:
			put("tenants/"+name+"/vip.txt", fmt.Sprintf("+1415555010%d\n", random.IntN(9)))
		case 9:
			put("spam.txt", fmt.Sprintf("+1415555010%d\n", random.IntN(9)))
		case 10:
			put("shared/0.yaml", "calendars: {more: {file: m.ics}}\n") // everybody's
		case 11:
			delete(files, "shared/0.yaml")
		case 12:
			put("tenants/"+name+".yaml", "# not a tenant's\nlists: {l"+name+": {numbers: [\"1\"]}}\n")
		case 13:
			put("tenants/"+name+".yaml", "tenant: {name: a}\n") // perhaps a second one of the name
		}
		now := maps.Clone(files)
		fresh, err := Load("callhours.yaml", Options{FS: now})
		reused, again := Load("callhours.yaml", Options{FS: now, Former: before})
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Fatalf("anew: %v\nwith the former: %v", err, again)
		}
		if err != nil {
			wrong++
			continue
		}
		accepted++
		if before != nil {
			for _, r := range reused.Routes {
				for _, was := range before.Routes {
					if r == was {
						taken++
					}
				}
			}
		}
		keep, inputs := *reused, fresh.Inputs
		if a, b := inputs.Files(), reused.Inputs.Files(); len(a) != len(b) {
			t.Fatalf("anew %d inputs, with the former %d", len(a), len(b))
		}
		fresh.Inputs, reused.Inputs = nil, nil
		if diff := cmp.Diff(dump(fresh), dump(reused)); diff != "" {
			t.Fatalf("(-anew +with the former):\n%s", diff)
		}
		before = &keep
	}
	if taken < turns || accepted < turns/4 || wrong < turns/25 {
		t.Errorf("%d routes were taken over in %d loads, and %d were wrong", taken, accepted, wrong)
	}
	t.Logf("%d routes were taken over in %d loads, and %d were wrong", taken, accepted, wrong)
}
