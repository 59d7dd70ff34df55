package pivot

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The bounds of [Describe].
const (
	maxDescription = 1000 // bytes of a description
	maxNameBytes   = 64   // bytes of a name, number or key in it
	maxSpoken      = 160  // bytes of a text that is spoken
	maxRung        = 4    // phones that are named of one action; the rest is counted
)

// Describe says in a sentence what a callflow does with a call: "rings Front desk for 20 s, then
// voicemail". name gives what people call a device, user, voicemail box and so on, by its id, and ""
// for one that it does not know, which stands in the sentence by its first characters; nil knows
// none. Children other than `_` stand in brackets: "asks by menu 89ab… (1: rings Sales; 2: hangs
// up), otherwise voicemail". Modules that are not known here stand there as they are named. Other
// than [Summary] it shows texts, and of an address its host alone; it is for those who may see the
// callflow. It is one line of at most 1000 bytes, and "" for what is no callflow. translate gives
// English formats in the reader's language, with the arguments in their places; for English it is
// [fmt.Sprintf].
func Describe(
	callflow []byte, name func(id string) string, translate func(format string, args ...any) string,
) string {
	r := &reader{json: callflow}
	if !jsontext.Value(callflow).IsValid() || r.skipSpace() != '{' {
		return ""
	}
	d := description{name: name, translate: translate}
	d.action(r, 1)
	if d.out.Len() <= maxDescription {
		return d.out.String()
	}
	return cutAt(d.out.String(), maxDescription-len("…"))
}

// description is the sentence as far as it is written.
type description struct {
	out       strings.Builder
	name      func(id string) string
	translate func(format string, args ...any) string
}

// action writes the action that the reader comes to, and those below it.
func (d *description) action(r *reader, depth int) {
	if depth > maxDepth || d.out.Len() > maxDescription {
		return
	}
	if r.skipSpace() != '{' {
		d.out.WriteString("?")
		return
	}
	module, data, children := r.readAction()
	a := actionData{module: "?", names: d}
	if text := textOf(module); text != "" {
		a.module = text
	}
	if isObject(data) {
		a.json = data
	}
	d.out.WriteString(a.phrase())
	if isObject(children) {
		d.children(a.module, children, depth)
	}
}

// children writes what follows an action: the children with a key of their own in the order of the
// callflow, then the one for any other case.
func (d *description) children(module string, children []byte, depth int) {
	var next []byte
	open := false
	r := reader{json: children}
	for r.enter(); r.more() && d.out.Len() <= maxDescription; {
		name, value := r.readName(), r.readValue()
		key := string(unquote(name))
		if key == "_" {
			next = value
			continue
		}
		if open {
			d.out.WriteString(d.translate("%s;", "") + " ")
		} else {
			d.out.WriteString(" (")
			open = true
		}
		d.out.WriteString(d.translate("%s:", d.key(key)) + " ")
		d.action(&reader{json: value}, depth+1)
	}
	if open {
		d.out.WriteString(")")
	}
	switch {
	case next == nil:
		return
	case choosers[module]:
		d.out.WriteString(", " + d.translate("otherwise") + " ")
	default:
		d.out.WriteString(", " + d.translate("then") + " ")
	}
	d.action(&reader{json: next}, depth+1)
}

// choosers are the modules that pick a child, whose `_` is for all that no other child is for.
var choosers = map[string]bool{
	"menu": true, "temporal_route": true, "branch_variable": true, "branch_bnumber": true, "check_cid": true,
	"cidlistmatch": true, "nomorobo": true, "fax_detect": true, "detect_speech": true, "acdc_wait_time": true,
}

// Chooses reports whether a module picks one of its children, so that its child `_` is for every
// other case; the child `_` of any other module comes after it.
func Chooses(module string) bool { return choosers[module] }

