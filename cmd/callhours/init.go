package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/examples"
)

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "write the built-in example as files to start from",
		Long: `init writes the built-in example into DIR: the configuration, the calendars of
open hours and holidays, a template, and routing tests. It creates DIR, and
never overwrites a file.

  callhours init office
  callhours serve -c office/callhours.yaml`,
		Args: arguments(1, 1, "DIR, the directory to write to"),
		RunE: func(cmd *cobra.Command, args []string) error {
			written, err := writeOut(examples.FrontDesk(), args[0])
			for _, name := range written {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			if err != nil {
				return failure(writeError(err))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\nTry it:\n  callhours serve -c %s\n",
				filepath.Join(args[0], examples.Config))
			return nil
		},
	}
}

// writeError is the error of writing a file, without the name of the system's function.
func writeError(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot write %s: %w", p.Path, p.Err)
	}
	return err
}

// writeOut copies files into a directory, none of them over another, and gives the names of those
// it wrote. Nothing is written when any of them is there already.
func writeOut(from fs.FS, dir string) ([]string, error) {
	var names []string
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			return nil,
				fmt.Errorf("%s already exists, and nothing was written; use another directory, or move the file away", to)
		}
	}
	var written []string
	for _, name := range names {
		to := filepath.Join(dir, filepath.FromSlash(name))
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return written, err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return written, err
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			return written, err
		}
		written = append(written, to)
	}
	return written, nil
}
