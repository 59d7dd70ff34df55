// Oci writes a container image without a container engine: oci VERSION SECONDS ROOT FILE ARCH=PROGRAM….
// FILE is an archive of the layout that the Open Container Initiative specifies, with an image for each
// architecture: the program, the files below the directory ROOT, the certificates that feeds are
// checked by, and nothing else. SECONDS, of the epoch, is when everything in it was made. The same
// inputs give the same bytes.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user runs the program; it owns the state.
const user = 65532

func main() {
	if len(os.Args) < 6 {
		fmt.Fprintln(os.Stderr, "usage: oci VERSION SECONDS ROOT FILE ARCH=PROGRAM…")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// descriptor names a blob.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// archive is a tar of files that were all made at the same time.
type archive struct {
	bytes.Buffer
	tar  *tar.Writer
	made time.Time
	err  error
}

func newArchive(made time.Time) *archive {
	a := &archive{made: made}
	a.tar = tar.NewWriter(&a.Buffer)
	return a
}

func (a *archive) add(name string, mode int64, owner int, content []byte) {
	h := &tar.Header{
		Name: name, Mode: mode, Uid: owner, Gid: owner, Size: int64(len(content)), ModTime: a.made,
		Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
	}
	if strings.HasSuffix(name, "/") {
		h.Typeflag = tar.TypeDir
	}
	if a.err == nil {
		a.err = a.tar.WriteHeader(h)
	}
	if a.err == nil {
		_, a.err = a.tar.Write(content)
	}
}

func (a *archive) end() ([]byte, error) {
	if a.err == nil {
		a.err = a.tar.Close()
	}
	return a.Bytes(), a.err
}

// image is the layout that is being written.
type image struct {
	*archive
	version string
}

func write(version, seconds, root, to string, programs []string) error {
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return err
	}
	i := image{newArchive(time.Unix(at, 0).UTC()), version}
	i.add("oci-layout", 0o644, 0, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	i.add("blobs/", 0o755, 0, nil)
	i.add("blobs/sha256/", 0o755, 0, nil)
	var manifests []descriptor
	for _, p := range programs {
		arch, program, _ := strings.Cut(p, "=")
		d, err := i.manifest(arch, program, root)
		if err != nil {
			return err
		}
		manifests = append(manifests, d)
	}
	const index = "application/vnd.oci.image.index.v1+json"
	whole, err := i.json(index, map[string]any{"schemaVersion": 2, "mediaType": index, "manifests": manifests})
	if err != nil {
		return err
	}
	whole.Annotations = map[string]string{"org.opencontainers.image.ref.name": "localhost/callhours:" + version}
	top, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": index, "manifests": []descriptor{whole}})
	if err != nil {
		return err
	}
	i.add("index.json", 0o644, 0, top)
	all, err := i.end()
	if err != nil {
		return err
	}
	return os.WriteFile(to, all, 0o644)
}

// blob adds a blob.
func (i image) blob(mediaType string, content []byte) descriptor {
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	i.add("blobs/sha256/"+sum, 0o644, 0, content)
	return descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: len(content)}
}

func (i image) json(mediaType string, content any) (descriptor, error) {
	text, err := json.Marshal(content)
	return i.blob(mediaType, text), err
}

// manifest adds the image of an architecture.
func (i image) manifest(arch, program, root string) (descriptor, error) {
	layer, err := files(program, root, i.made)
	if err != nil {
		return descriptor{}, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(layer)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return descriptor{}, err
	}
	labels := map[string]string{
		"org.opencontainers.image.title":       "callhours",
		"org.opencontainers.image.description": "open hours for Kazoo, from calendars that people already share",
		"org.opencontainers.image.version":     i.version,
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.source":      "https://github.com/callhours/callhours",
	}
	config, err := i.json("application/vnd.oci.image.config.v1+json", map[string]any{
		"created": i.made.Format(time.RFC3339), "architecture": arch, "os": "linux",
		"config": map[string]any{
			"User": fmt.Sprintf("%d:%d", user, user), "WorkingDir": "/etc/callhours",
			"Entrypoint":   []string{"/usr/bin/callhours"},
			"Cmd":          []string{"serve", "-c", "/etc/callhours/callhours.yaml"},
			"ExposedPorts": map[string]any{"8080/tcp": struct{}{}, "9480/tcp": struct{}{}},
			"Volumes":      map[string]any{"/var/lib/callhours": struct{}{}},
			"Labels":       labels, "StopSignal": "SIGTERM",
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
		"history": []map[string]any{{"created": i.made.Format(time.RFC3339), "created_by": "make dist"}},
	})
	if err != nil {
		return descriptor{}, err
	}
	const mediaType = "application/vnd.oci.image.manifest.v1+json"
	d, err := i.json(mediaType, map[string]any{
		"schemaVersion": 2, "mediaType": mediaType, "config": config, "annotations": labels,
		"layers": []descriptor{i.blob("application/vnd.oci.image.layer.v1.tar+gzip", packed.Bytes())},
	})
	d.Platform = &platform{arch, "linux"}
	return d, err
}

// files is the root file system, as a tar.
func files(program, root string, made time.Time) ([]byte, error) {
	a := newArchive(made)
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	a.add("tmp/", 0o1777, 0, nil)
	a.add("var/lib/callhours/", 0o750, user, nil)
	a.add("etc/passwd", 0o644, 0, fmt.Appendf(nil, "callhours:x:%d:%d:callhours:/var/lib/callhours:/nonexistent\n", user, user))
	a.add("etc/group", 0o644, 0, fmt.Appendf(nil, "callhours:x:%d:\n", user))
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil { // trusted for some certificates only, which a file cannot say
			continue
		}
		if err := pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	a.add("etc/ssl/certs/ca-certificates.crt", 0o644, 0, roots.Bytes())
	a.add("usr/bin/callhours", 0o755, 0, binary)
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		within, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			a.add(filepath.ToSlash(within)+"/", 0o755, 0, nil)
			return nil
		}
		content, err := os.ReadFile(name)
		a.add(filepath.ToSlash(within), 0o644, 0, content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.end()
}