// key is the key of a child in words; that of a rule of Kazoo goes by its name.
func (d *description) key(key string) string {
	switch key {
	case "timeout":
		return d.translate("no key pressed")
	case "max_retries":
		return d.translate("too many wrong keys")
	case "match":
		return d.translate("on the list")
	case "nomatch":
		return d.translate("not on the list")
	case "ON_FAX":
		return d.translate("a fax")
	case "ON_VOICE":
		return d.translate("a voice")
	case "NO_ANSWER":
		return d.translate("no answer")
	case "USER_BUSY":
		return d.translate("the line is busy")
	case "CALL_REJECTED":
		return d.translate("rejected")
	case "DO_NOT_DISTURB":
		return d.translate("do not disturb")
	case "UNALLOCATED_NUMBER":
		return d.translate("no such number")
	case "USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT":
		return d.translate("not connected")
	case "MAX_SLOT_EXCEEDED":
		return d.translate("no slot is free")
	}
	return d.called(key)
}

// called is what people call the bearer of an id: its name, or else the beginning of the id.
func (d *description) called(id string) string {
	if name := d.nameOf(id); name != "" {
		return name
	}
	const digits, enough = 32, 4
	if len(id) == digits && strings.Trim(id, "0123456789abcdefABCDEF") == "" {
		return id[:enough] + "…"
	}
	if id = oneLine(id, maxNameBytes); id == "" {
		return "?"
	}
	return id
}

// actionData is an action whose data is put into words.
type actionData struct {
	module string
	json   []byte // the data; nil for none
	names  *description
}

// raw is a member of the data; nil for none.
func (a actionData) raw(name string) []byte {
	if a.json == nil {
		return nil
	}
	return findMember(a.json, name)
}

// text is a member of the data that is a text; "" for none.
func (a actionData) text(name string) string { return textOf(a.raw(name)) }

// number is a member of the data that is a whole number of at least 1; 0 for none.
func (a actionData) number(name string) int { return numberOf(a.raw(name)) }

func (a actionData) is(name string) bool { return string(a.raw(name)) == "true" }

// called is the bearer of the id in a member with what it is: "Front desk", "device 0a4c…", "the
// device" where its name is that word, and "a device" where there is no id.
func (a actionData) called(name, what string) string {
	id := a.text(name)
	if id == "" {
		return a.names.unnamed(what)
	}
	return a.names.bearer(id, what)
}

// nameOf is what people call the bearer of an id; "" if that is not known.
func (d *description) nameOf(id string) string {
	if d.name == nil {
		return ""
	}
	return oneLine(d.name(id), maxNameBytes)
}

// bearer is the bearer of an id with what it is, as in "Front desk", "device 0a4c…" and "the device".
func (d *description) bearer(id, what string) string {
	switch name := d.nameOf(id); {
	case strings.EqualFold(name, what):
		return d.only(what)
	case name != "":
		return name
	}
	return d.withID(what, d.called(id))
}

// lasting is what an action does, with a member that is its length in seconds, if there is one.
func (a actionData) lasting(name, does string) string {
	if n := a.number(name); n > 0 {
		return a.names.translate("%s for %s", does, span(n))
	}
	return does
}

// span writes a length of time in seconds.
func span(seconds int) string {
	if seconds%60 == 0 {
		return strconv.Itoa(seconds/60) + " min"
	}
	return strconv.Itoa(seconds) + " s"
}

// hostOf is the host of an address.
func (a actionData) hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return a.names.translate("another server")
	}
	return oneLine(u.Hostname(), maxNameBytes)
}

// textOf is a JSON text; "" for any other value.
func textOf(json []byte) string {
	if !isText(json) {
		return ""
	}
	return oneLine(string(unquote(json)), maxSpoken+1)
}

func numberOf(json []byte) int {
	const most = 1_000_000_000
	if n, err := strconv.Atoi(string(json)); err == nil && n > 0 && n < most {
		return n
	}
	return 0
}

// oneLine is a text as one line of printable characters, cut to a length in bytes.
func oneLine(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case b.Len() > most:
			return cutAt(b.String(), most-len("…"))
		case unicode.IsSpace(r):
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case unicode.IsPrint(r):
			b.WriteRune(r)
		}
	}
	if text = strings.TrimRight(b.String(), " "); len(text) > most {
		return cutAt(text, most-len("…"))
	}
	return text
}

// cutAt cuts a text after at most so many bytes, and shows that.
func cutAt(text string, most int) string {
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}
