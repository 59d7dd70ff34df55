package pivot

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	gocmp "github.com/google/go-cmp/cmp"
)

// ownSchemas are written for these tests, with all that Kazoo's have: references by name, what
// stands beside them, envelopes.
var ownSchemas = map[string]string{
	"callflows.action": `{"$schema":"http://json-schema.org/draft-04/schema#","_id":"callflows.action","type":"object","required":["data","module"],
		"properties":{"module":{"type":"string","minLength":1,"maxLength":64,"kazoo-validation":true},
			"data":{"type":"object","default":{},"kazoo-validation":true},
			"children":{"type":"object","patternProperties":{".+":{"$ref":"callflows.action"}}}}}`,
	"callflows.stop": `{"data":{"id":"callflows.stop","type":"object","properties":{"id":{"type":"integer"}}},"status":"success"}`,
	"callflows.say": `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["text"],
		"properties":{"text":{"type":"string","minLength":1,"maxLength":5},"times":{"type":"integer","minimum":1,"exclusiveMinimum":true},
			"mail":{"type":"string","format":"email"},"link":{"type":"string","format":"uri","kazoo-validation":true},
			"since":{"type":"string","format":"date-time"},"moves":{"type":"array","default":[],"items":{"$ref":"move"}},
			"level":{"type":"object","required":["up"],"properties":{"up":{"type":"integer"},"down":{"type":"integer","default":3,"maximum":2}}},"loud":{"oneOf":[{"type":"boolean"},{"type":"string","enum":["very"]}]},
			"parts":{"type":"array","items":{"type":"object","oneOf":[
				{"$ref":"word","properties":{"what":{"enum":["word"]}}},{"$ref":"pause","properties":{"what":{"enum":["pause"]}}}]}}}}`,
	"move": `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["to","as"],"properties":{"to":{"type":"string","default":"here"},
		"as":{"default":"untyped"},"by":{"type":"integer","default":"no integer"}}}`,
	"word":  `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"word":{"type":"string"}}}`,
	"pause": `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"seconds":{"type":"integer"}}}`,
}

func schemaFiles(documents map[string]string) fstest.MapFS {
	files := fstest.MapFS{"README.txt": {Data: []byte("not a schema")}}
	for name, document := range documents {
		files[name+".json"] = &fstest.MapFile{Data: []byte(document)}
	}
	return files
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	s, err := LoadSchemas(schemaFiles(ownSchemas))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ body, want string }{
		{`{"module":"stop"}`, ""},
		{`{"module":"stop","data":{"id":1,"x":[]},"y":1,"children":{}}`, ""},
		{
			`{"module":"say","data":{"text":"é\u00e9😀","times":2,"mail":"0a1b@c","link":"http://10.1.2.3/"},"children":{"_":{"module":"stop"},"a.b":{"module":"stop"}}}`, "",
		},
		{`{"module":"say","data":{"text":"a","parts":[{"what":"word","word":"x"},{"what":"pause","seconds":1}]}}`, ""},

		{`{"module":"stop"`, "line 1, column 17: not JSON: it ends too early"},
		{`{"module":"stop","module":"stop"}`, ".module: appears here twice"},
		{`{"module":"say","data":{"text":"a","level":{"up":1,"down":2}}}`, ""},
		{`{"module":"say","data":{"text":"a","level":{"up":1}}}`, ".data.level.down: maximum: got 3, want 2"},
		{`{"module":"say","data":{"text":"a","moves":[{"as":1},{"as":"x","by":2}]}}`, ""},
		{`{"module":"say","data":{"text":"a","moves":[{"to":"x"}]}}`, ".data.moves[0]: missing property 'as'"},
		{`{"module":"say","data":{"text":"a","mail":"0a1b"}}`, `.data.mail: expected an e-mail address, found "0a1b"`},
		{
			`{"module":"say","data":{"text":"a","link":"http://127.1/"}}`,
			`.data.link: expected a URL with http:// or https:// and another host than localhost, found "http://127.1/"; 127.1 is this machine's own address to Kazoo`,
		},
		{
			`{"module":"say","data":{"text":"a","since":"today"}}`,
			`.data.since: 'today' is not valid date-time: less than 20 characters long`,
		},
		{
			`{"module":"stop","note":[1,-2e999]}`,
			"callflow: -2e999 is not a number that Kazoo can read: it is too large or too small",
		},
		{`{"module":"hang_up"}`, `.module: "hang_up" has no schema callflows.hang_up; known: say, stop`},

		{`[]`, "callflow: got array, want object"},
		{`{"data":{}}`, "callflow: missing property 'module'"},
		{`{"module":""}`, ".module: minLength: got 0, want 1"},
		{`{"module":"stop","data":[]}`, ".data: got array, want object"},
		{`{"module":"go"}`, `.module: "go" has no schema callflows.go; known: say, stop`},
		{`{"module":"say"}`, ".data: missing property 'text'"},
		{`{"module":"say","data":{"text":"abcdef"}}`, ".data.text: maxLength: got 6, want 5"},
		{`{"module":"say","data":{"text":"a","times":1}}`, ".data.times: exclusiveMinimum: got 1, want 1"},
		{`{"module":"say","data":{"text":"a","times":2.0}}`, ".data.times: got number, want integer"},
		{`{"module":"say","data":{"text":"a","times":2e1}}`, ".data.times: got number, want integer"},
		{`{"module":"say","data":{"text":"a","times":"2"}}`, ".data.times: got string, want integer"},
		{
			`{"module":"say","data":{"text":"a","loud":1}}`,
			".data.loud: 'oneOf' failed, none matched: got number, want boolean; or got number, want string",
		},
		{
			`{"module":"say","data":{"text":"a","parts":[{"what":"word"},{"what":"pause","seconds":"1"}]}}`,
			".data.parts[1]: 'oneOf' failed, none matched: value must be 'word'; or got string, want integer",
		},
		{`{"module":"stop","children":{"1":{"module":"stop"},"_":{}}}`, ".children._: missing property 'module'"},
		{
			`{"module":"stop","children":{"a.b":{"module":"stop","children":{"_":{"module":"say"}}}}}`,
			`.children."a.b".children._.data: missing property 'text'`,
		},
		{
			`{"module":"stop","children":{"":{"module":"go"}}}`,
			`.children."".module: "go" has no schema callflows.go; known: say, stop`,
		},
		{`{"module":"stop","children":{"":1}}`, `.children."": expected an action such as {"module": "hangup"}`},
		{
			strings.Repeat(`{"module":"stop","children":{"_":`, 200) + `{"module":"stop"}` + strings.Repeat("}}", 200),
			"",
		},
	} {
		got := ""
		if err := s.Check([]byte(c.body)); err != nil {
			got = err.Error()
		}
		if diff := gocmp.Diff(c.want, got); diff != "" {
			t.Errorf("%.200s (-want +got):\n%s", c.body, diff)
		}
	}
}

func TestLoadSchemasRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, document, want string }{
		{
			"callflows.action", "",
			"there is no callflows.action.json; save the answers of GET /v2/schemas/NAME as NAME.json",
		},
		{"callflows.say", `{"a":`, "callflows.say.json: not JSON: unexpected EOF"},
		{"callflows.say", `[]`, "callflows.say.json: expected a schema, found a list"},
		{
			"callflows.say", `{"properties":{"x":{"$ref":"gone"}}}`,
			"callflows.say.json: it refers to gone.json, and that schema does not exist",
		},
		{
			"callflows.say", `{"properties":{"x":{"type":"text"}}}`,
			"callflows.say.json: no schema of draft-04: .properties.x.type: 'anyOf' failed: value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'; or got string, want array",
		},
		{
			"callflows.say", `{"properties":{"x":{"pattern":"("}}}`,
			"callflows.say.json: no schema of draft-04: .properties.x.pattern: '(' is not valid regex: error parsing regexp: missing closing ): `(`",
		},
	} {
		documents := maps.Clone(ownSchemas)
		documents[c.name] = c.document
		if c.document == "" {
			delete(documents, c.name)
		}
		_, err := LoadSchemas(schemaFiles(documents))
		if err == nil {
			t.Errorf("%s: got no error", c.document)
		} else if diff := gocmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.document, diff)
		}
	}
}

// FuzzSchemas shows that any callflow can be held against schemas, and that what JSON is refused is
// refused in one line with a place.
func FuzzSchemas(f *testing.F) {
	s, err := LoadSchemas(schemaFiles(ownSchemas))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"module":"say","data":{"text":"a","parts":[{"what":"word"}]},"children":{"_":{"module":"stop"},"":1}}`)
	f.Add(`{"module":"say","data":{"text":"a","times":1e400}}`)
	f.Add(`{"module":"say","data":{"loud":{},"times":-2.50}}`)
	f.Fuzz(func(t *testing.T, body string) {
		err := s.Check([]byte(body))
		if err == nil {
			return
		}
		where, what, _ := strings.Cut(err.Error(), ": ")
		if where == "" || what == "" || strings.ContainsAny(err.Error(), "\n\r") {
			t.Fatalf("want one line with a place, found %q", err)
		}
	})
}
