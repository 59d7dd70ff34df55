package pivot

import (
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestCatalog holds what the reader of the catalog leaves to whoever writes it.
func TestCatalog(t *testing.T) {
	t.Parallel()
	c := builtIn()
	if len(c.modules) < 80 || len(c.causes) < 60 {
		t.Errorf("got %d modules and %d causes, want Kazoo's", len(c.modules), len(c.causes))
	}
	for name, o := range c.modules {
		if name == "" || len(name) > maxModule || strings.ContainsAny(name, " {}<>") {
			t.Errorf("%q is no name of a module", name)
		}
		if len(o.keys) == 0 {
			t.Errorf("%s: no keys of children", name)
		}
		for _, f := range o.fields {
			if f.versions&o.versions == 0 {
				t.Errorf("%s.%s: in none of the versions that have the module", name, f.name)
			}
			if f.unless != "" && o.fieldIndex([]byte(f.unless)) < 0 {
				t.Errorf("%s.%s: unless %s, which is no field", name, f.name, f.unless)
			}
			if f.expected && f.required == allVersions {
				t.Errorf("%s.%s: required and expected", name, f.name)
			}
		}
	}
}

func TestCatalogIsSorted(t *testing.T) {
	t.Parallel()
	if !slices.IsSorted(builtIn().causes) {
		t.Error("the causes are not sorted")
	}
}

func TestParseCatalogRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a field of nothing", "# it\n  id text", "line 2: a field of nothing"},
		{"a module without keys", "play\n  id text", "line 1: play: expected -> and the keys of its children"},
		{"a module twice", "play -> _\nplay -> _", "line 2: play -> _: it appears here twice"},
		{"an object twice", "{a}\n{a}", "line 2: {a}: it appears here twice"},
		{"a field twice", "play -> _\n  id text\n  id text", "line 1: play -> _: id text: it appears here twice"},
		{"a version", "play since 6 -> _", `line 1: play since 6 -> _: version "6" is not known`},
		{"keys", "play -> <what>", "line 1: play -> <what>: keys <what> are not known"},
		{"a value", "play -> _\n  id text of", `line 1: play -> _: id text of: "of": expected a number or a range`},
		{"no value", "play -> _\n  id a |  | b", `line 1: play -> _: id a |  | b: "" is not known`},
		{"an attribute", "play -> _\n  id text, needed", `line 1: play -> _: id text, needed: "needed" is not known`},
		{
			"unless nothing", "play -> _\n  id text, expected unless ",
			`line 1: play -> _: id text, expected unless: "expected unless" is not known`,
		},
		{"a name in braces", "play -> _\n  id {what}", "line 1: play -> _: id {what}: {what} is not explained"},
		{"a list of nothing", "play -> _\n  id list", `line 1: play -> _: id list: "list": expected the type of the list`},
		{"a range", "play -> _\n  id text 1..x", `line 1: play -> _: id text 1..x: "1..x": expected a number or a range`},
		{"the start of a range", "{a} = text x..1", `line 1: {a} = text x..1: "x..1": expected a number or a range`},
		{
			"a choice", "play -> _\n  id text\n  one of id, ip",
			`line 1: play -> _: one of id, ip: there is no field "ip" above`,
		},
	} {
		_, err := parseCatalog(c.text)
		if err == nil {
			t.Errorf("%s: got no error", c.name)
		} else if diff := gocmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// everyKind is an action that has a field of each kind, of a catalog of its own.
const everyKind = `
*
  skip_module boolean
m -> _
  text      text
  short     text 2..3
  word      a | b | "list"
  number    integer 5..10
  low       integer ..9
  high      integer 3..
  exact     integer 8 | integer 9
  flag      boolean
  any       object
  pair      {pair}
  either    boolean | text
  list      list of text
  some      list 1.. of {digit}, unique
  pairs     list of {pair}
  url       url
  link      link
  language  language
  digits    digits
  action    action
  headers   {headers}
  texts     {texts}
  loose     {loose}
  shapes    list of {shape}
  old       text before 5
  new       text since 5
  both      text | list of text since 5
  must      text, required
{digit} = 1 | 2
{pair}
  a         text, required
  b         integer
{headers}
  <header>  text
{texts}
  <any>     text
{loose}
  a         text
  <any>
{shape} = {square} | {round}
{square}
  shape     square, required
  side      integer, required
{round}
  shape     round, required
  radius    integer, required
`

func checkOwn(t *testing.T, data string, v Version, warnings *[]*Finding) *Finding {
	t.Helper()
	own, err := parseCatalog(everyKind)
	if err != nil {
		t.Fatal(err)
	}
	c := checker{
		body: []byte(`{"module":"m","data":` + data + `}`), versions: v.versions(), catalog: own, warnings: warnings,
		cluster: Cluster{Version: v},
	}
	return c.checkDocument()
}

func TestValuesFit(t *testing.T) {
	t.Parallel()
	for _, member := range []string{
		`"text":""`, `"text":"\u00e9"`, `"short":"ab"`, `"short":"éé\u00e9"`, `"short":"😀😀"`, `"word":"a"`,
		`"word":"\u0062"`, `"word":"list"`,
		`"number":5`, `"number":10`, `"low":-9`, `"low":9`, `"high":3`, `"exact":8`, `"exact":9`, `"flag":true`,
		`"flag":false`,
		`"any":{"x":[1,{"y":null}]}`, `"pair":{"a":"x"}`, `"pair":{"b":1,"a":"x","c":0}`, `"either":true`,
		`"either":"x"`,
		`"list":[]`, `"list":["a","a"]`, `"some":["1"]`, `"some":["2","1"]`, `"pairs":[{"a":"x"},{"a":"y","b":-0}]`,
		`"url":"http://pivot.example.com"`, `"url":"https://127.0.0.2/x"`, `"link":"http://localhost/x"`,
		`"language":"en"`, `"language":"de-DE"`, `"digits":"0123"`,
		`"action":{"module":"m","data":{"must":""}}`, `"headers":{"X-A":"1"}`, `"headers":{}`, `"texts":{"":"1"}`,
		`"loose":{"b":1}`,
		`"shapes":[{"shape":"round","radius":1},{"side":2,"shape":"square"}]`, `"both":"x"`, `"unknown":[1]`,
		`"skip_module":true`,
		`"old":"x"`, `"new":"x"`,
	} {
		if finding := checkOwn(t, `{`+member+`,"must":"x"}`, "", nil); finding != nil {
			t.Errorf("%s: %v", member, finding)
		}
	}
}

func TestValuesDoNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ member, want string }{
		{`"text":1`, `.data.text: expected a text, found 1; put it in quotes`},
		{`"text":null`, `.data.text: expected a text, found null`},
		{`"short":"a"`, `.data.short: expected a text of 2 to 3 characters, found "a" of 1`},
		{`"word":"c"`, `.data.word: expected "a", "b" or "list", found "c"`},
		{`"word":2`, `.data.word: expected "a", "b" or "list", found 2; put it in quotes`},
		{`"number":4`, `.data.number: expected an integer of 5 to 10, found 4`},
		{`"number":11`, `.data.number: expected an integer of 5 to 10, found 11`},
		{`"number":99999999999999999999`, `.data.number: expected an integer of 5 to 10, found 99999999999999999999`},
		{`"number":6.0`, `.data.number: expected an integer of 5 to 10, found 6.0`},
		{`"number":1e1`, `.data.number: expected an integer of 5 to 10, found 1e1`},
		{`"number":"7"`, `.data.number: expected an integer of 5 to 10, found "7"; write it without quotes`},
		{`"low":10`, `.data.low: expected an integer of at most 9, found 10`},
		{`"high":2`, `.data.high: expected an integer of at least 3, found 2`},
		{`"exact":7`, `.data.exact: expected 8 or 9, found 7`},
		{`"flag":"true"`, `.data.flag: expected true or false, found "true"; write it without quotes`},
		{`"flag":"yes"`, `.data.flag: expected true or false, found "yes"`},
		{`"any":[]`, `.data.any: expected an object, found a list`},
		{`"pair":{"b":1}`, `.data.pair.a: missing; expected a text`},
		{`"pair":{"a":"x","b":"1"}`, `.data.pair.b: expected an integer, found "1"; write it without quotes`},
		{`"pair":"x"`, `.data.pair: expected an object, found "x"`},
		{`"either":1`, `.data.either: expected true or false or a text, found 1; put it in quotes`},
		{`"list":"a"`, `.data.list: expected a list of texts, found "a"`},
		{`"list":["a",["b"]]`, `.data.list[1]: expected a text, found a list`},
		{`"some":[]`, `.data.some: expected a list of at least 1 element, found 0`},
		{`"some":["3"]`, `.data.some[0]: expected "1" or "2", found "3"`},
		{`"some":["1","2","\u0031"]`, `.data.some[2]: "1" appears in the list twice`},
		{`"pairs":[{"a":"x"},{"a":1}]`, `.data.pairs[1].a: expected a text, found 1; put it in quotes`},
		{`"pairs":[{}]`, `.data.pairs[0].a: missing; expected a text`},
		{
			`"url":"pivot.example.com"`,
			`.data.url: expected a URL with http:// or https:// and another host than localhost, found "pivot.example.com"`,
		},
		{
			`"url":"HTTP://pivot.example.com"`,
			`.data.url: expected a URL with http:// or https:// and another host than localhost, found "HTTP://pivot.example.com"`,
		},
		{
			`"url":"http://Localhost:8080/x"`,
			`.data.url: expected a URL with http:// or https:// and another host than localhost, found "http://Localhost:8080/x"`,
		},
		{
			`"url":"https://a:b@127.0.0.1?x"`,
			`.data.url: expected a URL with http:// or https:// and another host than localhost, found "https://a:b@127.0.0.1?x"`,
		},
		{
			`"url":"http://"`,
			`.data.url: expected a URL with http:// or https:// and another host than localhost, found "http://"`,
		},
		{`"link":"localhost"`, `.data.link: expected a URL with http:// or https://, found "localhost"`},
		{`"language":"eng"`, `.data.language: expected a language such as en or en-us, found "eng"`},
		{`"language":"en_us"`, `.data.language: expected a language such as en or en-us, found "en_us"`},
		{`"digits":"1a"`, `.data.digits: expected a text of digits, found "1a"`},
		{`"digits":""`, `.data.digits: expected a text of digits, found ""`},
		{`"action":1`, `.data.action: expected an action such as {"module": "hangup"}, found 1`},
		{`"action":{"module":"m"}`, `.data.action.data.must: missing; expected a text`},
		{`"headers":{"X A":"1"}`, `.data.headers."X A": expected the name of a header: letters, digits, - and _`},
		{`"headers":{"X":1}`, `.data.headers.X: expected a text, found 1; put it in quotes`},
		{`"texts":{"x":1}`, `.data.texts.x: expected a text, found 1; put it in quotes`},
		{`"loose":{"a":1}`, `.data.loose.a: expected a text, found 1; put it in quotes`},
		{`"shapes":[{"shape":"oval"}]`, `.data.shapes[0].shape: expected "square" or "round", found "oval"`},
		{`"shapes":[{"side":1}]`, `.data.shapes[0].shape: expected "square" or "round", found nothing`},
		{`"shapes":[{"shape":"round","side":1}]`, `.data.shapes[0].radius: missing; expected an integer`},
		{`"skip_module":1`, `.data.skip_module: expected true or false, found 1`},
		{
			`"both":["x"]`,
			`.data.both: expected a text, found a list, which not all of Kazoo's versions take; set kazoo_version if yours is 5`,
		},
	} {
		finding := checkOwn(t, `{"must":"x",`+c.member+`}`, "", nil)
		if finding == nil {
			t.Errorf("%s: got no error", c.member)
		} else if diff := gocmp.Diff(c.want, finding.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.member, diff)
		}
	}
	for _, data := range []string{`{}`, `{"mustt":"x"}`} {
		if finding := checkOwn(t, data, "", nil); finding == nil ||
			finding.Error() != ".data.must: missing; expected a text" {
			t.Errorf("%s: got %v", data, finding)
		}
	}
}

// TestWarningsOfWhatDoesNotFit shows that an alternative that was tried in vain leaves no warnings.
func TestWarningsOfWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	var warnings []*Finding
	if finding := checkOwn(t, `{"must":"x","shapes":[{"shape":"round","radius":1,"side":2}]}`, "",
		&warnings); finding != nil {
		t.Fatal(finding)
	}
	want := []string{`.data.shapes[0].side: there is no such field, and Kazoo ignores it; known: radius, shape`}
	if diff := gocmp.Diff(want, texts(warnings)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func texts(found []*Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Error())
	}
	return out
}

// BenchmarkParseCatalog is what the first check pays.
func BenchmarkParseCatalog(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCatalog(catalogText); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzParseCatalog shows that a catalog that is amended in any way is refused or can be used, and
// that what is wrong with it is one line.
func FuzzParseCatalog(f *testing.F) {
	f.Add(everyKind, `{"must":"x","shapes":[{"shape":"round"}],"pair":{"a":1}}`)
	f.Add("m -> <digits> _\n  a {b}, required since 5\n{b} = x | y", `{"a":"x"}`)
	f.Add("m since master -> <cause>\n  a text\n  b text\n  one of a + b, a since 5\n{cause} = A", `{"a":"x","b":[]}`)
	f.Fuzz(func(t *testing.T, text, data string) {
		own, err := parseCatalog(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") && !strings.ContainsAny(text, "\r") {
				t.Fatalf("want one line, found %q", err)
			}
			return
		}
		var warnings []*Finding
		for _, v := range append(Versions(), "") {
			c := checker{
				body:     []byte(`{"module":"m","data":` + data + `,"children":{"1":{"module":"m"}}}`),
				versions: v.versions(), catalog: own, cluster: Cluster{Version: v},
			}
			c.warnings = &warnings
			if finding := c.checkDocument(); finding != nil && finding.Message == "" {
				t.Fatal("want a message")
			}
		}
	})
}
