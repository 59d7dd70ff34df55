package listen

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/internal/files"
)

// parseTLSKeys reads the keys of tls_server_config.
func (w *webReader) parseTLSKeys(n *yaml.Node) {
	t := &w.tls
	t.MinVersion, t.MaxVersion = tls.VersionTLS12, tls.VersionTLS13
	versions := map[string]uint16{
		"TLS10": tls.VersionTLS10, "TLS11": tls.VersionTLS11, "TLS12": tls.VersionTLS12,
		"TLS13": tls.VersionTLS13,
	}
	ciphers := map[string]uint16{}
	for _, c := range tls.CipherSuites() {
		ciphers[c.Name] = c.ID
	}
	curves := map[string]tls.CurveID{
		"CurveP256": tls.CurveP256, "CurveP384": tls.CurveP384, "CurveP521": tls.CurveP521,
		"X25519": tls.X25519,
	}
	clientAuthTypes := map[string]tls.ClientAuthType{
		"": tls.NoClientCert, "NoClientCert": tls.NoClientCert, "RequestClientCert": tls.RequestClientCert,
		// the former name
		"RequireAnyClientCert": tls.RequireAnyClientCert, "RequireClientCert": tls.RequireAnyClientCert,
		"VerifyClientCertIfGiven":    tls.VerifyClientCertIfGiven,
		"RequireAndVerifyClientCert": tls.RequireAndVerifyClientCert,
	}
	var ignored bool
	w.fields(n, "tls_server_config", map[string]webKey{
		"cert": w.text(&w.cert), "key": w.text(&w.key), "client_ca": w.text(&w.clientCA),
		"cert_file": w.path(&w.certFile), "key_file": w.path(&w.keyFile), "client_ca_file": w.path(&w.clientCAFile),
		"client_auth_type": oneOf(w, clientAuthTypes, func(c tls.ClientAuthType) { t.ClientAuth = c }),
		"client_allowed_sans": w.list(func(n *yaml.Node) {
			var san string
			w.text(&san)(n)
			w.sans = append(w.sans, san)
		}),
		"cipher_suites": w.list(oneOf(w, ciphers, func(id uint16) {
			t.CipherSuites = append(t.CipherSuites, id)
		})),
		"curve_preferences": w.list(oneOf(w, curves, func(id tls.CurveID) {
			t.CurvePreferences = append(t.CurvePreferences, id)
		})),
		"min_version":                 oneOf(w, versions, func(v uint16) { t.MinVersion = v }),
		"max_version":                 oneOf(w, versions, func(v uint16) { t.MaxVersion = v }),
		"prefer_server_cipher_suites": w.boolean(&ignored), // without effect since Go 1.17
	})
}

// buildTLSConfig reads the files that tls_server_config names, and makes the configuration of the
// listener of them.
func (w *webReader) buildTLSConfig() {
	cert, key := w.readOrInline(w.certFile, w.cert), w.readOrInline(w.keyFile, w.key)
	switch {
	case w.err != nil:
		return
	case cert == nil && key == nil && w.clientCA == "" && w.clientCAFile == "" && w.sans == nil &&
		w.tls.ClientAuth == tls.NoClientCert:
		return // says nothing
	case cert == nil:
		w.errorAt(w.tlsAt, "tls_server_config has no cert_file")
		return
	case key == nil:
		w.errorAt(w.tlsAt, "tls_server_config has no key_file")
		return
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		w.errorAt(w.tlsAt, "cert_file and key_file are not a certificate and its key")
		return
	}
	w.tls.Certificates = []tls.Certificate{pair}
	if ca := w.readOrInline(w.clientCAFile, w.clientCA); ca != nil {
		w.tls.ClientCAs = x509.NewCertPool()
		if !w.tls.ClientCAs.AppendCertsFromPEM(ca) {
			w.errorAt(w.tlsAt, "client_ca_file contains no certificate")
		}
		if w.tls.ClientAuth == tls.NoClientCert {
			w.errorAt(w.tlsAt,
				"client_ca_file has no effect without client_auth_type; set it to RequireAndVerifyClientCert")
		}
	} else if w.sans == nil &&
		(w.tls.ClientAuth == tls.RequireAndVerifyClientCert || w.tls.ClientAuth == tls.VerifyClientCertIfGiven) {
		// Without one Go takes the system's authorities, by which anybody can get a certificate.
		w.errorAt(w.tlsAt, "client_auth_type verifies certificates and needs client_ca_file or client_allowed_sans")
	}
	if w.sans != nil && w.tls.ClientAuth == tls.NoClientCert {
		w.errorAt(w.tlsAt,
			"client_allowed_sans has no effect without client_auth_type; set it to RequireAndVerifyClientCert")
	}
	if w.sans != nil {
		// VerifyPeerCertificate is not called when a session is resumed, whose certificate may not
		// be allowed any more.
		w.tls.VerifyConnection = func(c tls.ConnectionState) error { return checkSAN(c.PeerCertificates, w.sans) }
	}
	w.tls.NextProtos = []string{"http/1.1"}
	if w.config.http2 {
		w.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	w.config.tls = &w.tls
}

// readOrInline is the content of a file, or else a text of the configuration itself; nil for
// neither.
func (w *webReader) readOrInline(file, text string) []byte {
	switch {
	case file == "" && text == "":
		return nil
	case file == "":
		return []byte(text)
	}
	content, err := files.Read(file, maxWebConfigBytes)
	if err != nil {
		w.errorAt(w.tlsAt, "%v", err)
	}
	_, _ = w.sum.Write(content)
	return content
}

// recheckClientCert checks what the handshake does, for a connection that was made by a former web
// configuration. The error says why its client would not get in by this one.
func (c *webConfig) recheckClientCert(conn *tls.ConnectionState) error {
	if c.tls == nil || conn == nil {
		return nil
	}
	chain, auth := conn.PeerCertificates, c.tls.ClientAuth
	if len(chain) == 0 && (auth == tls.RequireAnyClientCert || auth == tls.RequireAndVerifyClientCert) {
		return errors.New("there is no client certificate")
	}
	if len(chain) > 0 && auth >= tls.VerifyClientCertIfGiven {
		intermediates := x509.NewCertPool()
		for _, cert := range chain[1:] {
			intermediates.AddCert(cert)
		}
		if _, err := chain[0].Verify(x509.VerifyOptions{
			Roots: c.tls.ClientCAs, Intermediates: intermediates,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}); err != nil {
			return errors.New("the client certificate is not verified by client_ca_file")
		}
	}
	if c.tls.VerifyConnection != nil {
		return c.tls.VerifyConnection(*conn)
	}
	return nil
}

// checkSAN checks that a client's certificate has one of some names.
func checkSAN(chain []*x509.Certificate, names []string) error {
	if len(chain) == 0 {
		return errors.New("there is no client certificate")
	}
	cert := chain[0]
	sans := slices.Concat(cert.DNSNames, cert.EmailAddresses)
	for _, ip := range cert.IPAddresses {
		sans = append(sans, ip.String())
	}
	for _, uri := range cert.URIs {
		sans = append(sans, uri.String())
	}
	if !slices.ContainsFunc(sans, func(name string) bool { return slices.Contains(names, name) }) {
		return errors.New("the client certificate has none of client_allowed_sans")
	}
	return nil
}
