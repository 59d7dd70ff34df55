package server

import (
	"bytes"
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

// The accepted copy: the files of the generation that answers, in one file of the state directory. Secrets are among them.
const (
	acceptedDir     = "accepted"
	acceptedName    = "configuration"
	acceptedVersion = 1
	maxAccepted     = 1 << 30    // how many bytes are read of it
	setAside        = ".corrupt" // follows the name of a copy that is not as it was written
)

// acceptedHeader is the first line of the copy; the files follow as JSON.
type acceptedHeader struct {
	Version int       `json:"callhours_accepted"`
	Main    string    `json:"main"` // path of the main file
	Name    string    `json:"generation"`
	Saved   time.Time `json:"saved"`
	Bytes   int       `json:"bytes"` // that follow
	SHA256  string    `json:"sha256"`
}

// saveAccepted writes the accepted copy, whole or not at all.
func saveAccepted(dir string, g *Generation, now time.Time) error {
	body, err := g.file.Inputs.Pack()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	line, err := json.Marshal(acceptedHeader{acceptedVersion, g.file.Path, g.name, now.UTC(), len(body), hex.EncodeToString(sum[:])})
	if err != nil {
		return err
	}
	into := filepath.Join(dir, acceptedDir)
	if err := os.MkdirAll(into, 0o700); err != nil {
		return durable.Reason(err)
	}
	tidy(into)
	return durable.Write(into, acceptedName, append(append(line, '\n'), body...))
}

// tidy removes what a crash has left half written.
func tidy(dir string) {
	entries, err := files.List(dir)
	if err != nil {
		return // writing will say so
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), durable.Partial) {
			_ = os.Remove(filepath.Join(dir, e.Name())) // it is in nobody's way
		}
	}
}

// readAccepted reads the accepted copy of a main file; nil without an error if there is none. One that is not as it was written is set
// aside, and the error says so.
func readAccepted(dir, main string) (*config.Inputs, error) {
	if dir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, acceptedDir, acceptedName)
	content, err := files.Read(path, maxAccepted)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the accepted copy cannot be read: %w", err)
	}
	header, inputs, err := parseAccepted(content)
	if err != nil {
		err = fmt.Errorf("%s: %w; it is set aside as %s", path, err, acceptedName+setAside)
		return nil, errors.Join(err, durable.Reason(os.Rename(path, path+setAside)))
	}
	if header.Main != main {
		return nil, fmt.Errorf("%s: the accepted copy is of %s and not of %s; it is not used", path, header.Main, main)
	}
	return inputs, nil
}

func parseAccepted(content []byte) (h acceptedHeader, _ *config.Inputs, _ error) {
	line, body, _ := bytes.Cut(content, []byte("\n"))
	if err := json.Unmarshal(line, &h); err != nil || h.Version != acceptedVersion {
		return h, nil, errors.New("it is no accepted copy of this version")
	}
	sum := sha256.Sum256(body)
	if len(body) != h.Bytes || hex.EncodeToString(sum[:]) != h.SHA256 {
		return h, nil, fmt.Errorf("its %d bytes are not the %d that were written", len(body), h.Bytes)
	}
	inputs, err := config.Unpack(body)
	if err != nil {
		return h, nil, errors.New("it is no accepted copy of this version")
	}
	return h, inputs, nil
}
