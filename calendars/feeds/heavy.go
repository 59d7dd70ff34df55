package feeds

import (
	"io/fs"
	"path"
)

// heavyCopies is from how many bytes on the copies of a tenant's feeds are read after those of all
// others at a start. Parsing them takes a second.
const heavyCopies = 16 << 20

// heavyOwners are the tenants whose copies are large. What cannot be looked at counts nothing.
func (c copies) heavyOwners(list []*Subscription) map[string]bool {
	heavy := map[string]bool{}
	if c.dir == "" {
		return heavy
	}
	owners, bytes := map[string]string{}, map[string]int64{}
	for _, sub := range list {
		if name := sub.copyName(); sub.File == "" && sub.Source.Owner != "" {
			owners[path.Dir(name)] = sub.Source.Owner
		}
	}
	if len(owners) == 0 {
		return heavy
	}
	// Reading the copies says what is wrong with the disk.
	_ = c.walk(bodies, func(name string, e fs.DirEntry) error {
		owner := owners[path.Dir(name)]
		if owner == "" || e.IsDir() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			if bytes[owner] += info.Size(); bytes[owner] > heavyCopies {
				heavy[owner] = true
			}
		}
		return nil
	})
	return heavy
}
