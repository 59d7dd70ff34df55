package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/server"
)

// adminFlags say which running server a command is about.
type adminFlags struct{ config, admin string }

// add adds the flags to those of a command.
func (a *adminFlags) add(f *pflag.FlagSet) {
	f.StringVarP(&a.config, "config", "c", "", configUsage)
	completeConfigFlag(f)
	f.StringVar(&a.admin, "admin", "",
		"`URL` of the server's admin listener, such as http://127.0.0.1:9480 (default: the configuration's)")
}

// url is where the server's admin listener is.
func (a *adminFlags) url(env environment) (string, error) {
	if a.admin != "" {
		u, err := url.Parse(a.admin)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", usageError(fmt.Errorf("--admin %s: expected a URL such as http://127.0.0.1:9480", quoteURL(a.admin)))
		}
		return strings.TrimSuffix(a.admin, "/"), nil
	}
	in, err := open(a.config, env)
	if err != nil {
		return "", err
	}
	return server.PeopleScheme(in.file) + "://" + reachable(in.file.AdminListen.S), nil
}

// request sends a request to the admin listener and gives the body of its answer. The error is that
// of the connection, or the text of an answer that is not 200 OK.
func (a *adminFlags) request(ctx context.Context, method, path string, env environment) ([]byte, error) {
	base, err := a.url(env)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, nil)
	if err != nil {
		return nil, usageError(err)
	}
	shown := request.URL.Redacted()
	shown = strings.TrimSuffix(shown, request.URL.EscapedPath())
	defer startProgress(env, "waiting for the server")()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, failure(fmt.Errorf("%s: %w; is the server running, and is this its admin_listen?", shown,
			connectionError(err)))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAdminAnswer))
	switch {
	case err != nil:
		return nil, failure(fmt.Errorf("%s: %w", shown, err))
	case response.StatusCode == http.StatusUnauthorized:
		return nil, failure(fmt.Errorf("%s: the server requires a login; use --admin https://USER:PASSWORD@HOST:PORT", shown))
	case response.StatusCode != http.StatusOK:
		return nil, failure(errors.New(errorText(body)))
	}
	return body, nil
}

// quoteURL quotes what should be a URL, without what may be a password.
func quoteURL(text string) string {
	if _, after, found := strings.Cut(text, "@"); found {
		text = "…@" + after
	}
	return diag.Quote(text)
}

// connectionError is the error of a request, without the address, which would be said twice, and
// without the names of the system's functions.
func connectionError(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return errors.New("unknown host")
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	return err
}

// errorText is the text of an error, which the API gives as JSON and other paths as text.
func errorText(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err == nil && answer.Error != "" {
		return answer.Error
	}
	return strings.TrimSpace(string(body))
}

// maxAdminAnswer is how much of an answer is read, in bytes.
const maxAdminAnswer = 64 << 20
