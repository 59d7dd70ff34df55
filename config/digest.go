package config

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"maps"
	"slices"
)

// Digest is a SHA-256 over the names and the bytes of all files, and over the listings of
// directories. It is the same for the same files, whatever their times and modes are.
func (in *Inputs) Digest() [sha256.Size]byte { return in.readSums(owners{in: in, single: true})[""] }

// TenantDigests are SHA-256s over the files of each tenant, by the path of its file; "" has
// everybody's.
func (in *Inputs) TenantDigests() map[string][sha256.Size]byte {
	running := hashes{"": sha256.New()}
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		f := in.files[path]
		running.writeFile(f.Tenant, path, f.content())
	}
	sums := map[string][sha256.Size]byte{}
	for tenant, h := range running {
		sums[tenant] = [sha256.Size]byte(h.Sum(nil))
	}
	return sums
}

// HasContent reports whether a file was read with exactly these bytes. The nil Inputs have none.
func (in *Inputs) HasContent(path string, body []byte) bool {
	return in != nil && in.Has(path) && bytes.Equal(in.files[path].Bytes, body)
}

func (l DirQuery) compare(m DirQuery) int {
	return cmp.Or(cmp.Compare(l.Tenant, m.Tenant), cmp.Compare(l.Name, m.Name))
}

// hashes are running hashes by tenant or owner.
type hashes map[string]hash.Hash

// write adds a text with its length, so that no two texts are like one.
func (h hashes) write(key, text string) {
	if h[key] == nil {
		h[key] = sha256.New()
	}
	h[key].Write(binary.AppendUvarint(nil, uint64(len(text))))
	io.WriteString(h[key], text)
}

func (h hashes) writeFile(key, path string, c contentSum) {
	h.write(key, path)
	h[key].Write(c[:])
}
