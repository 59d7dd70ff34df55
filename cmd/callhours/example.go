package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/callhours/callhours/examples"
	"github.com/callhours/callhours/internal/files"
)

// findConfig is the configuration that no name stands for, and where it is: ./callhours.yaml, or
// the built-in example. A link that leads nowhere is somebody's configuration: reading it says what
// is wrong.
func findConfig(path string) (string, fs.FS) {
	if path != "" {
		return path, nil
	}
	_, err := files.Stat(examples.Config)
	if _, link := errors.AsType[*files.LinkError](err); errors.Is(err, fs.ErrNotExist) && !link {
		return examples.Config, examples.FrontDesk()
	}
	return examples.Config, nil
}

// missingConfig is that no configuration is named and none is here.
type missingConfig struct {
	found  string // what lies here of an installation; "" if nothing does
	advice string
}

// findMissingConfig tells a directory that has lost its configuration, or has it under another
// name, from one that never had any.
func findMissingConfig() missingConfig {
	match := func(patterns ...string) []string {
		var names []string
		for _, p := range patterns {
			found, _ := files.Tree{}.Glob(p) // what cannot be read is not there
			names = append(names, found...)
		}
		return names
	}
	for _, name := range match("*") {
		if lower := strings.ToLower(name); strings.TrimSuffix(lower, path.Ext(lower)) == "callhours" &&
			(path.Ext(lower) == ".yaml" || path.Ext(lower) == ".yml") {
			return missingConfig{name, fmt.Sprintf("rename it to %s, or use -c %s", examples.Config, name)}
		}
	}
	if named := match("*/"+examples.Config, "config.yaml", "config.yml", examples.Config+".*"); len(named) > 0 {
		return missingConfig{named[0], "start in the right directory, or use -c " + named[0]}
	}
	// The example's own files, which people start from, and those that only a configuration gives a
	// meaning.
	if remains := match("*_test.yaml", "*.json.tmpl", "*/*.json.tmpl", "*.ics"); len(remains) > 0 {
		return missingConfig{
			remains[0],
			fmt.Sprintf("put %s back, or name the configuration with -c FILE", examples.Config),
		}
	}
	return missingConfig{}
}

// String says what is missing, and what to do.
func (a missingConfig) String() string {
	if a.found == "" {
		return fmt.Sprintf("there is no ./%s here; this is the built-in example, which callhours init DIR writes out; "+
			"use -c FILE for a configuration of your own", examples.Config)
	}
	return fmt.Sprintf("%s is here, but no ./%s; %s", a.found, examples.Config, a.advice)
}

// warning is String for commands that go on with the built-in example.
func (a missingConfig) warning() string {
	if a.found == "" {
		return a.String()
	}
	return a.String() + "; until then this is the built-in example, and nothing here is of your own"
}

// serveWarning is String for serve.
func (a missingConfig) serveWarning() string {
	if a.found == "" {
		return fmt.Sprintf("there is no ./%s here; the built-in example is served, on loopback only; "+
			"use -c FILE for a configuration of your own", examples.Config)
	}
	return a.String() + "; until then the built-in example is served, on loopback only, and none of your routes"
}

// acceptExample says on standard error that the built-in example is what check or test goes by.
// Where something of an installation lies around, it was not meant, and its success would be taken
// for that installation's.
func acceptExample(env environment) error {
	a := findMissingConfig()
	if a.found != "" {
		return usageError(errors.New(a.String()))
	}
	fmt.Fprintln(env.stderr, "warning: "+a.String())
	return nil
}
