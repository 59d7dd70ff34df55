package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/callhours/callhours/pivot"
)

// loadSchemas reads a cluster's schemas: from a directory, or from the address of its API,
// which gives them to everybody.
func loadSchemas(ctx context.Context, from string) (*pivot.Schemas, error) {
	if !strings.HasPrefix(from, "http://") && !strings.HasPrefix(from, "https://") {
		return pivot.LoadSchemas(os.DirFS(from))
	}
	dir, err := os.MkdirTemp("", "callhours-schemas-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := fetchSchemas(ctx, strings.TrimSuffix(from, "/"), dir); err != nil {
		return nil, err
	}
	return pivot.LoadSchemas(os.DirFS(dir))
}

var schemaName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// fetchSchemas saves what GET /v2/schemas lists, each as NAME.json.
func fetchSchemas(ctx context.Context, from, dir string) error {
	const (
		within = time.Minute
		most   = 2000
	)
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	body, err := getSchema(ctx, from)
	if err != nil {
		return err
	}
	var list struct{ Data []string }
	if err := json.Unmarshal(body, &list); err != nil || len(list.Data) == 0 || len(list.Data) > most {
		return errors.New(
			`expected the address of Kazoo's schemas, such as https://api.example.com:8443/v2/schemas, which answers {"data": [NAME, …]}`)
	}
	for _, name := range list.Data {
		if !schemaName.MatchString(name) {
			return fmt.Errorf("the name of a schema is %q", name)
		}
		body, err := getSchema(ctx, from+"/"+name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".json"), body, 0o600)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func getSchema(ctx context.Context, from string) ([]byte, error) {
	const largest = 4 << 20
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, connectionError(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, largest))
}
