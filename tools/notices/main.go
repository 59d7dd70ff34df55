// Notices writes the licences of all that is linked into a program: notices PROGRAM FILE. PROGRAM is built by `make build`; the
// licences are those in the module cache, in Go's own directory and beside the embedded data. The same program gives the same bytes.
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: notices PROGRAM FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// part is something linked in, and the files that hold its licence.
type part struct {
	Name  string
	files []string
}

func write(program, file string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	root, err := output("go", "env", "GOROOT")
	if err != nil {
		return err
	}
	var parts []part
	for _, dep := range info.Deps {
		p, err := module(dep.Path + "@" + dep.Version)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	dir := filepath.Dir(file)
	parts = append(
		parts,
		part{"Go's standard library and runtime", []string{filepath.Join(root, "LICENSE"), filepath.Join(root, "PATENTS")}},
		part{"Unicode CLDR, names of Windows time zones", []string{filepath.Join(dir, "calendars", "tzdata", "windows.LICENSE")}},
	)
	var out bytes.Buffer
	out.WriteString("Third-party software and data in callhours; written by `make notices`.\n")
	for _, p := range parts {
		fmt.Fprintf(&out, "\n%s\n%s\n", strings.Repeat("=", 80), p.Name)
		for _, name := range p.files {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
			fmt.Fprintf(&out, "\n--- %s\n\n%s\n", filepath.Base(name), bytes.Trim(text, "\n"))
		}
	}
	fmt.Fprintf(&out, "\n%s\nIANA time zone database\n\nThe time zone data are in the public domain.\n", strings.Repeat("=", 80))
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// module finds the licence files of a module in the module cache.
func module(name string) (part, error) {
	out, err := output("go", "mod", "download", "-json", name)
	if err != nil {
		return part{}, err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		return part{}, err
	}
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return part{}, err
	}
	p := part{Name: name}
	licensed := false
	for _, e := range entries {
		first, _, _ := strings.Cut(strings.ToLower(e.Name()), ".")
		if !slices.Contains([]string{"license", "licence", "copying", "notice", "patents", "authors"}, first) {
			continue
		}
		licensed = licensed || strings.HasPrefix(first, "li") || first == "copying"
		p.files = append(p.files, filepath.Join(m.Dir, e.Name()))
	}
	if !licensed {
		return part{}, fmt.Errorf("%s has no licence file; do not link it", name)
	}
	return p, nil
}

func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
