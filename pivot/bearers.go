package pivot

// Bearers of ids. Languages have their own articles and cases for each, so that whole phrases are
// translated.

// only is the one of its kind whose name is its kind: "the device".
func (d *description) only(what string) string {
	switch what {
	case "device":
		return d.translate("the device")
	case "user":
		return d.translate("the user")
	case "group":
		return d.translate("the group")
	case "queue":
		return d.translate("the queue")
	case "conference":
		return d.translate("the conference")
	case "directory":
		return d.translate("the directory")
	case "recording":
		return d.translate("the recording")
	case "menu":
		return d.translate("the menu")
	default:
		return d.translate("the callflow")
	}
}

// unnamed is one that the callflow does not name: "a device".
func (d *description) unnamed(what string) string {
	switch what {
	case "device":
		return d.translate("a device")
	case "user":
		return d.translate("a user")
	case "group":
		return d.translate("a group")
	case "queue":
		return d.translate("a queue")
	case "conference":
		return d.translate("a conference of the caller's choice")
	case "directory":
		return d.translate("a directory")
	case "recording":
		return d.translate("a recording")
	case "menu":
		return d.translate("a menu")
	default:
		return d.translate("another callflow")
	}
}

// withID is one without a name: "device 0a4c…".
func (d *description) withID(what, id string) string {
	switch what {
	case "device":
		return d.translate("device %s", id)
	case "user":
		return d.translate("user %s", id)
	case "group":
		return d.translate("group %s", id)
	case "queue":
		return d.translate("queue %s", id)
	case "conference":
		return d.translate("conference %s", id)
	case "directory":
		return d.translate("directory %s", id)
	case "recording":
		return d.translate("recording %s", id)
	case "menu":
		return d.translate("menu %s", id)
	default:
		return d.translate("callflow %s", id)
	}
}
