package pivot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	jskind "github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/callhours/callhours/internal/files"
)

// Schemas are those of one cluster: the documents of JSON Schema draft-04 that Kazoo keeps in its
// database system_schemas and shows under /v2/schemas. They describe what that cluster accepts,
// where the catalog describes its version. Schemas may be used by many goroutines at once.
type Schemas struct {
	action  *jsonschema.Schema
	data    map[string]*jsonschema.Schema // by module
	printer *message.Printer
}

// maxSchema bounds the file of one schema, in bytes.
const maxSchema = 4 << 20

// schemaBase is what names of schemas are relative to.
const schemaBase = "kazoo:///"

// LoadSchemas reads the schemas of a directory, NAME.json each: as they stand in Kazoo's sources,
// or as `GET /v2/schemas/NAME` answers, with its envelope. callflows.action must be there, a
// callflows.MODULE for each module that answers may have, and what these refer to.
func LoadSchemas(dir fs.FS) (*Schemas, error) {
	in := files.Tree{FS: dir}
	names, err := in.Glob("*.json")
	if err != nil {
		return nil, err
	}
	documents := schemaDocuments{}
	for _, file := range names {
		body, _, err := in.Read(file, maxSchema)
		if err != nil {
			return nil, err
		}
		document, err := readSchema(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		documents[strings.TrimSuffix(path.Base(file), ".json")] = document
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4)
	compiler.UseLoader(documents)
	compiler.AssertFormat()
	for _, f := range kazooFormats() {
		compiler.RegisterFormat(f)
	}
	s := Schemas{data: map[string]*jsonschema.Schema{}, printer: message.NewPrinter(language.English)}
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		module, isModule := strings.CutPrefix(name, "callflows.")
		if !isModule {
			continue
		}
		schema, err := compiler.Compile(schemaBase + name)
		if err != nil {
			return nil, fmt.Errorf("%s.json: %w", name, s.compileError(err))
		}
		switch {
		case module == "action":
			s.action = schema
		case !strings.Contains(module, "."): // else it is a part of one, which Kazoo takes and then has nothing to run
			s.data[module] = schema
		}
	}
	if s.action == nil {
		return nil,
			errors.New("there is no callflows.action.json; save the answers of GET /v2/schemas/NAME as NAME.json")
	}
	return &s, nil
}

// readSchema reads a document and makes it mean what it means to Kazoo.
func readSchema(body []byte) (any, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	schema, ok := document.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("expected a schema, found %s", describe(bytes.TrimSpace(body)))
	}
	if sub, ok := schema["data"].(map[string]any); ok && schema["$schema"] == nil { // the API's envelope
		schema = sub
	}
	for _, name := range []string{"id", "_id"} { // Kazoo names the document by it; to draft-04 id is an address
		delete(schema, name)
	}
	adaptSchema(schema, "")
	return schema, nil
}

// adaptSchema rewrites the schema of a member called name where Kazoo reads it in its own way. Keys
// beside a $ref count: the alternatives of audio_macro differ by them alone. A text with
// kazoo-validation is a URL that Kazoo sends requests to, unless it is the name of a module.
// Formats that jesse does not know are dropped.
func adaptSchema(schema any, name string) {
	s, ok := schema.(map[string]any)
	if !ok {
		return
	}
	if ref, ok := s["$ref"].(string); ok && len(s) > 1 {
		delete(s, "$ref")
		others, _ := s["allOf"].([]any)
		s["allOf"] = append(others, map[string]any{"$ref": ref})
	}
	format := s["format"]
	delete(s, "format")
	switch {
	case s["kazoo-validation"] == true && s["type"] == "string" && name != "module":
		s["format"] = urlFormat
	case format == "email":
		s["format"] = emailFormat
	case format == "date-time", format == "ipv4", format == "ipv6":
		s["format"] = format
	}
	for key, value := range s {
		switch key {
		case "properties", "patternProperties", "definitions", "dependencies":
			named, _ := value.(map[string]any)
			for name, sub := range named {
				adaptSchema(sub, name)
			}
		case "oneOf", "anyOf", "allOf":
			list, _ := value.([]any)
			for _, sub := range list {
				adaptSchema(sub, name)
			}
		case "items", "additionalItems", "additionalProperties", "not":
			adaptSchema(value, "")
		}
	}
}

// schemaDocuments are the schemas by name. It hands them to the compiler.
type schemaDocuments map[string]any

// Load gives a schema by its address.
func (d schemaDocuments) Load(url string) (any, error) {
	name := strings.TrimPrefix(url, schemaBase)
	if document := d[name]; document != nil {
		return document, nil
	}
	return nil, fmt.Errorf("it refers to %s.json, and that schema does not exist", name)
}

