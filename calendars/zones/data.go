package zones

import (
	"archive/zip"
	"cmp"
	_ "embed"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// packed is time zone data as Debian's tzdata package has them; make tzdata renews them. The copy
// that Go brings is older than its release, and wrong for every zone whose law has changed since.
//
//go:embed tzdata/zoneinfo.zip
var packed string

// maxFile bounds a file of zone data, in bytes: all rules in tzdata.zi have 110 kB.
const maxFile = 4 << 20

// versionFile holds the version of data that have no tzdata.zi.
const versionFile = "+VERSION"

// systemDirs are where operating systems keep their zone data.
var systemDirs = []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// database is a copy of the IANA time zone data. It is safe for concurrent use.
type database struct {
	version  string     // such as "2026f"; "" where the copy does not say
	source   string     // "embedded", "system" or "directory"
	files    files.Tree // compiled zones by name (RFC 9636)
	cache    sync.Map   // *time.Location by name, so that a zone is read once and weighs once
	fallback *database  // asked for what files lack; may be nil
}

// current is chosen once: the newest of the copies that there are.
var current = sync.OnceValue(func() *database { return choose(os.Getenv("ZONEINFO"), systemDirs) })

// choose is the newest of the program's own copy, that in dir (unless it is ""), and those in the
// directories of the system. A directory without zones is none. What the newest lacks the program's
// own has: some systems keep names such as US/Eastern in a package of their own.
func choose(dir string, system []string) *database {
	own := openDatabase("embedded", openEmbedded())
	candidates := []*database{own}
	consider := func(source, dir string) {
		if d := openDatabase(source, os.DirFS(dir)); d.zone("Europe/Berlin") != nil {
			d.fallback = own
			candidates = append(candidates, d)
		}
	}
	if dir != "" {
		consider("directory", dir)
	}
	for _, dir := range system {
		consider("system", dir)
	}
	return newest(candidates)
}

// openEmbedded opens the program's own copy.
func openEmbedded() *zip.Reader {
	archive, err := zip.NewReader(strings.NewReader(packed), int64(len(packed)))
	if err != nil { // The archive is part of the program, so that it cannot be broken.
		panic(err)
	}
	return archive
}

// DataVersion says which time zone data are in use, such as "2026f", and where they are from:
// "embedded" in the program, the "system", or the "directory" that the environment variable
// ZONEINFO names. The newest of the three are used.
func DataVersion() (version, source string) {
	d := current()
	return d.version, d.source
}

func openDatabase(source string, zones fs.FS) *database {
	d := &database{source: source, files: files.Tree{FS: zones}}
	for _, name := range []string{"tzdata.zi", versionFile} {
		head, _, err := d.files.Read(name, maxFile)
		if err != nil {
			continue
		}
		line, _, _ := strings.Cut(string(head), "\n")
		d.version = strings.TrimSpace(strings.TrimPrefix(line, "# version "))
		return d
	}
	return d
}

// newest is the first of the copies of the highest version.
func newest(candidates []*database) *database {
	best := candidates[0]
	for _, d := range candidates[1:] {
		if compareVersions(d.version, best.version) > 0 {
			best = d
		}
	}
	return best
}

// compareVersions orders versions of the zone data: a year and letters, which go from z to za. What
// is no version is the oldest.
func compareVersions(a, b string) int {
	year := func(v string) (string, string) {
		if len(v) < 4 || strings.Trim(v[:4], "0123456789") != "" {
			return "", ""
		}
		return v[:4], v[4:]
	}
	yearA, lettersA := year(a)
	yearB, lettersB := year(b)
	return cmp.Or(cmp.Compare(yearA, yearB), cmp.Compare(len(lettersA), len(lettersB)), cmp.Compare(lettersA, lettersB))
}

// zone is nil for a name that is not known.
func (d *database) zone(name string) *time.Location {
	if zone, ok := d.cache.Load(name); ok {
		return zone.(*time.Location)
	}
	if !fs.ValidPath(name) || strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix/") ||
		name == "localtime" {
		return nil
	}
	zone, err := readZone(d.files, name)
	if err != nil && d.fallback != nil {
		return d.fallback.zone(name)
	}
	if err != nil {
		return nil
	}
	kept, _ := d.cache.LoadOrStore(name, zone)
	return kept.(*time.Location)
}

func readZone(zones files.Tree, name string) (*time.Location, error) {
	body, _, err := zones.Read(name, maxFile)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, body)
}
