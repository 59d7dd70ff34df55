package feeds

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"

	"github.com/callhours/callhours/internal/files"
)

const (
	maxCAFile       = 4 << 20   // bytes of a CA file of the operator
	maxTenantCAFile = 256 << 10 // of one of a tenant
	// maxTenantCAFiles is how many bytes the CA files of a tenant have together, each path counted,
	// and maxTenantBundles how many of them differ: parsed, they take twice as much memory.
	maxTenantCAFiles = 4 << 20
	maxTenantBundles = 16
)

// digest is the SHA-256 of a CA file; zero for the system's authorities.
type digest [sha256.Size]byte

// caFile is a CA file as an owner's calendars name it.
type caFile struct{ owner, name string }

// readCAFile reads a CA file of an owner. Its errors leave the name to the caller.
func readCAFile(owner string, fsys fs.FS, name string) ([]byte, digest, error) {
	limit := maxCAFile
	if owner != "" {
		limit = maxTenantCAFile
	}
	pem, _, err := files.Tree{FS: fsys}.Read(name, int64(limit))
	if err != nil {
		return nil, digest{}, err
	}
	return pem, sha256.Sum256(pem), nil
}

// parseCAFile returns the authorities of a CA file.
func parseCAFile(pem []byte) (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("expected certificates as PEM, found none")
	}
	return roots, nil
}

// caFiles are the CA files of one owner that a Loader has read.
type caFiles struct {
	errs    map[string]error // by name
	digests map[digest]bool
	bytes   int
}

// CheckCAFile reports why a CA file of an owner cannot be used; nil if it can, as far as can be
// said without parsing it. A tenant's are too much where they are larger than 256 KiB, have more
// than 4 MiB together, or where more than 16 of them differ. fsys is as of [Source.CAFiles].
func (l *Loader) CheckCAFile(owner string, fsys fs.FS, name string) error {
	known := l.caFiles[owner]
	if known == nil {
		known = &caFiles{errs: map[string]error{}, digests: map[digest]bool{}}
		l.caFiles[owner] = known
	}
	err, ok := known.errs[name]
	if !ok {
		err = known.check(owner, fsys, name)
		known.errs[name] = err
	}
	return err
}

// check reads a CA file that was not read before, unless the owner's have too many bytes already.
func (c *caFiles) check(owner string, fsys fs.FS, name string) error {
	tooMany := func(bound string) error {
		return fmt.Errorf("%s: %s; use one file with all authorities for several calendars", name, bound)
	}
	tooLarge := fmt.Sprintf("the CA files of a tenant have more than %d bytes together", maxTenantCAFiles)
	if owner != "" && c.bytes > maxTenantCAFiles {
		return tooMany(tooLarge)
	}
	pem, sum, err := readCAFile(owner, fsys, name)
	if err != nil || owner == "" {
		return err
	}
	c.bytes += len(pem)
	c.digests[sum] = true
	switch {
	case c.bytes > maxTenantCAFiles:
		return tooMany(tooLarge)
	case len(c.digests) > maxTenantBundles:
		return tooMany(fmt.Sprintf("a tenant has more than %d different CA files", maxTenantBundles))
	}
	return nil
}
