package pivot

import (
	"fmt"
	"strings"
)

// phrase is an action in words. Each case has whole phrases, not parts of some, so that they can be
// translated.
func (a actionData) phrase() string {
	if a.is("skip_module") {
		return fmt.Sprintf("skips %s", oneLine(a.module, maxNameBytes))
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
		return fmt.Sprintf("rings %s%s", a.called("id", "device", "a device"), a.seconds("timeout"))
	case "user":
		return fmt.Sprintf("rings %s%s", a.called("id", "user", "a user"), a.seconds("timeout"))
	case "group":
		return fmt.Sprintf("rings %s%s", a.called("id", "group", "a group"), a.seconds("timeout"))
	case "ring_group":
		return a.ringGroup()
	case "page_group":
		names, _ := a.endpoints()
		return fmt.Sprintf("speaks through the phones of %s", names)
	case "resources", "offnet":
		if number := a.text("to_did"); number != "" {
			return fmt.Sprintf("calls %s outside%s", cutName(number), a.seconds("timeout"))
		}
		return fmt.Sprintf("calls the dialed number outside%s", a.seconds("timeout"))
	case "acdc_member":
		return fmt.Sprintf("puts the caller into %s", a.called("id", "queue", "a queue"))
	case "conference":
		return fmt.Sprintf("joins %s", a.called("id", "conference", "a conference of the caller's choice"))
	case "transfer":
		if to := a.text("target"); to != "" {
			return fmt.Sprintf("transfers to %s", cutName(to))
		}
		return "transfers"
	case "directory":
		return fmt.Sprintf("dials by name in %s", a.called("id", "directory", "a directory"))
	case "disa":
		return "lets the caller dial a number"
	case "intercom":
		return "speaks through a phone"
	}
	return ""
}

func (a actionData) ringGroup() string {
	names, several := a.endpoints()
	if id := a.text("group_id"); id != "" && !several && a.raw("endpoints") == nil {
		names = a.names.bearer(id, "group")
	}
	length := a.seconds("timeout")
	if n := a.number("repeats"); n > 1 {
		length += fmt.Sprintf(", up to %d times", n)
	}
	switch strategy := a.text("strategy"); {
	case !several:
		return fmt.Sprintf("rings %s%s", names, length)
	case strategy == "single":
		return fmt.Sprintf("rings %s one after the other%s", names, length)
	case strategy == "weighted_random":
		return fmt.Sprintf("rings %s in random order%s", names, length)
	default:
		return fmt.Sprintf("rings %s at once%s", names, length)
	}
}

// endpoints names the endpoints of a group, the first ones; several reports whether it has more
// than one.
func (a actionData) endpoints() (names string, several bool) {
	list := a.raw("endpoints")
	if len(list) == 0 || list[0] != '[' {
		return "a group", false
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
		return "nobody", false
	case n > maxRung:
		return fmt.Sprintf("%s and %d more", strings.Join(called[:maxRung-1], ", "), n-maxRung+1), true
	}
	return joinNames(called, "and"), n > 1
}

// speaking are the modules by which the caller hears something or is recorded.
func (a actionData) speaking() string {
	switch a.module {
	case "tts":
		if text := a.text("text"); text != "" {
			return fmt.Sprintf("says “%s”", oneLine(text, maxSpoken))
		}
		return "says nothing"
	case "play":
		id := a.text("id")
		what := a.called("id", "recording", "a recording")
		if strings.Contains(id, "://") {
			what = fmt.Sprintf("a recording of %s", hostOf(id, "another server"))
		}
		if a.is("endless_playback") {
			return fmt.Sprintf("plays %s again and again", what)
		}
		return fmt.Sprintf("plays %s", what)
	case "tones":
		return "plays tones"
	case "audio_macro":
		return "plays recordings and texts"
	case "voicemail":
		if a.text("action") == "check" {
			return "opens a voicemail box for its owner"
		}
		switch name := a.called("id", "voicemail", "voicemail"); {
		case name == "the voicemail":
			return "voicemail"
		case strings.Contains(strings.ToLower(name), "voicemail"):
			return name
		default:
			return fmt.Sprintf("voicemail of %s", name)
		}
	case "record_call":
		if a.text("action") == "stop" {
			return "stops recording the call"
		}
		return "starts recording the call"
	case "record_caller":
		return "records the caller"
	}
	return ""
}

