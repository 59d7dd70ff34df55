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
func (in *Inputs) Digest() [sha256.Size]byte {
	sum := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		c := in.files[path].content()
		hashString(sum, path)
		sum.Write(c[:])
	}
	for _, l := range slices.SortedFunc(maps.Keys(in.listings), DirQuery.compare) {
		f := in.listings[l]
		hashString(sum, l.Name)
		for _, name := range f.names {
			hashString(sum, name)
		}
		for _, b := range f.unreadable {
			hashString(sum, b.dir)
			hashString(sum, b.err.Error())
		}
		if f.err != nil {
			hashString(sum, f.err.Error())
		}
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// TenantDigests are SHA-256s over the files of each tenant, by the path of its file; "" has
// everybody's.
func (in *Inputs) TenantDigests() map[string][sha256.Size]byte {
	running := map[string]hash.Hash{"": sha256.New()}
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		f := in.files[path]
		if running[f.Tenant] == nil {
			running[f.Tenant] = sha256.New()
		}
		c := f.content()
		hashString(running[f.Tenant], path)
		running[f.Tenant].Write(c[:])
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

// hashString writes a text with its length, so that no two texts are like one.
func hashString(to hash.Hash, s string) {
	to.Write(binary.AppendUvarint(nil, uint64(len(s))))
	io.WriteString(to, s)
}
