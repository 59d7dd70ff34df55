package config

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Secret is a text that is never shown: it prints, logs and encodes as "<secret>". The zero Secret
// was not given and prints as "".
type Secret struct {
	diag.Pos // where it, or the {secret: NAME} that names it, stands
	// text is behind a pointer so that a Secret in an unexported field shows an address at most.
	text      *string
	withdrawn bool // see Withdrawn
}

// Reveal gives the text; "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Given reports whether there is a secret.
func (s Secret) Given() bool { return s.text != nil }

// Withdrawn reports whether the secret is one that the main file does not give to the tenant any
// more, whose accepted file names it, or a credential that the process was not given. Its text is random then: whatever is to be opened with it
// stays closed, and nothing is to be sent.
func (s Secret) Withdrawn() bool { return s.withdrawn }

func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return "<secret>"
}

// GoString keeps %#v from showing the text.
func (s Secret) GoString() string { return s.String() }

// Format keeps every verb of package fmt from showing the text.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = fmt.Fprint(w, s.String()) }

// LogValue keeps slog from showing the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps encoders from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// readSecrets reads the files that a source names under secrets.
func (s *source) readSecrets() {
	if s.reused != nil {
		return
	}
	names, values, before := s.top.texts("secrets"), 0, len(s.mistakes)
	defer func() { s.secretsIncomplete = len(s.mistakes) > before }()
	if len(names) > maxPaths &&
		s.exceeds(len(names), maxPaths, names[maxPaths].Pos, "paths and globs under secrets", "write fewer of them") {
		return
	}
	for _, path := range s.paths(names, "secrets") {
		input, ok := s.read(path)
		if !ok && s.namedFiles.full {
			return
		}
		if !ok {
			continue
		}
		n, _ := valuesIn(input.Bytes, len(input.Bytes))
		values += n
		if s.exceeds(values, maxSecrets, diag.Pos{File: path.S},
			"keys and values in its files of secrets (lines, commas, colons and brackets count)",
			"remove what is not needed") {
			return
		}
		file := path.S
		if input.Mode.Perm()&^0o600 != 0 {
			s.warn(diag.Pos{File: file}, "secrets_readable", "secrets are open to others (mode %04o); chmod 600",
				input.Mode.Perm())
		}
		root, mistakes := (&converter{file: file, secret: true}).parse(maxValues, input.Bytes)
		s.mistakes = append(s.mistakes, mistakes...)
		if root == nil {
			continue
		}
		if root.kind != mapping {
			s.mistake(root.Pos, "expected secrets to be a mapping of names to texts, found %s", root.kindName())
		}
		for _, e := range root.entries {
			s.addSecret(e)
		}
	}
}

// grantSecrets gives a tenant the secrets of the main file that are granted to it.
func (s *source) grantSecrets(main *source) {
	if s.tenant == nil || s.reused != nil || s.grants[s.tenant.Name] == nil {
		return
	}
	s.secrets.outer = map[string]Secret{}
	for _, name := range s.grants[s.tenant.Name].secrets {
		if secret, ok := main.secrets.own[name.S]; ok {
			s.secrets.outer[name.S] = secret
		}
	}
}

// addSecret adds a secret. Messages show nothing of the file: names may be values, and it may be
// another file altogether.
func (s *source) addSecret(e entry) {
	name, n := e.key, e.value
	switch {
	case !nameGrammar.MatchString(name.S):
		s.mistake(name.Pos, "expected the name of a secret in lower-case letters, digits and dashes")
	case n.kind != scalar:
		s.mistake(n.Pos, "expected a secret to be a text, found %s", n.kindName())
	case n.text == "":
		s.mistake(n.Pos, "a secret is empty")
	case strings.ContainsAny(n.text, "\r\n"):
		s.mistake(n.Pos, "a secret contains a line break; write it on one line")
	default:
		if first, ok := s.secrets.own[name.S]; ok {
			s.mistake(name.Pos, "this secret is already defined at %s", first.Pos)
			return
		}
		s.secrets.own[name.S] = Secret{Pos: name.Pos, text: &n.text}
	}
}

// secret gives a text that is written in place or named as {secret: NAME}.
// Nothing of it is ever shown.
func (f fields) secret(key string) Secret {
	n := f.get(key)
	if n == nil {
		return Secret{}
	}
	return f.secretValue(n, key)
}

func (s *source) secretValue(n *node, key string) Secret {
	switch {
	case n.kind == list:
		s.mistake(n.Pos, "expected %s to be a text, {secret: NAME} or {credential: NAME}, found a list", key)
	case n.kind == mapping && len(n.entries) == 0:
		s.mistake(n.Pos, "expected %s to be a text, {secret: NAME} or {credential: NAME}, found an empty mapping", key)
	case n.kind == mapping:
		return s.namedSecret(s.fields(n, inSecret))
	case n.text == "":
		s.mistake(n.Pos, "%s is empty", key)
	case strings.ContainsAny(n.text, "\r\n"):
		s.mistake(n.Pos, "%s contains a line break; write it on one line", key)
	default:
		return Secret{Pos: n.Pos, text: &n.text}
	}
	return Secret{}
}

// resolveSecret finds a secret, the tenant's own first.
func (s *source) resolveSecret(name Text) Secret {
	switch found, ok := s.secrets.find(name.S); {
	case name.Line == 0: // reported where it was read
	case !nameGrammar.MatchString(name.S):
		// The name is not shown, since the secret itself may stand in its place.
		s.mistake(name.Pos, "expected the name of a secret in lower-case letters, digits and dashes")
	case !ok && s.secretsIncomplete: // it may stand in what could not be read, which is reported
	case !ok && s.tenant != nil && slices.Contains(s.inputs.restored, s.path):
		// It was given when the file was accepted, and nobody can edit that. What is left of it may go
		// on, and must not keep the operator from taking a secret back.
		s.inputs.noteWithdrawn(s.path)
		text := rand.Text() + rand.Text()
		return Secret{name.Pos, &text, true}
	case !ok && s.tenant != nil:
		// Whether the main file has one of that name is none of the tenant's business.
		s.mistake(name.Pos,
			"secret %q is none of this tenant's; write it into a file of its own under secrets, or have the main "+
				"file give it: tenants: {%s: {secrets: [%s]}}", name.S, s.tenant.Name, name.S)
	case !ok && s.top.get("secrets") == nil:
		s.mistake(name.Pos,
			"secret %q is not defined, and no file is named under secrets; set secrets: [secrets.yaml] and write "+
				"%s: VALUE into that file",
			name.S, name.S)
	case !ok:
		s.mistake(name.Pos, "secret %q is not defined%s", name.S, s.suggest(name.S, s.secrets.names))
	default:
		return Secret{Pos: name.Pos, text: found.text}
	}
	return Secret{}
}

// plainSecret warns of a secret in the YAML itself.
func (s *source) plainSecret(n *node, what string) {
	if n != nil && n.kind == scalar {
		s.warn(n.Pos, "secret_in_plain", "%s is in plain text; put it into a secrets file and write {secret: NAME}",
			what)
	}
}