// choosing are the modules that ask the caller or decide by themselves where the call goes.
func (a actionData) choosing() string {
	switch a.module {
	case "menu":
		return fmt.Sprintf("asks by %s", a.called("id", "menu", "a menu"))
	case "collect_dtmf":
		switch n := a.number("max_digits"); n {
		case 0:
			return "asks for digits"
		case 1:
			return "asks for one digit"
		default:
			return fmt.Sprintf("asks for up to %d digits", n)
		}
	case "detect_speech":
		return "listens to what the caller says"
	case "callflow":
		return fmt.Sprintf("continues in %s", a.called("id", "callflow", "another callflow"))
	case "pivot":
		return fmt.Sprintf("asks %s what to do next", a.host("voice_url", "another server"))
	case "temporal_route":
		return "follows Kazoo's own time rules"
	case "branch_variable":
		return "chooses by a variable"
	case "branch_bnumber":
		return "chooses by the dialed number"
	case "check_cid", "nomorobo":
		return "chooses by the caller's number"
	case "cidlistmatch":
		return "looks for the caller's number in a list"
	case "fax_detect":
		return "listens whether it is a fax"
	}
	return ""
}

// leaving are the modules that end a call, or hold it.
func (a actionData) leaving() string {
	switch a.module {
	case "hangup":
		return "hangs up"
	case "response":
		code := a.number("code")
		switch message := oneLine(a.text("message"), maxNameBytes); {
		case code == 0:
			return "refuses the call"
		case message == "":
			return fmt.Sprintf("refuses the call with %d", code)
		default:
			return fmt.Sprintf("refuses the call with %d %s", code, message)
		}
	case "answer":
		return "answers"
	case "sleep":
		return a.sleeping()
	case "park":
		return "parks the call"
	case "dead_air":
		return "holds the line in silence"
	case "wait_for_hangup":
		return "waits until the caller hangs up"
	case "receive_fax", "faxbox":
		return "receives a fax"
	}
	return ""
}

func (a actionData) sleeping() string {
	n := a.number("duration")
	switch unit := a.text("unit"); {
	case n == 0:
		return "waits"
	case unit == "ms" || unit == "h":
		return fmt.Sprintf("waits %d %s", n, unit)
	case unit == "m":
		return fmt.Sprintf("waits %d min", n)
	default:
		return fmt.Sprintf("waits %s", span(n))
	}
}

// changing are the modules that change the call, or tell others of it.
func (a actionData) changing() string {
	switch a.module {
	case "set_cid":
		if name := strings.TrimSpace(a.text("caller_id_name") + " " + a.text("caller_id_number")); name != "" {
			return fmt.Sprintf("shows the caller as “%s”", cutName(name))
		}
		return "changes how the caller is shown"
	case "prepend_cid":
		if name := a.text("caller_id_name_prefix"); name != "" && a.text("action") != "reset" {
			return fmt.Sprintf("shows “%s” before the caller's name", cutName(name))
		}
		return "changes how the caller is shown"
	case "dynamic_cid", "lookupcidname", "privacy":
		return "changes how the caller is shown"
	case "set_variable", "set_variables":
		return "sets variables"
	case "set_alert_info":
		return "sets the ringtone"
	case "language":
		if language := a.text("language"); language != "" {
			return fmt.Sprintf("speaks %s from here on", cutName(language))
		}
		return "changes the language"
	case "webhook":
		return fmt.Sprintf("notifies %s", a.host("uri", "another server"))
	case "missed_call_alert":
		return "sends an alert if the call is missed"
	case "notification":
		return "sends a notification"
	case "send_dtmf":
		return "sends digits"
	case "flush_dtmf":
		return "forgets the digits so far"
	case "noop":
		return "does nothing"
	}
	return ""
}

// cutName is a text at the length of a name.
func cutName(text string) string { return oneLine(text, maxNameBytes) }
