package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server"
)

// testFlags are the flags of test.
type testFlags struct {
	config, format, run, junit string
}

func testCommand(env environment) *cobra.Command {
	var a testFlags
	cmd := &cobra.Command{
		Use:   "test [FILE…]",
		Short: "run routing tests",
		Long: `test runs files of routing tests through the same code as live calls. A test is
a call at a time, and the branch and values expected for it.

  callhours test                          every *_test.yaml beside the configuration
  callhours test office_test.yaml
  callhours test --run "Christmas|lunch"
  callhours test --junit report.xml

A file names its configuration (config: NAME; otherwise callhours.yaml beside
the file), and may replace the contents of calendars. Nothing is fetched: other
calendars of feeds are read from their copies in state_dir, and are unknown
without a copy.

The exit code is 1 if a test fails, and 2 if a file has mistakes.`,
		RunE: func(cmd *cobra.Command, args []string) error { return test(cmd.Context(), a, args, env) },
	}
	f := cmd.Flags()
	f.StringVarP(&a.config, "config", "c", "",
		"configuration `file` to test (default: the one that each test file names)")
	completeConfigFlag(f)
	f.StringVar(&a.format, "format", "text", "output `format`: text, json or junit")
	f.StringVar(&a.run, "run", "", "run only the tests whose name matches this `regexp`")
	f.StringVar(&a.junit, "junit", "", "also write a JUnit XML report to this `file`")
	completeFlag(cmd, "format", "text", "json", "junit")
	return cmd
}

func test(ctx context.Context, a testFlags, paths []string, env environment) error {
	if !slices.Contains([]string{"text", "json", "junit"}, a.format) {
		return unknownFormat(a.format, "text", "json", "junit")
	}
	only, err := regexp.Compile(a.run)
	if err != nil {
		if detail, ok := errors.AsType[*syntax.Error](err); ok {
			err = errors.New(detail.Code.String())
		}
		return usageError(fmt.Errorf("--run %q is not a regular expression: %w", a.run, err))
	}
	files, paths, err := testFiles(a.config, paths)
	if err != nil {
		return usageError(err)
	}
	if files != nil { // the built-in example's
		if err := acceptExample(env); err != nil {
			return err
		}
	}
	tests, err := loadTests(a.config, files, paths, env)
	if err != nil {
		return usageError(err)
	}
	tests = slices.DeleteFunc(tests, func(t *preview.Test) bool { return !only.MatchString(t.Name()) })
	if len(tests) == 0 {
		return usageError(fmt.Errorf("--run %q matches no test", a.run))
	}
	results := []*preview.TestResult{}
	stop := startProgress(env, "running tests")
	defer stop()
	for _, t := range tests {
		r, err := t.Run(ctx)
		if err != nil {
			return failure(err)
		}
		results = append(results, r)
	}
	stop()
	if a.junit != "" {
		if err := writeJUnit(a.junit, results); err != nil {
			return usageError(fmt.Errorf("--junit: %w", writeError(err)))
		}
	}
	if err := report(env.stdout, a.format, results); err != nil {
		return failure(err)
	}
	if slices.ContainsFunc(results, func(r *preview.TestResult) bool { return !r.Passed() }) {
		return failure(errReported)
	}
	return nil
}

// testFiles are the files to run, and where they are read from; nil: the operating system. Without
// any it is those beside the configuration.
func testFiles(path string, named []string) (fs.FS, []string, error) {
	if len(named) > 0 {
		return nil, named, nil
	}
	path, fsys := findConfig(path)
	const pattern = "*_test.yaml"
	where := pattern
	if fsys == nil {
		where = filepath.Join(filepath.Dir(path), pattern)
	}
	found, err := files.Tree{FS: fsys}.Glob(where)
	if fsys == nil && len(found) == 0 {
		if _, missing := files.Stat(path); missing != nil {
			return nil, nil, missing
		}
	}
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no %s is beside %s; name the test files", pattern, path)
	}
	return fsys, found, err
}

// loadTests makes the tests of all files ready to run. The error is everything that is wrong with
// any of them, at once.
func loadTests(path string, files fs.FS, paths []string, env environment) ([]*preview.Test, error) {
	var tests []*preview.Test
	var mistakes diag.Mistakes
	built := map[string]testedConfiguration{} // by the path of the configuration
	take := func(err error) error {
		if some, ok := errors.AsType[diag.Mistakes](err); ok {
			mistakes, err = append(mistakes, some...), nil
		}
		return err
	}
	build := func(of string, named diag.Pos) (testedConfiguration, error) {
		c, known := built[of]
		if known {
			return c, nil
		}
		c, err := testedConfig(of, files, env)
		if errors.Is(err, fs.ErrNotExist) && named.Line > 0 {
			err = diag.Mistakes{diag.Mistakef(named, "%s", err)}
		}
		if err := take(err); err != nil {
			return testedConfiguration{}, err
		}
		built[of] = c
		return c, nil
	}
	steps := 0
	for _, p := range paths {
		var c testedConfiguration
		var err error
		if path != "" {
			if c, err = build(path, diag.Pos{}); err != nil {
				return nil, err
			}
		}
		written, wrong := config.LoadTests(p, config.Options{FS: files, Tested: c.file})
		if path == "" && written != nil {
			if c, err = build(written.Config.S, written.Config.Pos); err != nil {
				return nil, err
			}
			if c.file != nil && c.file.InTenantDir(p) {
				written, wrong = config.LoadTests(p, config.Options{FS: files, Tested: c.file})
			}
		}
		if err := take(wrong); err != nil {
			return nil, err
		}
		g := c.generation
		if written == nil || g == nil {
			continue
		}
		own, err := g.Tests(written, files, env.now(), &steps)
		if err := take(err); err != nil {
			return nil, err
		}
		tests = append(tests, own...)
	}
	return tests, mistakes.Err()
}

// testedConfiguration is a configuration for tests.
type testedConfiguration struct {
	file       *config.File       // as far as it was understood; nil: not at all
	generation *server.Generation // nil: it is wrong
}

// testedConfig builds a configuration for tests. Its warnings are left to check.
func testedConfig(path string, files fs.FS, env environment) (testedConfiguration, error) {
	file, err := config.Load(path, config.Options{FS: files, CheckZone: zones.Check})
	var mistakes diag.Mistakes
	if errors.As(err, &mistakes) && file != nil {
		err = append(mistakes, server.Check(file, files, env.now())...).Err()
	}
	if err != nil {
		return testedConfiguration{file: file}, err
	}
	if files != nil {
		file.StateDir = "" // there is no directory beside it
	}
	g, err := server.Build(file, files, env.now())
	if err != nil {
		return testedConfiguration{file: file}, err
	}
	g.LoadCopies(env.now())
	return testedConfiguration{file, g}, nil
}

// report writes the results to standard output.
func report(to io.Writer, format string, results []*preview.TestResult) error {
	failed := 0
	for _, r := range results {
		if !r.Passed() {
			failed++
		}
	}
	switch format {
	case "json":
		return newEncoder(to, true).Encode(struct {
			Tests   int                   `json:"tests"`
			Failed  int                   `json:"failed"`
			Results []*preview.TestResult `json:"results"`
		}{len(results), failed, results})
	case "junit":
		return junit(to, results)
	}
	for _, r := range results {
		if err := r.Text(to); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(to, "\n%d of %d tests failed\n", failed, len(results))
	return err
}

func writeJUnit(path string, results []*preview.TestResult) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(junit(f, results), f.Close())
}
