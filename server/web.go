package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/files"
)

// leaked is what a YAML library says of its own types and of the text that it met, which may be a password.
var leaked = regexp.MustCompile("(?s)^yaml: (unmarshal errors:\\s*)?| in type web\\.\\w+| into [\\w\\[\\].]+| !!\\w+( `[^`]*`)?")

// wording puts what libraries say into words of ours.
var wording = strings.NewReplacer("crypto/bcrypt: hashedSecret", "the hash of a password is", "cannot unmarshal", "this value is of another kind than wanted")

// checkWeb says what is wrong with a web configuration of the Prometheus kind; "" if nothing is.
func checkWeb(path string) string {
	if _, err := files.Read(path, maxWeb); err != nil {
		return err.Error()
	}
	err := web.Validate(path)
	if err == nil {
		return ""
	}
	text := strings.Join(strings.Fields(leaked.ReplaceAllString(err.Error(), "")), " ")
	return path + ": " + wording.Replace(text) + "; want Prometheus' web configuration"
}

// maxWeb bounds a web configuration, in bytes.
const maxWeb = 1 << 20

// webConfig is what we ourselves look for in a web configuration.
type webConfig struct {
	Users map[string]string `yaml:"basic_auth_users"`
	TLS   struct {
		Cert       string `yaml:"cert"`
		CertFile   string `yaml:"cert_file"`
		ClientAuth string `yaml:"client_auth_type"`
	} `yaml:"tls_server_config"`
}

// readWeb reads a web configuration; what cannot be read says nothing.
func readWeb(path string) (c webConfig) {
	if text, err := files.Read(path, maxWeb); path != "" && err == nil {
		_ = yaml.Unmarshal(text, &c)
	}
	return c
}

// asksWho reports whether the web configuration lets in only those who prove who they are.
func (c webConfig) asksWho() bool {
	return len(c.Users) > 0 || c.TLS.ClientAuth == "RequireAndVerifyClientCert"
}

// PeopleScheme is "https" where a configuration's admin_web_config brings a certificate, else "http".
func PeopleScheme(f *config.File) string {
	if c := readWeb(f.AdminWebConfig.S); c.TLS.Cert != "" || c.TLS.CertFile != "" {
		return "https"
	}
	return "http"
}

// servePeople answers people until the listener closes, by TLS and to those who prove who they are where the configuration says so. That
// file is read again for every request, so that a change needs no restart.
func (s *Server) servePeople(l net.Listener, h *http.Server) error {
	path := s.options.Generation.file.AdminWebConfig.S
	if path == "" {
		return h.Serve(l)
	}
	return web.Serve(l, h, &web.FlagConfig{WebConfigFile: &path}, slog.New(faultsOnly{s.options.Log.Handler()}))
}

// faultsOnly is a log without what a library says of ordinary days.
type faultsOnly struct{ slog.Handler }

func (faultsOnly) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
