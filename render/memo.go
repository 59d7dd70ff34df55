package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

// Bounds of data. A tenant's is the same for all of its branches, of which there may be thousands.
const (
	maxInData = 200       // templates in the data of a branch
	maxCopied = 1_000_000 // keys of a tenant's data that are copied, for templates that read it as a whole
	longText  = 256       // bytes of a text that is not looked through again for each branch
	// fields, variables, calendars and the like that the templates of a tenant's branches name,
	// each for each branch.
	maxRead     = 1_000_000
	maxMisspelt = 20     // fields, and calendars, of a tenant that are not there and for which one looks what was meant
	maxTold     = 10_000 // mistakes of a tenant's branches, before only the first of each further branch is said
)

// Memo remembers what was found out about data, for the branches that share it: what it takes to
// look through a value is done once for each value, however many branches have it. The zero value
// is ready, and safe for concurrent use. It is for one Library.
type Memo struct {
	mu      sync.Mutex
	values  map[identity]*known
	digests map[identity]digest
	whole   map[identity]*whole
	copied  map[string]int // keys, by tenant
	read    map[string]int // what templates name, by tenant
	looked  map[misspelt]int
	told    map[string]int // mistakes, by tenant
}

// identity tells a map, a list or a long text from others: shared values are the same one.
type identity struct {
	at     uintptr // what is remembered of it keeps it, so that no other takes its place
	length int
}

// known is what is known of a value.
type known struct {
	value     any
	parsed    any                   // with templates in place of the texts that are some
	templates []*templates.Template // in it; none: parsed is the value
	mistakes  []diag.Mistake
}

// digest tells a value from others, which it keeps.
type digest struct {
	value any
	text  string
}

// whole is what is known of all data of a branch.
type whole struct {
	plain     map[string]any // the values without a template
	written   map[string]any // the others, parsed
	templates []*templates.Template
	within    map[string][]*templates.Template // those of a key
	mistakes  []diag.Mistake
	told      bool // its mistakes were
	values    map[string]any
	digest    string // tells it from others, if asked for
}

// identityOf is the identity of a value that is worth remembering; false for others.
func identityOf(value any) (identity, bool) {
	switch value := value.(type) {
	case string:
		return identity{uintptr(reflect.ValueOf(value).UnsafePointer()), len(value)}, len(value) > longText
	case []any:
		return identity{reflect.ValueOf(value).Pointer(), len(value)}, len(value) > 0
	case map[string]any:
		return identity{reflect.ValueOf(value).Pointer(), -1}, len(value) > 0
	}
	return identity{}, false
}

// value looks for templates in the value of a key of data.
func (m *Memo) value(library *templates.Library, d Data, name string) *known {
	value := d.Values[name]
	id, lasts := identityOf(value)
	if k := m.values[id]; lasts && k != nil {
		return k
	}
	p := dataParser{library: library, data: d}
	k := &known{value: value, parsed: value}
	if parsed, found := p.parse(value, name); found {
		k.parsed, k.templates = parsed, p.parsed
	}
	k.mistakes = p.mistakes
	if lasts {
		if m.values == nil {
			m.values = map[identity]*known{}
		}
		m.values[id] = k
	}
	return k
}

// all looks through all data of a branch. Its mistakes are told once, and then the first of them
// alone, so that the branch has one.
func (m *Memo) all(library *templates.Library, d Data) (*whole, []diag.Mistake) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, lasts := identityOf(d.Values)
	w := m.whole[id]
	if w == nil || !lasts {
		w = &whole{
			values: d.Values, plain: map[string]any{}, written: map[string]any{},
			within: map[string][]*templates.Template{},
		}
		crowded := false
		for _, name := range slices.Sorted(maps.Keys(d.Values)) {
			k := m.value(library, d, name)
			w.mistakes = append(w.mistakes, k.mistakes...)
			switch {
			case len(w.templates)+len(k.templates) > maxInData:
				if !crowded {
					crowded = true
					w.mistakes = append(w.mistakes,
						diag.Mistakef(d.at(name), "up to here the data of a branch has more than %d templates; "+
							"write the texts into templates of their own", maxInData))
				}
				w.templates = append(w.templates, k.templates...)[:maxInData]
			case len(k.templates) > 0 || len(k.mistakes) > 0:
				w.written[name], w.within[name] = k.parsed, k.templates
				w.templates = append(w.templates, k.templates...)
			default:
				w.plain[name] = d.Values[name]
			}
		}
		if lasts {
			if m.whole == nil {
				m.whole = map[identity]*whole{}
			}
			m.whole[id] = w
		}
	}
	told := w.told
	w.told = true
	if told && len(w.mistakes) > 0 {
		return w, w.mistakes[:1]
	}
	return w, w.mistakes
}

// copy is data with room for what a template declares and it has not; false where a tenant's was
// copied too often.
func (m *Memo) copy(tenant string, data map[string]any) (map[string]any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.copied == nil {
		m.copied = map[string]int{}
	}
	if m.copied[tenant] += len(data); tenant != "" && m.copied[tenant] > maxCopied {
		return map[string]any{}, false
	}
	return maps.Clone(data), true
}

// mayRead counts what the templates of a branch name; false where those of its tenant name too much
// together.
func (m *Memo) mayRead(tenant string, used []*templates.Template) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.read == nil {
		m.read = map[string]int{}
	}
	for _, t := range used {
		m.read[tenant] += t.Weight()
	}
	return tenant == "" || m.read[tenant] <= maxRead
}

// mayLook counts the names of a tenant for which one looks which was meant of data or calendars.
func (m *Memo) mayLook(tenant, among string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.looked == nil {
		m.looked = map[misspelt]int{}
	}
	m.looked[misspelt{tenant, among}]++
	return m.looked[misspelt{tenant, among}] <= maxMisspelt
}

// misspelt are names of a tenant for which one looks among others.
type misspelt struct{ tenant, among string }

// tells counts the mistakes of the branches of a tenant, and gives those of one: the first where
// the others have many.
func (m *Memo) tells(tenant string, mistakes []diag.Mistake) []diag.Mistake {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.told == nil {
		m.told = map[string]int{}
	}
	if len(mistakes) > 0 && m.told[tenant] > maxTold {
		mistakes = mistakes[:1]
	}
	m.told[tenant] += len(mistakes)
	return mistakes
}

// digest tells a value of data, as it was parsed, from all others. It is called with the lock.
func (m *Memo) digest(value any) string {
	id, lasts := identityOf(value)
	if !lasts {
		return string(appendValue(nil, value))
	}
	d, ok := m.digests[id]
	if !ok {
		d = digest{value, digestOf(appendValue(nil, value))}
		if m.digests == nil {
			m.digests = map[identity]digest{}
		}
		m.digests[id] = d
	}
	return d.text
}

// tell is what tells some of the data of a branch from others; nil names are all of it.
func (m *Memo) tell(w *whole, names []string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if names == nil && w.digest != "" {
		return w.digest
	}
	all := names == nil
	if all {
		names = slices.Sorted(maps.Keys(w.values))
	}
	var told []byte
	for _, name := range names {
		value, ok := w.values[name]
		if !ok {
			continue
		}
		told = fmt.Appendf(told, " %q=", name)
		if parsed, ok := w.written[name]; ok {
			value = parsed
		}
		told = append(told, m.digest(value)...)
	}
	digest := digestOf(told)
	if all {
		w.digest = digest
	}
	return digest
}

func digestOf(told []byte) string {
	sum := sha256.Sum256(told)
	return hex.EncodeToString(sum[:])
}

// at says where a value is written; the zero Pos where the values were not written in a file.
func (d Data) at(path ...string) diag.Pos {
	if d.Place == nil {
		return diag.Pos{}
	}
	return d.Place(path...)
}
