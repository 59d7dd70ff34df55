package listen

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/internal/files"
)

func (w *webReader) readTLS(n *yaml.Node) {
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
	clients := map[string]tls.ClientAuthType{
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
		"client_auth_type": word(w, clients, func(c tls.ClientAuthType) { t.ClientAuth = c }),
		"client_allowed_sans": w.each(func(n *yaml.Node) {
			var san string
			w.text(&san)(n)
			w.sans = append(w.sans, san)
		}),
		"cipher_suites": w.each(word(w, ciphers, func(id uint16) {
			t.CipherSuites = append(t.CipherSuites, id)
		})),
		"curve_preferences": w.each(word(w, curves, func(id tls.CurveID) {
			t.CurvePreferences = append(t.CurvePreferences, id)
		})),
		"min_version":                 word(w, versions, func(v uint16) { t.MinVersion = v }),
		"max_version":                 word(w, versions, func(v uint16) { t.MaxVersion = v }),
		"prefer_server_cipher_suites": w.flag(&ignored), // without effect since Go 1.17
	})
}

// loadTLS reads what tls_server_config names.
func (w *webReader) loadTLS() {
	cert, key := w.content(w.certFile, w.cert), w.content(w.keyFile, w.key)
	switch {
	case w.wrong != nil:
		return
	case cert == nil && key == nil && w.clientCA == "" && w.clientCAFile == "" && w.sans == nil &&
		w.tls.ClientAuth == tls.NoClientCert:
		return // says nothing
	case cert == nil:
		w.wrongAt(w.tlsAt, "tls_server_config has no cert_file")
		return
	case key == nil:
		w.wrongAt(w.tlsAt, "tls_server_config has no key_file")
		return
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		w.wrongAt(w.tlsAt, "cert_file and key_file are not a certificate and its key")
		return
	}
	w.tls.Certificates = []tls.Certificate{pair}
	if ca := w.content(w.clientCAFile, w.clientCA); ca != nil {
		w.tls.ClientCAs = x509.NewCertPool()
		if !w.tls.ClientCAs.AppendCertsFromPEM(ca) {
			w.wrongAt(w.tlsAt, "client_ca_file holds no certificate")
		}
		if w.tls.ClientAuth == tls.NoClientCert {
			w.wrongAt(w.tlsAt,
				"client_ca_file has no effect without client_auth_type; set it to RequireAndVerifyClientCert")
		}
	} else if w.sans == nil &&
		(w.tls.ClientAuth == tls.RequireAndVerifyClientCert || w.tls.ClientAuth == tls.VerifyClientCertIfGiven) {
		// Without one Go takes the system's authorities, by which anybody can get a certificate.
		w.wrongAt(w.tlsAt, "client_auth_type verifies certificates and needs client_ca_file or client_allowed_sans")
	}
	if w.sans != nil && w.tls.ClientAuth == tls.NoClientCert {
		w.wrongAt(w.tlsAt,
			"client_allowed_sans has no effect without client_auth_type; set it to RequireAndVerifyClientCert")
	}
	if w.sans != nil {
		// VerifyPeerCertificate is not called when a session is resumed, whose certificate may not
		// be allowed any more.
		w.tls.VerifyConnection = func(c tls.ConnectionState) error { return allowedSAN(c.PeerCertificates, w.sans) }
	}
	w.tls.NextProtos = []string{"http/1.1"}
	if w.c.http2 {
		w.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	w.c.tls = &w.tls
}

// content is what a file holds, or else the text; nil for neither.
func (w *webReader) content(file, text string) []byte {
	switch {
	case file == "" && text == "":
		return nil
	case file == "":
		return []byte(text)
	}
	content, err := files.Read(file, maxWeb)
	if err != nil {
		w.wrongAt(w.tlsAt, "%v", err)
	}
	_, _ = w.sum.Write(content)
	return content
}

// checkClient says why the client of a connection that was made by a former web configuration would
// not get in by this one: what the handshake checks.
func (c *webConfig) checkClient(conn *tls.ConnectionState) error {
	if c.tls == nil || conn == nil {
		return nil
	}
	peer, auth := conn.PeerCertificates, c.tls.ClientAuth
	if len(peer) == 0 && (auth == tls.RequireAnyClientCert || auth == tls.RequireAndVerifyClientCert) {
		return errors.New("there is no client certificate")
	}
	if len(peer) > 0 && auth >= tls.VerifyClientCertIfGiven {
		others := x509.NewCertPool()
		for _, cert := range peer[1:] {
			others.AddCert(cert)
		}
		if _, err := peer[0].Verify(x509.VerifyOptions{
			Roots: c.tls.ClientCAs, Intermediates: others, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}); err != nil {
			return errors.New("the client certificate is not verified by client_ca_file")
		}
	}
	if c.tls.VerifyConnection != nil {
		return c.tls.VerifyConnection(*conn)
	}
	return nil
}

// allowedSAN wants one of some names in a client's certificate.
func allowedSAN(peer []*x509.Certificate, names []string) error {
	if len(peer) == 0 {
		return errors.New("there is no client certificate")
	}
	cert := peer[0]
	own := slices.Concat(cert.DNSNames, cert.EmailAddresses)
	for _, ip := range cert.IPAddresses {
		own = append(own, ip.String())
	}
	for _, uri := range cert.URIs {
		own = append(own, uri.String())
	}
	if !slices.ContainsFunc(own, func(name string) bool { return slices.Contains(names, name) }) {
		return errors.New("the client certificate has none of client_allowed_sans")
	}
	return nil
}
