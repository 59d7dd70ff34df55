package pivot

import (
	"strconv"
	"strings"
)

// phrase is an action in words. Each case has whole phrases, not parts of some, so that they can be
// translated: see [Describe].
func (a actionData) phrase() string {
	if a.is("skip_module") {
		return a.names.translate("skips %s", oneLine(a.module, maxNameBytes))
	}
	for _, phrases := range [...]func(actionData) string{
		actionData.ringing, actionData.speaking, actionData.choosing, actionData.leaving, actionData.changing,
	} {
		if words := phrases(a); words != "" {
			return words
		}
	}
	return oneLine(a.module, maxNameBytes)
}

// ringing are the modules that ring or call somebody; "" for another one.
func (a actionData) ringing() string {
	switch a.module {
	case "device":
		return a.lasting("timeout", a.names.translate("rings %s", a.called("id", "device")))
	case "user":
		return a.lasting("timeout", a.names.translate("rings %s", a.called("id", "user")))
	case "group":
		return a.lasting("timeout", a.names.translate("rings %s", a.called("id", "group")))
	case "ring_group":
		return a.ringGroup()
	case "page_group":
		names, _ := a.endpoints()
		if names == "" {
			return a.names.translate("speaks through nobody's phone")
		}
		return a.names.translate("speaks through the phones of %s", names)
	case "resources", "offnet":
		if number := a.text("to_did"); number != "" {
			return a.lasting("timeout", a.names.translate("calls %s outside", cutName(number)))
		}
		return a.lasting("timeout", a.names.translate("calls the dialed number outside"))
	case "acdc_member":
		return a.names.translate("puts the caller into %s", a.called("id", "queue"))
	case "conference":
		return a.names.translate("joins %s", a.called("id", "conference"))
	case "transfer":
		if to := a.text("target"); to != "" {
			return a.names.translate("transfers to %s", cutName(to))
		}
		return a.names.translate("transfers")
	case "directory":
		return a.names.translate("dials by name in %s", a.called("id", "directory"))
	case "disa":
		return a.names.translate("lets the caller dial a number")
	case "intercom":
		return a.names.translate("speaks through a phone")
	}
	return ""
}

func (a actionData) ringGroup() string {
	names, several := a.endpoints()
	if id := a.text("group_id"); id != "" && !several && a.raw("endpoints") == nil {
		names = a.names.bearer(id, "group")
	}
	var rings string
	switch strategy := a.text("strategy"); {
	case names == "":
		rings = a.names.translate("rings nobody")
	case !several:
		rings = a.names.translate("rings %s", names)
	case strategy == "single":
		rings = a.names.translate("rings %s one after the other", names)
	case strategy == "weighted_random":
		rings = a.names.translate("rings %s in random order", names)
	default:
		rings = a.names.translate("rings %s at once", names)
	}
	rings = a.lasting("timeout", rings)
	if n := a.number("repeats"); n > 1 {
		return a.names.translate("%s, up to %d times", rings, n)
	}
	return rings
}

// endpoints names the endpoints of a group, the first ones; "" for none. several reports whether it has more
// than one.
func (a actionData) endpoints() (names string, several bool) {
	list := a.raw("endpoints")
	if len(list) == 0 || list[0] != '[' {
		return a.names.translate("a group"), false
	}
	var called []string
	n := 0
	r := reader{json: list}
	for r.enter(); r.more(); n++ {
		item := r.readValue()
		if n > maxRung {
			continue
		}
		id, what := item, "device"
		if item[0] == '{' {
			id = findMember(item, "id")
			if kind := textOf(findMember(item, "endpoint_type")); kind == "user" || kind == "group" {
				what = kind
			}
		}
		if text := textOf(id); text != "" {
			called = append(called, a.names.bearer(text, what))
		} else {
			called = append(called, "?")
		}
	}
	switch {
	case n == 0:
		return "", false
	case n > maxRung:
		return a.names.translate("%[1]s and %[2]d more", strings.Join(called[:maxRung-1], ", "), n-maxRung+1), true
	}
	last := len(called) - 1
	if last == 0 {
		return called[0], false
	}
	return a.names.translate("%s and %s", strings.Join(called[:last], ", "), called[last]), true
}

// speaking are the modules by which the caller hears something or is recorded.
func (a actionData) speaking() string {
	switch a.module {
	case "tts":
		if text := a.text("text"); text != "" {
			return a.names.translate("says “%s”", oneLine(text, maxSpoken))
		}
		return a.names.translate("says nothing")
	case "play":
		id := a.text("id")
		what := a.called("id", "recording")
		if strings.Contains(id, "://") {
			what = a.names.translate("a recording of %s", a.hostOf(id))
		}
		if a.is("endless_playback") {
			return a.names.translate("plays %s again and again", what)
		}
		return a.names.translate("plays %s", what)
	case "tones":
		return a.names.translate("plays tones")
	case "audio_macro":
		return a.names.translate("plays recordings and texts")
	case "voicemail":
		if a.text("action") == "check" {
			return a.names.translate("opens a voicemail box for its owner")
		}
		id := a.text("id")
		switch name := a.names.nameOf(id); {
		case id == "", strings.EqualFold(name, "voicemail"):
			return a.names.translate("voicemail")
		case name == "":
			return a.names.translate("voicemail %s", a.names.called(id))
		case strings.Contains(strings.ToLower(name), "voicemail"):
			return name
		default:
			return a.names.translate("voicemail of %s", name)
		}
	case "record_call":
		if a.text("action") == "stop" {
			return a.names.translate("stops recording the call")
		}
		return a.names.translate("starts recording the call")
	case "record_caller":
		return a.names.translate("records the caller")
	}
	return ""
}