// compileError returns in one line why a schema cannot be used.
func (s *Schemas) compileError(err error) error {
	if load, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return load.Err
	}
	if bad, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](bad.Err); ok {
			f := s.finding(invalid, nil, nil)
			return fmt.Errorf("no schema of draft-04: %s: %s", cmp.Or(f.Path, "at the top"), f.Message)
		}
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// Check reports whether the cluster accepts a callflow: nil if it does, else a *[Finding], without
// an offset unless the body is not JSON. As Kazoo does, it fills in defaults first, {} for missing
// data among them, and requires a schema for each module, and in each URL that the schemas mark a
// host that Kazoo sends requests to.
func (s *Schemas) Check(body []byte) error {
	c := checker{body: body}
	if finding := c.checkSyntax(); finding != nil {
		return finding
	}
	callflow, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return &Finding{Message: "not JSON: " + err.Error(), Offset: -1} // the syntax was found right
	}
	callflow = markFloats(callflow)
	fillDefaults(s.action, callflow, 0)
	if err := s.action.Validate(callflow); err != nil {
		return s.validationFinding(err, callflow, nil)
	}
	if f := s.checkData(callflow, callflow, nil); f != nil {
		return f
	}
	return nil
}

// markFloats makes 1.0 and 1e3 fail as integers, as in Kazoo. The library goes by the value, so
// that they get another one.
func markFloats(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = markFloats(v[name])
		}
	case []any:
		for i := range v {
			v[i] = markFloats(v[i])
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && isFloat([]byte(v)) && f == math.Trunc(f) {
			return json.Number(strconv.FormatFloat(f, 'f', 0, 64) + ".000001")
		}
	}
	return v
}

// checkData validates the data of a well-formed action, and of those below it. steps lead to it.
func (s *Schemas) checkData(root, action any, steps []string) *Finding {
	a, ok := action.(map[string]any)
	if !ok { // a key that callflows.action says nothing of
		return &Finding{Path: findingPath(root, steps), Message: "expected " + actionExample, Offset: -1}
	}
	module, _ := a["module"].(string)
	schema := s.data[module]
	if schema == nil {
		return &Finding{
			Path: findingPath(root, append(steps, "module")), Offset: -1,
			Message: fmt.Sprintf("%q has no schema callflows.%s%s", module, module,
				suggestModule(builtIn().aliases, slices.Sorted(maps.Keys(s.data)), module)),
		}
	}
	if data, given := a["data"]; given {
		fillDefaults(schema, data, 0)
		if err := schema.Validate(data); err != nil {
			return s.validationFinding(err, root, append(steps, "data"))
		}
	}
	children, _ := a["children"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(children)) {
		if f := s.checkData(root, children[key], append(slices.Clip(steps), "children", key)); f != nil {
			return f
		}
	}
	return nil
}

func (s *Schemas) validationFinding(err error, root any, steps []string) *Finding {
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return s.finding(invalid, root, steps)
	}
	return &Finding{Path: findingPath(root, steps), Message: err.Error(), Offset: -1}
}

// finding returns the first problem as a Finding.
func (s *Schemas) finding(e *jsonschema.ValidationError, root any, steps []string) *Finding {
	for {
		alternatives := false
		switch k := e.ErrorKind.(type) {
		case *jskind.OneOf:
			alternatives = len(k.Subschemas) == 0
		case *jskind.AnyOf:
			alternatives = true
		}
		if alternatives || len(e.Causes) == 0 {
			break
		}
		e = slices.MinFunc(e.Causes, func(a, b *jsonschema.ValidationError) int {
			return slices.Compare(a.InstanceLocation, b.InstanceLocation)
		})
	}
	text := e.ErrorKind.LocalizedString(s.printer)
	if format, ok := e.ErrorKind.(*jskind.Format); ok {
		want := map[string]valueKind{emailFormat: emailKind, urlFormat: urlKind}
		if k, ours := want[format.Want]; ours {
			got, _ := format.Got.(string)
			text = fmt.Sprintf("expected %s, found %.60q", (&value{kind: k}).String(), got)
			if k == urlKind {
				why, _ := checkURL([]byte(got), true)
				text += why
			}
		}
	}
	if len(e.Causes) > 0 {
		causes := make([]string, len(e.Causes))
		for i, cause := range e.Causes {
			causes[i] = s.finding(cause, root, steps).Message
		}
		text += ": " + strings.Join(causes, "; or ")
	}
	return &Finding{
		Path: findingPath(root, append(slices.Clip(steps), e.InstanceLocation...)), Message: text,
		Offset: -1,
	}
}

// findingPath formats the steps to a value as the path of a finding.
func findingPath(root any, steps []string) string {
	var b strings.Builder
	for _, step := range steps {
		switch sub := root.(type) {
		case []any:
			i, _ := strconv.Atoi(step)
			fmt.Fprintf(&b, "[%d]", i)
			root = sub[i]
			continue
		case map[string]any:
			root = sub[step]
		}
		b.WriteString("." + quoteName(step))
	}
	return b.String()
}
