package config

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/callhours/callhours/internal/files"
)

// maxCredential is how many bytes a credential may have.
const maxCredential = 64 << 10

// namedSecret gives what {secret: NAME} or {credential: NAME} names.
func (s *source) namedSecret(m fields) Secret {
	if m.get("credential") == nil {
		return s.resolveSecret(m.required("secret"))
	}
	if secret := m.get("secret"); secret != nil {
		s.mistake(secret.Pos, "expected either secret or credential, found both; remove one")
		return Secret{}
	}
	return s.credential(m.text("credential"))
}

// credential reads a secret that systemd gives the process. It is read again with each load, and
// stays the same until the process ends; the accepted copy does not have it.
func (s *source) credential(name Text) Secret {
	switch {
	case name.Line == 0: // reported where it was read
		return Secret{}
	case s.tenant != nil:
		s.mistake(name.Pos, "a tenant's file cannot use credentials; write {secret: NAME}")
		return Secret{}
	case !nameGrammar.MatchString(name.S):
		// The name is not shown, since the secret itself may stand in its place.
		s.mistake(name.Pos, "expected the name of a credential in lower-case letters, digits and dashes")
		return Secret{}
	case s.credentials == "":
		s.warn(name.Pos, "credential_absent", "credential %q is known to the service alone; what needs it stays closed "+
			"here, and nothing is sent", name.S)
		text := rand.Text() + rand.Text()
		return Secret{name.Pos, &text, true}
	}
	content, err := files.Read(filepath.Join(s.credentials, name.S), maxCredential)
	text := strings.TrimRight(string(content), "\r\n")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.mistake(name.Pos, "systemd gives no credential %q; add LoadCredential=%s:/PATH/OF/FILE to the unit "+
			"(systemctl edit callhours)", name.S, name.S)
	case err != nil:
		s.mistake(name.Pos, "credential %q cannot be read: %s", name.S, files.Reason(err))
	case text == "":
		s.mistake(name.Pos, "credential %q is empty", name.S)
	case strings.ContainsAny(text, "\r\n"):
		s.mistake(name.Pos, "credential %q contains a line break; write it on one line", name.S)
	default:
		return Secret{Pos: name.Pos, text: &text}
	}
	return Secret{}
}
