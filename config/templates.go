package config

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// TemplateFiles are the files of the directory Templates; nil when there is none.
func (f *File) TemplateFiles() fs.FS {
	if f.Templates == "" || f.TemplatesUnreadable {
		return nil
	}
	return templateFiles{f.Inputs, f.Templates}
}

// TemplateInputs are these files, by path, without those that could not be read.
func (f *File) TemplateInputs() []Input {
	var list []Input
	for _, name := range f.Inputs.listings[DirQuery{Name: f.Templates, Directory: true}].names {
		if input := f.Inputs.files[f.Inputs.disk.join(f.Templates, name)]; input != nil && input.Err == nil {
			list = append(list, *input)
		}
	}
	return list
}

// SimilarTemplate returns a file in the directory of templates with the name of a template and
// another extension; "" if there is none.
func (f *File) SimilarTemplate(name string) string {
	if f.Templates == "" || f.Inputs.frozen {
		return ""
	}
	files, err := f.Inputs.disk.list(f.Templates)
	if err != nil {
		return ""
	}
	for _, file := range files {
		if stem, _, _ := strings.Cut(file, "."); strings.EqualFold(stem, name) && strings.Contains(file, ".") {
			return file
		}
	}
	return ""
}

// maxSearched is how many directories are searched for a misplaced template.
const maxSearched = 100

// MisplacedTemplate returns the path of a template's file in a wrong place: in a sub-directory of
// Templates or, with set false, where no Templates are set, beside the main file or in a directory
// there; "" if there is none.
func (f *File) MisplacedTemplate(name string) (file string, set bool) {
	set = f.Templates != ""
	if f.Inputs.frozen {
		return "", set
	}
	top := f.Templates
	if !set {
		top = cmp.Or(f.Dir, ".")
	}
	wanted := path.Base(name) + templateExt
	names, err := f.Inputs.disk.list(top)
	if err != nil {
		return "", set
	}
	if !set && slices.Contains(names, wanted) {
		return "./" + wanted, set
	}
	for i, dir := range names {
		if i == maxSearched {
			break
		}
		in, err := f.Inputs.disk.list(f.Inputs.disk.join(top, dir))
		if err == nil && slices.Contains(in, wanted) {
			return "./" + path.Join(map[bool]string{true: top}[set], dir, wanted), set
		}
	}
	return "", set
}

// templateFiles shows the inputs of one directory.
type templateFiles struct {
	inputs *Inputs
	dir    string
}

func (t templateFiles) Open(name string) (fs.File, error) {
	input, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	return &openFile{bytes.NewReader(input.Bytes), fileInfo{name, input}}, nil
}

func (t templateFiles) ReadFile(name string) ([]byte, error) {
	input, err := t.find("read", name)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(input.Bytes), nil
}

func (t templateFiles) Stat(name string) (fs.FileInfo, error) {
	input, err := t.find("stat", name)
	if err != nil {
		return nil, err
	}
	return fileInfo{name, input}, nil
}

func (t templateFiles) Glob(pattern string) ([]string, error) {
	var names []string
	for _, name := range t.inputs.listings[DirQuery{Name: t.dir, Directory: true}].names {
		matched, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if matched {
			names = append(names, name)
		}
	}
	return names, nil
}

func (t templateFiles) find(op, name string) (*Input, error) {
	if name == "." {
		return &Input{Path: t.dir, Mode: fs.ModeDir | 0o700},
			t.inputs.listings[DirQuery{Name: t.dir, Directory: true}].err
	}
	input := t.inputs.files[t.inputs.disk.join(t.dir, name)]
	switch {
	case input == nil || !fs.ValidPath(name):
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	case input.Err != nil:
		return nil, &fs.PathError{Op: op, Path: name, Err: input.Err}
	}
	return input, nil
}

// openFile is an input as it is read.
type openFile struct {
	*bytes.Reader
	info fileInfo
}

func (o *openFile) Stat() (fs.FileInfo, error) { return o.info, nil }

func (o *openFile) Close() error { return nil }

// fileInfo describes an input. It has no time, which nothing reads.
type fileInfo struct {
	name string
	in   *Input
}

func (i fileInfo) Name() string       { return path.Base(i.name) }
func (i fileInfo) Size() int64        { return int64(len(i.in.Bytes)) }
func (i fileInfo) Mode() fs.FileMode  { return i.in.Mode }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.in.Mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }
