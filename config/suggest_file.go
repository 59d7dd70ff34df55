package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// maxBeside is how many names a directory may have in which a similar name is searched.
const maxBeside = 1000

// suggestFile ends a message about a missing file or directory with a similar name beside it, if
// any.
func (d disk) suggestFile(name string) string {
	names, err := d.list(cmp.Or(d.dir(name), "."))
	if err != nil || len(names) > maxBeside {
		return ""
	}
	wanted := path.Base(filepath.ToSlash(name))
	if n := nearest(wanted, names); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	stem := func(s string) string { return strings.TrimSuffix(s, path.Ext(s)) }
	for _, n := range names {
		if path.Ext(wanted) != "" && path.Ext(n) != "" && strings.EqualFold(stem(n), stem(wanted)) {
			return "; did you mean " + diag.Excerpt(n) + "?"
		}
	}
	return ""
}

// suggestMissing is suggestFile for a file that could not be read; "" unless it is missing.
func (s *source) suggestMissing(name, home string, err error) string {
	if !errors.Is(err, fs.ErrNotExist) || s.inputs.frozen {
		return ""
	}
	if s.counter.suggestions++; s.counter.suggestions > maxSuggested {
		return ""
	}
	return s.inputs.disk.confinedTo(home).suggestFile(name)
}

// readAs is read on behalf of a tenant's file; "" for the operator.
func (s *source) readAs(path Text, tenant string) (*Input, bool) {
	input := s.inputs.read(path.S, tenant)
	if input.Err != nil {
		s.mistakes = append(s.mistakes, diag.Mistake{
			Pos: path.Pos, Other: diag.Pos{File: path.S},
			Message: fmt.Sprintf("%s: %v%s", path.S, input.Err,
				s.suggestMissing(path.S, s.inputs.confinedDir(path.S, tenant), input.Err)),
		})
	}
	return input, input.Err == nil
}

// SuggestFile ends a message about a missing file with a similar name beside it, if any. Nothing
// outside of home is read, if that is given.
func (f *File) SuggestFile(name, home string) string {
	if f.Inputs.frozen {
		return ""
	}
	return f.Inputs.disk.confinedTo(home).suggestFile(name)
}
