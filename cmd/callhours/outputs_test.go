package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"

	"github.com/callhours/callhours/console"
)

// outputDocs is where the schemas of outputs stand.
const outputDocs = "../../docs/schema/output"

// allCommands are the commands of the program that do something, by their names below the root.
func allCommands(env environment) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	var add func(cmd *cobra.Command)
	add = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if strings.HasPrefix(sub.Name(), "__") {
				continue
			}
			all[strings.TrimPrefix(sub.CommandPath(), "callhours ")] = sub
			add(sub)
		}
	}
	root := rootCommand(env)
	root.InitDefaultHelpCmd()
	add(root)
	return all
}

// TestOutputSchemas: each command with --format json has a schema, which is among the documents,
// and lists every field of each object. UPDATE=1 writes the documents.
func TestOutputSchemas(t *testing.T) {
	t.Parallel()
	o := loadOutputs()
	for name, cmd := range allCommands(environment{}) {
		flag := cmd.Flag("format")
		if writes := flag != nil && strings.Contains(flag.Usage, "json"); writes != (o.schema(name) != nil) {
			t.Errorf("callhours %s: writes JSON: %t, has a schema: %t", name, writes, !writes)
		}
	}
	var own outputs
	var description struct {
		Components struct{ Schemas map[string]any }
	}
	if err := errors.Join(json.Unmarshal(outputsText, &own), json.Unmarshal(console.OpenAPIText(), &description)); err != nil {
		t.Fatal(err)
	}
	for name := range own.Definitions {
		if _, taken := description.Components.Schemas[name]; taken {
			t.Errorf("the API's description has another %s", name)
		}
	}
	var files []string
	for _, name := range o.commands() {
		file, want := strings.ReplaceAll(name, " ", "-")+".schema.json", o.schema(name)
		files = append(files, file)
		path := filepath.Join(outputDocs, file)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(got), string(want)); diff != "" {
			t.Errorf("%s (-document +program); UPDATE=1 writes it:\n%s", path, diff)
		}
		var document map[string]any
		if err := json.Unmarshal(want, &document); err != nil {
			t.Fatal(err)
		}
		if open := openObjects(name, document); len(open) > 0 {
			t.Errorf("these take fields that are not listed: %q", open)
		}
	}
	found, err := filepath.Glob(filepath.Join(outputDocs, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range found {
		found[i] = filepath.Base(path)
	}
	if slices.Sort(files); !slices.Equal(found, files) {
		t.Errorf("the documents are %q, want %q", found, files)
	}
}

// openObjects are the places of schemas that list fields and take others too.
func openObjects(place string, schema any) []string {
	var open []string
	switch s := schema.(type) {
	case map[string]any:
		if fields, lists := s["properties"].(map[string]any); lists && s["additionalProperties"] != false {
			open = append(open, fmt.Sprintf("%s %v", place, fields))
		}
		for name, member := range s {
			open = append(open, openObjects(place+"/"+name, member)...)
		}
	case []any:
		for _, element := range s {
			open = append(open, openObjects(place, element)...)
		}
	}
	return open
}

// validateOutput holds what a command has written against its schema: an object, or several for a
// command that keeps running.
func validateOutput(command string, output []byte) error {
	text := loadOutputs().schema(command)
	if text == nil {
		return fmt.Errorf("callhours %s has no schema", command)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("output.json", document); err != nil {
		return err
	}
	schema, err := c.Compile("output.json")
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(output))
	for n := 0; ; n++ {
		var value json.RawMessage
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) && n > 0 {
			return nil
		} else if err != nil {
			return err
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
		if err == nil {
			err = schema.Validate(instance)
		}
		if err != nil {
			return fmt.Errorf("callhours %s: %w\n%s", command, err, value)
		}
	}
}

// validate is the command of scripts.
func validate(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(validateOutput(strings.Join(args, " "), []byte(ts.ReadFile("stdout"))))
}

// TestOutputsOfExamples: what commands write about the examples is as their schemas say, and a field
// more would not be.
func TestOutputsOfExamples(t *testing.T) {
	t.Parallel()
	configs, err := filepath.Glob("../../examples/*/callhours.yaml")
	if err != nil || len(configs) < 3 {
		t.Fatalf("%q, %v", configs, err)
	}
	for _, config := range configs {
		t.Run(filepath.Base(filepath.Dir(config)), func(t *testing.T) {
			t.Parallel()
			env := environment{
				stderr: io.Discard, now: func() time.Time { return time.Date(2026, 12, 24, 15, 0, 0, 0, time.UTC) },
			}
			in, err := openSilently(config, env)
			if err != nil {
				t.Fatal(err)
			}
			lines := [][]string{{"check"}, {"test"}, {"explain", "--path", "/nowhere"}}
			for _, r := range in.file.Routes {
				lines = append(lines, []string{"hours", r.Name}, []string{"explain", r.Name})
			}
			for _, c := range in.file.Calendars {
				lines = append(lines, []string{"events", c.Name})
			}
			for _, args := range lines {
				var out bytes.Buffer
				env.stdout = &out
				if code := run(t.Context(), append(args, "-c", config, "--format", "json"), env); code == exitUsage {
					t.Errorf("%q ends with %d", args, code)
					continue
				}
				if err := validateOutput(args[0], out.Bytes()); err != nil {
					t.Error(err)
				}
				more := append([]byte(`{"unlisted": 1,`), bytes.TrimSpace(out.Bytes())[1:]...)
				if validateOutput(args[0], more) == nil {
					t.Errorf("%q may write a field that is not listed", args)
				}
			}
		})
	}
}
