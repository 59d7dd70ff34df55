package listen

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
	"golang.org/x/crypto/bcrypt"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
)

// maxWebConfigBytes is how many bytes a web configuration, or a file that it names, may have.
const maxWebConfigBytes = 1 << 20

// webConfig is a web configuration of the kind that all of Prometheus' programs take, with the
// files that it names: who may use the admin listener, and by what certificate it is encrypted.
// https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
type webConfig struct {
	users   map[string]string // bcrypt hashes by name; none: no password is asked for
	tls     *tls.Config       // nil: plain HTTP
	http2   bool
	headers map[string]string
	burst   int           // requests at once, where interval is set
	every   time.Duration // for one more request; 0: no limit
	sum     [sha256.Size]byte
	closed  error // why nobody gets an answer: the file could not be used at the start; nil: it could
}

// requiresLogin reports whether only those get an answer who prove who they are.
func (c *webConfig) requiresLogin() bool {
	return c != nil && c.closed == nil &&
		(len(c.users) > 0 || c.tls != nil && c.tls.ClientAuth == tls.RequireAndVerifyClientCert)
}

// readWebConfig reads a web configuration and the files that it names. The error is what is wrong,
// with its place; it shows no value.
func readWebConfig(path string) (*webConfig, error) {
	text, err := files.Read(path, maxWebConfigBytes)
	if err != nil {
		return nil, err
	}
	w := &webReader{file: path, config: &webConfig{http2: true}, sum: sha256.New()}
	_, _ = w.sum.Write(text)
	loader, err := yaml.NewLoader(bytes.NewReader(text),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxWebDepth))))
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := loader.Load(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, w.syntax(err)
	}
	if len(doc.Content) > 0 {
		w.read(doc.Content[0])
	}
	if w.err == nil && !w.says {
		w.errorAt(nil,
			"the file requires no login; add basic_auth_users or tls_server_config, or remove admin_web_config")
	}
	if w.err != nil {
		return nil, w.err
	}
	w.sum.Sum(w.config.sum[:0])
	return w.config, nil
}

// maxWebDepth is how deep a web configuration may be nested; three levels have a meaning.
const maxWebDepth = 16

// webReader reads a web configuration. It keeps the first mistake.
type webReader struct {
	file   string
	config *webConfig
	err    error
	says   bool // anything at all
	sum    interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}

	cert, key, clientCA             string // as text
	certFile, keyFile, clientCAFile string
	sans                            []string
	tls                             tls.Config
	tlsAt                           *yaml.Node
}

func (w *webReader) errorAt(n *yaml.Node, format string, args ...any) {
	if w.err != nil {
		return
	}
	p := diag.Pos{File: w.file}
	if n != nil {
		p.Line, p.Col = n.Line, n.Column
	}
	w.err = diag.Mistakef(p, format, args...)
}

func (w *webReader) syntax(err error) error {
	p := diag.Pos{File: w.file}
	if all, ok := errors.AsType[*yaml.LoadErrors](err); ok && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		p.Line, p.Col = one.Mark.Line, one.Mark.Column
	}
	return diag.Mistakef(p, "this is not YAML; check the indentation and the quotes before this place")
}

// key is what reads the value of a key.
type webKey func(*yaml.Node)

// fields reads a mapping.
func (w *webReader) fields(n *yaml.Node, what string, keys map[string]webKey) {
	for name, value := range w.pairs(n, what) {
		read, ok := keys[name.Value]
		if !ok {
			w.errorAt(name, "unknown key in %s%s", what, diag.Suggest(name.Value, slices.Sorted(maps.Keys(keys))))
			return
		}
		read(value)
	}
}

// pairs are the keys and values of a mapping.
func (w *webReader) pairs(n *yaml.Node, what string) func(yield func(name, value *yaml.Node) bool) {
	n = target(n)
	return func(yield func(name, value *yaml.Node) bool) {
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
			return
		}
		if n.Kind != yaml.MappingNode {
			w.errorAt(n, "expected %s as a mapping", what)
			return
		}
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := target(n.Content[i])
			if name.Kind != yaml.ScalarNode || seen[name.Value] {
				w.errorAt(name, "expected each key of %s once, as text", what)
				return
			}
			seen[name.Value] = true
			if !yield(name, n.Content[i+1]) {
				return
			}
		}
	}
}

