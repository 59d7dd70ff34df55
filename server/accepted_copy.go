package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
)

// The accepted copy: the files of the generation that answers, in one file of the state directory,
// named by the path of the main file. Secrets are among them.
const (
	acceptedDir     = "accepted"
	acceptedName    = "configuration" // and a hash of the main file's absolute path; alone it is the former version's
	acceptedVersion = 1
	maxAccepted     = 1 << 30             // how many bytes are read of it
	maxAcceptedHead = 64 << 10            // of its first line
	unusedAccepted  = 90 * 24 * time.Hour // how long copies of other main files are kept
	setAside        = ".corrupt"          // follows the name of a copy that is not as it was written
)

// acceptedHeader is the first line of the copy; the files follow as JSON.
type acceptedHeader struct {
	Version int       `json:"callhours_accepted"`
	Main    string    `json:"main"`        // path of the main file, as it was given
	Dir     string    `json:"working_dir"` // where relative paths start; "": the former version did not say
	Name    string    `json:"generation"`
	Saved   time.Time `json:"saved"`
	Bytes   int       `json:"bytes"` // that follow
	SHA256  string    `json:"sha256"`
}

// errNewerAccepted says that a copy is a later version's.
var errNewerAccepted = errors.New(
	"the accepted copy was written by a newer version of callhours, and is left as it is; nothing is kept in its place")

// mainPath tells main files apart: the absolute path, however it is spelled. Links are not
// followed, since those of Kubernetes and of releases lead elsewhere with each update.
func mainPath(main string) string {
	if path, err := filepath.Abs(main); err == nil {
		return path
	}
	return filepath.Clean(main)
}

func acceptedFile(main string) string {
	const digits = 16
	sum := sha256.Sum256([]byte(mainPath(main)))
	return acceptedName + "-" + hex.EncodeToString(sum[:])[:digits]
}

// saveAccepted writes the accepted copy, whole or not at all.
func saveAccepted(dir string, g *Generation, now time.Time) error {
	body, err := g.file.Inputs.Pack()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	working := strings.TrimSuffix(mainPath("x"), string(filepath.Separator)+"x")
	line, err := json.Marshal(
		acceptedHeader{
			acceptedVersion, g.file.Path, cmp.Or(working, "/"), g.name, now.UTC(), len(body),
			hex.EncodeToString(sum[:]),
		})
	if err != nil {
		return err
	}
	into, name := filepath.Join(dir, acceptedDir), acceptedFile(g.file.Path)
	disk := durable.Disk{Root: dir}
	if err := disk.MakeDir(into); err != nil {
		return err
	}
	tidy(disk, into, name, now)
	if isNewerAccepted(filepath.Join(into, name)) {
		return errNewerAccepted
	}
	return disk.Write(into, name, append(append(line, '\n'), body...))
}

// isNewerAccepted reports whether a copy is a newer version's. What cannot be read is not.
func isNewerAccepted(path string) bool {
	head, err := files.Head(path, maxAcceptedHead)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	var h acceptedHeader
	return err == nil && json.Unmarshal(line, &h) == nil && h.Version > acceptedVersion
}

// tidy removes what a crash has left half written, and copies of other main files that have not
// been written for long.
func tidy(disk durable.Disk, dir, own string, now time.Time) {
	entries, err := files.List(dir)
	if err != nil {
		return // writing will say so
	}
	for _, e := range entries {
		info, err := e.Info()
		old := err == nil && now.Sub(info.ModTime()) > unusedAccepted && e.Name() != own
		if old || strings.HasPrefix(e.Name(), durable.Partial) {
			_ = disk.Remove(filepath.Join(dir, e.Name())) // it is in nobody's way
		}
	}
}

// readAccepted reads the accepted copy of a main file; nil without an error if there is none. One
// that is not as it was written is set aside, unless the directory is another process's, and the
// error says so.
func readAccepted(dir, main string, readOnly bool) (*config.Inputs, error) {
	if dir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, acceptedDir, acceptedFile(main))
	content, err := files.Read(path, maxAccepted)
	if errors.Is(err, fs.ErrNotExist) { // a former version's, if any
		path = filepath.Join(dir, acceptedDir, acceptedName)
		content, err = files.Read(path, maxAccepted)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the accepted copy cannot be read: %w", err)
	}
	header, inputs, err := parseAccepted(content, main)
	switch {
	case err == nil:
	case readOnly || errors.Is(err, errNewerAccepted):
		return nil, fmt.Errorf("%s: %w", path, err)
	default:
		err = fmt.Errorf("%s: %w; it is set aside as %s", path, err, filepath.Base(path)+setAside)
		return nil,
			errors.Join(err, durable.Disk{Root: dir}.Do(durable.Rename, path, func() error {
				return os.Rename(path, path+setAside)
			}))
	}
	if !header.isOf(main, dir) {
		return nil,
			fmt.Errorf("%s: the accepted copy is of %s and not of %s; it is not used", path,
				filepath.Join(header.Dir, header.Main), mainPath(main))
	}
	return inputs, nil
}

// isOf reports whether a copy is of a main file. The former version did not say where a relative
// path starts: it is taken to be the same file where the state directory lies beside it.
func (h acceptedHeader) isOf(main, dir string) bool {
	switch {
	case filepath.IsAbs(h.Main):
		return filepath.Clean(h.Main) == mainPath(main)
	case h.Dir != "":
		return filepath.Join(h.Dir, h.Main) == mainPath(main)
	}
	inside := strings.HasPrefix(mainPath(dir),
		strings.TrimSuffix(filepath.Dir(mainPath(main)), string(filepath.Separator))+string(filepath.Separator))
	return filepath.Clean(h.Main) == filepath.Clean(main) && inside
}

// spell gives the paths of a copy as the present spelling of its main file brings them about.
func (h acceptedHeader) spell(main string) func(string) string {
	return func(path string) string {
		switch {
		case path == h.Main:
			return main
		case filepath.IsAbs(path) == filepath.IsAbs(main):
			return path
		case filepath.IsAbs(main):
			return filepath.Join(h.Dir, path)
		case filepath.IsAbs(h.Main):
			if short, err := filepath.Rel(mainPath("."), path); err == nil {
				return short
			}
		}
		return path
	}
}

func parseAccepted(content []byte, main string) (h acceptedHeader, _ *config.Inputs, _ error) {
	line, body, _ := bytes.Cut(content, []byte("\n"))
	if err := json.Unmarshal(line, &h); err != nil || h.Version < 1 {
		return h, nil, errors.New("it is not an accepted copy")
	}
	if h.Version > acceptedVersion {
		return h, nil, errNewerAccepted
	}
	sum := sha256.Sum256(body)
	if len(body) != h.Bytes || hex.EncodeToString(sum[:]) != h.SHA256 {
		return h, nil, fmt.Errorf("its %d bytes are not the %d that were written", len(body), h.Bytes)
	}
	inputs, err := config.Unpack(body, h.spell(main))
	if err != nil {
		return h, nil, errors.New("it is not an accepted copy")
	}
	return h, inputs, nil
}
