package server

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

const directories = "include: [tenants/*/*.yaml]\n"

// refusing is what a reload is to show of a tenant that is refused, by its name.
func (w *world) refusing(t *testing.T, name string, mistakes int) {
	t.Helper()
	before := strings.Count(w.log.String(), `mistake in the configuration`)
	if err := w.Reload(t.Context()); (err != nil) != (mistakes > 0) {
		t.Errorf("got %v, want %d mistakes", err, mistakes)
	}
	status, wanted := w.Status(), []string{}
	if name != "" {
		wanted = []string{name}
	}
	if fmt.Sprint(status.Rejected) != fmt.Sprint(wanted) || len(status.Mistakes) != mistakes {
		t.Errorf("refused is %q with %d mistakes, want %q with %d: %.300v", status.Rejected, len(status.Mistakes),
			wanted,
			mistakes, status.Mistakes)
	}
	if lines := strings.Count(w.log.String(), `mistake in the configuration`) - before; lines != mistakes {
		t.Errorf("%d lines of the log, want %d", lines, mistakes)
	}
	var series strings.Builder
	series.WriteString("# HELP callhours_config_rejected Whether the tenant's present files are refused and its last " +
		"accepted files answer.\n# TYPE callhours_config_rejected gauge\n")
	for _, tenant := range []string{"evil", "good"} {
		refused := 0
		if tenant == name {
			refused = 1
		}
		fmt.Fprintf(&series, "callhours_config_rejected{tenant=%q} %d\n", tenant, refused)
	}
	w.metric(t, series.String(), "callhours_config_rejected")
}

// TestRefusedInDirectory: what is wrong in a directory that is one tenant's is said of that tenant,
// whatever its files are called or say, and keeps the tenant's accepted file.
func TestRefusedInDirectory(t *testing.T) {
	t.Parallel()
	const good, evil = "tenants/good/main.yaml", "tenants/evil/main.yaml"
	broken := strings.Replace(says("evil", "2", ""), "routes:", "rots:", 1)
	many := map[string]string{evil: says("evil", "2", "")}
	for i := range 30 {
		many[fmt.Sprintf("tenants/evil/%02d.yaml", i)] = strings.Repeat("x: 1\n", 11)
	}
	for name, c := range map[string]struct {
		after    map[string]string
		answers  string
		mistakes int
	}{
		"a file that is called like another": {
			map[string]string{evil: says("evil", "2", ""), "tenants/evil/good.yaml": "x: 1\n"}, "2", 1,
		},
		"one that says so": {
			map[string]string{evil: says("evil", "2", ""), "tenants/evil/x.yaml": says("good", "2", "")}, "2", 1,
		},
		"one that says so and is wrong otherwise": {
			map[string]string{evil: says("evil", "2", ""), "tenants/evil/x.yaml": "tenant: {name: good}\nx: 1\n"},
			"2",
			2,
		},
		"a name that nobody has":      {map[string]string{evil: says("evil", "2", ""), "tenants/evil/x.yaml": says("new", "2", "x: 1\n")}, "2", 2},
		"its own":                     {map[string]string{evil: broken}, "1", 1},
		"renamed and wrong":           {map[string]string{"tenants/evil/good.yaml": broken}, "1", 1},
		"renamed and no YAML":         {map[string]string{"tenants/evil/good.yaml": "\tx"}, "1", 1},
		"renamed, with a wrong one":   {map[string]string{"tenants/evil/a.yaml": "x: 1\n", "tenants/evil/z.yaml": says("evil", "2", "")}, "2", 1},
		"more mistakes than are said": {many, "2", diag.MaxMistakes + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := reloadable(t, directories,
				map[string]string{good: says("good", "1", ""), evil: says("evil", "1", "")})
			w.Start()
			after := maps.Clone(c.after)
			after[good] = says("good", "2", "")
			f.set(directories, after)
			w.refusing(t, "evil", c.mistakes)
			for tenant, text := range map[string]string{"good": "2", "evil": c.answers} {
				want := `{"module":"tts","data":{"text":"` + text + `"}}`
				if got := body(t, w.call(post("/"+tenant+"/main"))); got != want {
					t.Errorf("%s answers %s, want %s", tenant, got, want)
				}
			}
			f.set(directories, map[string]string{good: says("good", "2", ""), evil: says("evil", "3", "")})
			w.refusing(t, "", 0)
		})
	}
}

// countedFiles counts what is opened in a directory.
type countedFiles struct {
	*testFiles
	dir    string
	opened atomic.Int64
}

func (c *countedFiles) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, c.dir+"/") {
		c.opened.Add(1)
	}
	return c.testFiles.Open(name)
}

// TestCrowdedDirectory: of a directory that holds more files than it may there is one mistake, one
// line of the log and one series, none of its files is read, and what was accepted answers.
func TestCrowdedDirectory(t *testing.T) {
	t.Parallel()
	const good, evil = "tenants/good/main.yaml", "tenants/evil/main.yaml"
	w, f := reloadable(t, directories, map[string]string{good: says("good", "1", ""), evil: says("evil", "1", "")})
	w.Start()
	files := map[string]string{good: says("good", "2", ""), evil: says("evil", "2", "")}
	for i := range 3000 {
		files[fmt.Sprintf("tenants/evil/%04d.yaml", i)] = "x: 1\n"
	}
	f.set(directories, files)
	c := &countedFiles{testFiles: f, dir: "tenants/evil"}
	w.options.Installation.Files = c
	for range 2 { // the second one goes by what the first has accepted
		w.refusing(t, "evil", 1)
		want := "tenants/evil/main.yaml: its directory has 3001 included files, and the limit is 100; remove some"
		if got := w.Status().Mistakes[0].Message; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if n := c.opened.Load(); n > 0 {
			t.Errorf("%d files are opened", n)
		}
	}
	if got := body(t, w.call(post("/evil/main"))); !strings.Contains(got, `"1"`) {
		t.Errorf("evil answers %s, want what was accepted", got)
	}
	// What was accepted can be read again from its copy, without what was passed over.
	packed, err := w.live.Load().Generation.file.Inputs.Pack()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := config.Unpack(packed, func(path string) string { return path })
	if err != nil {
		t.Fatal(err)
	}
	if file, err := config.Load("callhours.yaml", config.Options{Inputs: kept}); err != nil || len(file.Tenants) != 2 {
		t.Errorf("the accepted copy: %v", err)
	}
	f.set(directories, map[string]string{good: says("good", "2", ""), evil: says("evil", "3", "")})
	w.refusing(t, "", 0)
	if got := body(t, w.call(post("/evil/main"))); !strings.Contains(got, `"3"`) {
		t.Errorf("evil answers %s, want its present file", got)
	}
}

// TestFirstStartOfDirectories: nothing in the directory of one tenant keeps the others from
// starting, and what is wrong beside a tenant's own file does not keep that tenant from it.
func TestFirstStartOfDirectories(t *testing.T) {
	t.Parallel()
	crowd := map[string]string{}
	for i := range 101 {
		crowd[fmt.Sprintf("tenants/evil/%03d.yaml", i)] = says("evil", "1", "")
	}
	for name, c := range map[string]struct {
		files   map[string]string
		refused string
		evils   int // status of a call
	}{
		"a name that is good's":  {map[string]string{"tenants/evil/good.yaml": "x: 1\n"}, "evil", 404},
		"no YAML, called good":   {map[string]string{"tenants/evil/good.yaml": "\tx"}, "evil", 404},
		"beside evil's own file": {map[string]string{"tenants/evil/good.yaml": "\tx", "tenants/evil/a.yaml": says("evil", "1", "")}, "evil", 200},
		"a name that nobody has": {
			map[string]string{"tenants/evil/x.yaml": "tenant: {name: else}\nx: 1\n"},
			"evil",
			404,
		},
		"too many": {crowd, "evil", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := maps.Clone(c.files)
			files["tenants/good/main.yaml"] = says("good", "1", "")
			i := Installation{
				Path: "callhours.yaml", Files: filesOf(head+directories, files),
				Now: (&world{now: monday}).clock,
			}
			l := i.load(loading{})
			if l.Generation != nil {
				t.Fatal("nothing is wrong")
			}
			l = i.load(loading{inputs: l.inputs, first: true, former: l.built, starts: true})
			if l.Generation == nil {
				t.Fatal(l.Err())
			}
			if fmt.Sprint(l.Rejected) != "["+c.refused+"]" {
				t.Errorf("%q is refused, want %q", l.Rejected, c.refused)
			}
			w := &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}
			w.start(t, Options{Generation: l.Generation, Loaded: l})
			w.Start()
			for tenant, want := range map[string]int{"good": 200, "evil": c.evils} {
				if got := w.call(post("/" + tenant + "/main")).StatusCode; got != want {
					t.Errorf("%s: got %d, want %d", tenant, got, want)
				}
			}
		})
	}
}

// TestNamesOfRefused: a file whose tenant is not known is called by its place, unless that is
// another's name.
func TestNamesOfRefused(t *testing.T) {
	t.Parallel()
	const include = "include: [a/*.yaml, b/*.yaml]\n"
	w, f := reloadable(t, include,
		map[string]string{"a/good.yaml": says("good", "1", ""), "b/x.yaml": says("other", "1", "")})
	w.Start()
	f.set(include, map[string]string{
		"a/good.yaml": says("good", "1", ""), "b/x.yaml": says("good", "1", ""), "b/good.yaml": "x: 1\n",
		"b/new.yaml": "x: 1\n",
	})
	if err := w.Reload(t.Context()); err == nil {
		t.Fatal("nothing is wrong")
	}
	if got, want := fmt.Sprint(w.Status().Rejected), "[b/good.yaml new other]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
