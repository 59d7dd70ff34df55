package calendars

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
)

// Compiled events are what a copy's body was read into, kept beside it: to unpack them is ten times
// as fast as to read the body. They are worth nothing by themselves. What is damaged, of another
// body, or of another program, is passed over, and written anew when the body has been read.
//
// A file is a line that names the format, the SHA-256 of all that follows, the key, and the
// calendar. Events are unpacked once before they are written; who reads them goes by the SHA-256.

// compiledVersion changes whenever the same body is read otherwise than before, or written
// otherwise.
const compiledVersion = 5

// MaxEncoded bounds a file that is read, in bytes.
const MaxEncoded = 256 << 20

var compiledMagic = []byte("callhours compiled events\n")

var errCompiled = errors.New("no compiled events, or of another body or program")

// EncodingKey is what the events depend on: the body, how it is read, and the names of zones that
// were known.
func EncodingKey(program string, body [sha256.Size]byte, limits ical.Limits) [sha256.Size]byte {
	zones, source := zones.DataVersion()
	return sha256.Sum256(fmt.Appendf(nil, "%d %q %x %q %q %+v", compiledVersion, program, body, zones, source,
		limits.WithDefaults()))
}

// Encode writes a calendar; nil for one that could not be read again, as with a zone that it
// defines itself, which has no name to be found by.
func (c *Calendar) Encode(key [sha256.Size]byte) []byte {
	if _, _, err := unpack(c.packed, c.zones); err != nil {
		return nil
	}
	p := &packer{}
	p.out = append(p.out, key[:]...)
	p.out = append(p.out, c.sum[:]...)
	p.text(c.name)
	p.text(c.timezone)
	p.varint(int64(c.refresh))
	p.uvarint(c.size)
	p.uvarint(c.problems)
	p.uvarint(len(c.zones))
	for _, zone := range c.zones {
		if zones.LookUp(zone.String()) != zone {
			return nil
		}
		p.text(zone.String())
	}
	p.text(c.packed)
	sum := sha256.Sum256(p.out)
	return append(append(append([]byte(nil), compiledMagic...), sum[:]...), p.out...)
}

// Decode is the calendar that compile has written. The error is errCompiled.
func Decode(file []byte, key [sha256.Size]byte, limits ical.Limits) (*Calendar, error) {
	const sums = 3 * sha256.Size
	if len(file) < len(compiledMagic)+sums || string(file[:len(compiledMagic)]) != string(compiledMagic) {
		return nil, errCompiled
	}
	file = file[len(compiledMagic):]
	if sha256.Sum256(file[sha256.Size:]) != [sha256.Size]byte(file) || key != [sha256.Size]byte(file[sha256.Size:]) {
		return nil, errCompiled
	}
	c := &Calendar{limits: limits.WithDefaults(), sum: [sha256.Size]byte(file[2*sha256.Size:])}
	u := &unpacker{data: string(file[sums:])}
	c.name, c.timezone, c.refresh = u.text(), u.text(), time.Duration(u.varint())
	c.size, c.problems = u.uvarint(), u.uvarint()
	c.zones = make([]*time.Location, u.count(1))
	for i := range c.zones {
		if c.zones[i] = zones.LookUp(u.text()); c.zones[i] == nil {
			return nil, errCompiled
		}
	}
	c.packed = u.text()
	if u.failed || u.offset != len(u.data) {
		return nil, errCompiled
	}
	return c, nil
}
