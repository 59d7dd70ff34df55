package calendars

import (
	"archive/zip"
	"cmp"
	_ "embed"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// packed is time zone data as Debian's tzdata package has them; make tzdata renews them. The copy that Go brings is older
// than its release, and wrong for every zone whose law has changed since.
//
//go:embed tzdata/zoneinfo.zip
var packed string

// systemZones are where operating systems keep their zone data.
var systemZones = []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// zoneData is a copy of the IANA time zone data. It is safe for concurrent use.
type zoneData struct {
	version string   // such as "2026f"; "" where the copy does not say
	source  string   // "embedded", "system" or "directory"
	files   fs.FS    // compiled zones by name (RFC 9636)
	zones   sync.Map // *time.Location by name, so that a zone is read once and weighs once
}

// zonesInUse is chosen once: the newest of the copies that there are.
var zonesInUse = sync.OnceValue(func() *zoneData {
	// The archive is part of the program, so that it cannot be broken.
	archive, err := zip.NewReader(strings.NewReader(packed), int64(len(packed)))
	if err != nil {
		panic(err)
	}
	candidates := []*zoneData{newZoneData("embedded", archive)}
	if dir := os.Getenv("ZONEINFO"); dir != "" {
		candidates = append(candidates, newZoneData("directory", os.DirFS(dir)))
	}
	for _, dir := range systemZones {
		candidates = append(candidates, newZoneData("system", os.DirFS(dir)))
	}
	return newest(candidates)
})

// ZoneDataVersion says which time zone data are in use, such as "2026f", and where they are from: "embedded" in the program, the
// "system", or the "directory" that the environment variable ZONEINFO names. The newest of the three are used.
func ZoneDataVersion() (version, source string) {
	d := zonesInUse()
	return d.version, d.source
}

func newZoneData(source string, files fs.FS) *zoneData {
	d := &zoneData{source: source, files: files}
	for _, name := range []string{"tzdata.zi", "+VERSION"} {
		head, err := fs.ReadFile(files, name)
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
func newest(candidates []*zoneData) *zoneData {
	best := candidates[0]
	for _, d := range candidates[1:] {
		if compareVersions(d.version, best.version) > 0 {
			best = d
		}
	}
	return best
}

// compareVersions orders versions of the zone data: a year and letters, which go from z to za. What is no version is the
// oldest.
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
func (d *zoneData) zone(name string) *time.Location {
	if zone, ok := d.zones.Load(name); ok {
		return zone.(*time.Location)
	}
	if !fs.ValidPath(name) || strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix/") || name == "localtime" {
		return nil
	}
	body, err := fs.ReadFile(d.files, name)
	if err != nil {
		return nil
	}
	zone, err := time.LoadLocationFromTZData(name, body)
	if err != nil {
		return nil
	}
	kept, _ := d.zones.LoadOrStore(name, zone)
	return kept.(*time.Location)
}