// target is the node that an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func (w *webReader) text(to *string) webKey {
	return func(n *yaml.Node) {
		if n = target(n); n.Kind != yaml.ScalarNode {
			w.errorAt(n, "expected text")
			return
		}
		*to = n.Value
	}
}

// path is a name of a file, relative to the configuration's directory.
func (w *webReader) path(to *string) webKey {
	return func(n *yaml.Node) {
		w.text(to)(n)
		if *to != "" && !filepath.IsAbs(*to) {
			*to = filepath.Join(filepath.Dir(w.file), *to)
		}
	}
}

func (w *webReader) boolean(to *bool) webKey {
	return func(n *yaml.Node) {
		n = target(n)
		value, err := strconv.ParseBool(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			w.errorAt(n, "expected true or false")
		}
		*to = value
	}
}

// list reads the elements of a list.
func (w *webReader) list(read webKey) webKey {
	return func(n *yaml.Node) {
		if n = target(n); n.Kind != yaml.SequenceNode {
			w.errorAt(n, "expected a list")
			return
		}
		for _, e := range n.Content {
			read(e)
		}
	}
}

// oneOf reads one of some words.
func oneOf[T any](w *webReader, words map[string]T, then func(T)) webKey {
	return func(n *yaml.Node) {
		n = target(n)
		value, ok := words[n.Value]
		if n.Kind != yaml.ScalarNode || !ok {
			w.errorAt(n, "expected one of %s", strings.Join(slices.Sorted(maps.Keys(words)), ", "))
			return
		}
		then(value)
	}
}

// read reads the whole.
func (w *webReader) read(root *yaml.Node) {
	w.fields(root, "a web configuration", map[string]webKey{
		"tls_server_config":  func(n *yaml.Node) { w.says, w.tlsAt = true, n; w.parseTLSKeys(n) },
		"basic_auth_users":   w.readUsers,
		"http_server_config": func(n *yaml.Node) { w.says = true; w.readHTTP(n) },
		"rate_limit":         func(n *yaml.Node) { w.says = true; w.readRate(n) },
	})
	if w.err == nil && w.tlsAt != nil {
		w.buildTLSConfig()
	}
}

func (w *webReader) readUsers(n *yaml.Node) {
	w.config.users = map[string]string{}
	for name, value := range w.pairs(n, "basic_auth_users") {
		var hash string
		w.text(&hash)(value)
		if _, err := bcrypt.Cost([]byte(hash)); err != nil || name.Value == "" {
			w.errorAt(value,
				"expected a user name and the bcrypt hash of a password; make one by htpasswd -nBC 10 NAME")
			return
		}
		w.config.users[name.Value], w.says = hash, true
	}
}

func (w *webReader) readHTTP(n *yaml.Node) {
	w.fields(n, "http_server_config", map[string]webKey{
		"http2": w.boolean(&w.config.http2),
		"headers": func(n *yaml.Node) {
			w.config.headers = map[string]string{}
			values := map[string][]string{
				"Strict-Transport-Security": nil, "X-Content-Type-Options": {"nosniff"},
				"X-Frame-Options":  {"deny", "sameorigin"},
				"X-XSS-Protection": nil, "Content-Security-Policy": nil,
			}
			for name, value := range w.pairs(n, "headers") {
				var text string
				w.text(&text)(value)
				may, known := values[name.Value]
				switch {
				case !known:
					w.errorAt(name, "expected one of %s", strings.Join(slices.Sorted(maps.Keys(values)), ", "))
				case len(may) > 0 && !slices.Contains(may, text):
					w.errorAt(value, "expected %s", strings.Join(may, " or "))
				case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
					w.errorAt(value, "expected printable ASCII")
				}
				w.config.headers[name.Value] = text
			}
		},
	})
}

func (w *webReader) readRate(n *yaml.Node) {
	number := func(n *yaml.Node) {
		burst, err := strconv.Atoi(target(n).Value)
		if err != nil || burst < 0 {
			w.errorAt(n, "expected a number of requests")
		}
		w.config.burst = burst
	}
	interval := func(n *yaml.Node) {
		every, err := time.ParseDuration(target(n).Value)
		if err != nil && target(n).Value == "0" {
			err = nil
		}
		if err != nil || every < 0 {
			w.errorAt(n, "expected a duration such as 100ms")
		}
		w.config.every = every
	}
	w.fields(n, "rate_limit", map[string]webKey{"burst": number, "interval": interval})
}
