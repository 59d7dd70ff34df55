package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// TestHung: each kind of access is given up when the file system does not answer, and while
// it waits everything else below the same root fails at once. It is not parallel, since what
// hangs counts for the process.
func TestHung(t *testing.T) {
	for _, step := range []Step{Create, Flush, Patch, Make, Remove} {
		synctest.Test(t, func(t *testing.T) {
			root := t.TempDir()
			if err := errors.Join(os.Mkdir(filepath.Join(root, "a"), 0o700), os.Mkdir(filepath.Join(root, "b"), 0o700),
				Write(filepath.Join(root, "a"), "x", []byte("old"))); err != nil {
				t.Fatal(err)
			}
			until := make(chan struct{})
			disk := Disk{Root: root, Fault: func(s Step, _ string) error {
				if s == step {
					<-until
				}
				return nil
			}}
			all := map[Step]func(dir string) error{
				Create: func(dir string) error {
					return disk.WriteUnsynced(filepath.Join(root, dir), "x", []byte("new"))
				},
				Flush: func(dir string) error { return disk.Write(filepath.Join(root, dir), "x", []byte("new")) },
				Patch: func(dir string) error {
					return disk.Amend(filepath.Join(root, dir), "x", 3, func([]byte) (int, []byte, error) {
						return 0, []byte("new"), nil
					})
				},
				Make:   func(dir string) error { return disk.MakeDir(filepath.Join(root, dir, "c")) },
				Remove: func(dir string) error { return disk.Remove(filepath.Join(root, dir, "x")) },
			}
			begun := time.Now()
			if err := all[step]("a"); !errors.Is(err, files.ErrHung) || time.Since(begun) != files.Timeout {
				t.Errorf("%s: got %v after %v", step, err, time.Since(begun))
			}
			for other, do := range all {
				if err := do("b"); !errors.Is(err, files.ErrHung) {
					t.Errorf("%s while %s hangs: got %v", other, step, err)
				}
			}
			if took := time.Since(begun); took != files.Timeout || files.Hung() != 1 {
				t.Errorf("%s: the others took %v, and %d threads wait", step, took-files.Timeout, files.Hung())
			}
			close(until)
			synctest.Wait()
			if err := disk.Write(filepath.Join(root, "b"), "x", []byte("new")); err != nil || files.Hung() != 0 {
				t.Errorf("%s, once it answers: %v, %d threads wait", step, err, files.Hung())
			}
		})
	}
}
