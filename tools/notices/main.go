// Notices writes the licences of all that is linked into a program: notices PROGRAM FILE. PROGRAM
// is built by `make build`; the licences are those in the module cache (of a module, and of what it
// holds of others below its directory), in Go's own directory and beside the embedded data. The
// same program gives the same bytes.
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
	dir   string // of a module; "" else
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
	dir := filepath.Dir(file)
	packages, err := linked(dir)
	if err != nil {
		return err
	}
	var parts []part
	for _, dep := range info.Deps {
		p, err := module(dep.Path+"@"+dep.Version, packages)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	parts = append(
		parts,
		part{
			"Go's standard library and runtime", "",
			[]string{filepath.Join(root, "LICENSE"), filepath.Join(root, "PATENTS")},
		},
		part{
			"Unicode CLDR, names of Windows time zones", "",
			[]string{filepath.Join(dir, "calendars", "zones", "tzdata", "windows.LICENSE")},
		},
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
			shown := filepath.Base(name)
			if p.dir != "" {
				shown = strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(name, p.dir)), "/")
			}
			fmt.Fprintf(&out, "\n--- %s\n\n%s\n", shown, bytes.Trim(text, "\n"))
		}
	}
	fmt.Fprintf(&out, "\n%s\nIANA time zone database\n\nThe time zone data are in the public domain.\n",
		strings.Repeat("=", 80))
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// linked are the directories of the packages that are linked into callhours, whose repository is in
// dir.
func linked(dir string) ([]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.Dir}}{{end}}", "./cmd/callhours")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}

// isLicence reports whether a file is about whose the text beside it is.
func isLicence(name string) bool {
	first, _, _ := strings.Cut(strings.ToLower(name), ".")
	return slices.Contains([]string{"license", "licence", "copying", "notice", "patents", "authors"}, first)
}

// below are the licence files of what a module has copied from others: those between the
// directories of its linked packages and its own.
func below(module string, packages []string) ([]string, error) {
	seen, found := map[string]bool{module: true}, []string{}
	for _, dir := range packages {
		for ; strings.HasPrefix(dir, module+string(filepath.Separator)) && !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			entries, err := os.ReadDir(dir)
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if isLicence(e.Name()) && !e.IsDir() && filepath.Ext(e.Name()) != ".go" {
					found = append(found, filepath.Join(dir, e.Name()))
				}
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// module finds the licence files of a module in the module cache.
func module(name string, packages []string) (part, error) {
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
	p := part{Name: name, dir: m.Dir}
	licensed := false
	for _, e := range entries {
		if !isLicence(e.Name()) {
			continue
		}
		first, _, _ := strings.Cut(strings.ToLower(e.Name()), ".")
		licensed = licensed || strings.HasPrefix(first, "li") || first == "copying"
		p.files = append(p.files, filepath.Join(m.Dir, e.Name()))
	}
	if !licensed {
		return part{}, fmt.Errorf("%s has no licence file; do not link it", name)
	}
	nested, err := below(m.Dir, packages)
	p.files = append(p.files, nested...)
	return p, err
}

func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
