package templates

// What a template may be and write. Kazoo's largest callflows are a few kilobytes. A text of
// MaxSource bytes cannot nest so deep that text/template's own parser runs out of stack.
const (
	MaxSource    = 64 << 10 // bytes of a template's text
	MaxOutput    = 64 << 10 // bytes that one execution writes
	MaxVariables = 250      // variables that one template, or one {{define}}, defines

	maxFields   = 250 // that a header declares
	maxMistakes = 100 // that are told of one template
)
