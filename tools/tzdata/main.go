// Tzdata packs compiled time zone data into a zip file: tzdata DIR FILE. DIR is a zoneinfo
// directory as Debian's tzdata package installs it, with tzdata.zi in it. The same data give the
// same bytes.
package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: tzdata DIR FILE")
		os.Exit(2)
	}
	if err := pack(os.DirFS(os.Args[1]), os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pack(zones fs.FS, file string) error {
	rules, err := fs.ReadFile(zones, "tzdata.zi")
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(rules), "\n")
	version, ok := strings.CutPrefix(first, "# version ")
	if !ok {
		return errors.New("tzdata.zi does not begin with its version")
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if err := add(w, "+VERSION", []byte(version+"\n")); err != nil {
		return err
	}
	// Links are followed: a zone is stored under each of its names. The names are in order, as
	// WalkDir gives them.
	err = fs.WalkDir(zones, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == "right" || name == "posix" { // with leap seconds, and a copy
				return fs.SkipDir
			}
			return nil
		}
		body, err := fs.ReadFile(zones, name)
		if err != nil && name == "localtime" { // a link to this machine's own
			return nil
		}
		if err != nil || !bytes.HasPrefix(body, []byte("TZif")) || name == "localtime" || name == "posixrules" {
			return err
		}
		return add(w, name, body)
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// add stores a file without a time, so that packing again changes nothing.
func add(w *zip.Writer, name string, body []byte) error {
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return err
}