// choosing are the modules that ask the caller or decide by themselves where the call goes.
func (a actionData) choosing() string {
	switch a.module {
	case "menu":
		return a.names.translate("asks by %s", a.called("id", "menu"))
	case "collect_dtmf":
		switch n := a.number("max_digits"); n {
		case 0:
			return a.names.translate("asks for digits")
		case 1:
			return a.names.translate("asks for one digit")
		default:
			return a.names.translate("asks for up to %d digits", n)
		}
	case "detect_speech":
		return a.names.translate("listens to what the caller says")
	case "callflow":
		return a.names.translate("continues in %s", a.called("id", "callflow"))
	case "pivot":
		return a.names.translate("asks %s what to do next", a.hostOf(a.text("voice_url")))
	case "temporal_route":
		return a.names.translate("follows Kazoo's own time rules")
	case "branch_variable":
		return a.names.translate("chooses by a variable")
	case "branch_bnumber":
		return a.names.translate("chooses by the dialed number")
	case "check_cid", "nomorobo":
		return a.names.translate("chooses by the caller's number")
	case "cidlistmatch":
		return a.names.translate("looks for the caller's number in a list")
	case "fax_detect":
		return a.names.translate("listens whether it is a fax")
	}
	return ""
}

// leaving are the modules that end a call, or hold it.
func (a actionData) leaving() string {
	switch a.module {
	case "hangup":
		return a.names.translate("hangs up")
	case "response":
		code := a.number("code")
		switch message := oneLine(a.text("message"), maxNameBytes); {
		case code == 0:
			return a.names.translate("refuses the call")
		case message == "":
			return a.names.translate("refuses the call with %s", strconv.Itoa(code))
		default:
			return a.names.translate("refuses the call with %s", strconv.Itoa(code)+" "+message)
		}
	case "answer":
		return a.names.translate("answers")
	case "sleep":
		return a.sleeping()
	case "park":
		return a.names.translate("parks the call")
	case "dead_air":
		return a.names.translate("holds the line in silence")
	case "wait_for_hangup":
		return a.names.translate("waits until the caller hangs up")
	case "receive_fax", "faxbox":
		return a.names.translate("receives a fax")
	}
	return ""
}

func (a actionData) sleeping() string {
	n := a.number("duration")
	switch unit := a.text("unit"); {
	case n == 0:
		return a.names.translate("waits")
	case unit == "ms" || unit == "h":
		return a.names.translate("waits %s", strconv.Itoa(n)+" "+unit)
	case unit == "m":
		return a.names.translate("waits %s", strconv.Itoa(n)+" min")
	default:
		return a.names.translate("waits %s", span(n))
	}
}

// changing are the modules that change the call, or tell others of it.
func (a actionData) changing() string {
	switch a.module {
	case "set_cid":
		if name := strings.TrimSpace(a.text("caller_id_name") + " " + a.text("caller_id_number")); name != "" {
			return a.names.translate("shows the caller as “%s”", cutName(name))
		}
		return a.names.translate("changes how the caller is shown")
	case "prepend_cid":
		if name := a.text("caller_id_name_prefix"); name != "" && a.text("action") != "reset" {
			return a.names.translate("shows “%s” before the caller's name", cutName(name))
		}
		return a.names.translate("changes how the caller is shown")
	case "dynamic_cid", "lookupcidname", "privacy":
		return a.names.translate("changes how the caller is shown")
	case "set_variable", "set_variables":
		return a.names.translate("sets variables")
	case "set_alert_info":
		return a.names.translate("sets the ringtone")
	case "language":
		if language := a.text("language"); language != "" {
			return a.names.translate("speaks %s from here on", cutName(language))
		}
		return a.names.translate("changes the language")
	case "webhook":
		return a.names.translate("notifies %s", a.hostOf(a.text("uri")))
	case "missed_call_alert":
		return a.names.translate("sends an alert if the call is missed")
	case "notification":
		return a.names.translate("sends a notification")
	case "send_dtmf":
		return a.names.translate("sends digits")
	case "flush_dtmf":
		return a.names.translate("forgets the digits so far")
	case "noop":
		return a.names.translate("does nothing")
	}
	return ""
}

// cutName is a text at the length of a name.
func cutName(text string) string { return oneLine(text, maxNameBytes) }
