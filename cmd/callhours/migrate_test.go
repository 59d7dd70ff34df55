package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMigrate runs examples/migrate-from-php: PHP's own process manager behind nginx runs the old scripts, and callhours
// in front of them is called as Kazoo calls. They are stopped in the middle.
func TestMigrate(t *testing.T) {
	t.Parallel()
	nginx := needs(t, "nginx")
	fpm := needsPHP(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/migrate-from-php")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	edit := func(name string, pairs ...string) {
		t.Helper()
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(pairs); i += 2 {
			if !bytes.Contains(text, []byte(pairs[i])) {
				t.Fatalf("%s has no %q", name, pairs[i])
			}
			text = bytes.ReplaceAll(text, []byte(pairs[i]), []byte(pairs[i+1]))
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const clock = "2026-11-25T10:00:00Z" // a Wednesday
	user := ""
	if os.Getuid() == 0 {
		user = "\nuser = root"
	}
	edit("php/php-fpm.conf", "[www]", "[www]"+user+"\nenv[PIVOT_NOW] = \""+clock+"\"\nclear_env = no")
	edit("php/nginx.conf", "127.0.0.1:8090", address)
	if os.Getuid() == 0 {
		edit("php/nginx.conf", "daemon off;", "daemon off;\nuser root;")
	}
	edit("callhours.yaml", "127.0.0.1:8090", address, `  - "127.0.0.1:8081"`, "  # ",
		"127.0.0.1:8080", "127.0.0.1:0", "127.0.0.1:9480", "127.0.0.1:0")
	args := []string{"--nodaemonize", "--prefix", dir, "--fpm-config", filepath.Join(dir, "php", "php-fpm.conf")}
	if os.Getuid() == 0 {
		args = append(args, "--allow-to-run-as-root")
	}
	stopPHP := background(t, dir, fpm, args...)
	background(t, dir, nginx, "-p", dir, "-c", filepath.Join(dir, "php", "nginx.conf"), "-e", "stderr")
	ready(t, "http://"+address+"/hours.php")

	server := startProcess(t, dir)
	t.Cleanup(func() {
		_ = server.cmd.Process.Kill()
		_ = server.cmd.Wait()
	})
	call := func(path string, more ...string) (*http.Response, string) {
		t.Helper()
		form := url.Values{"Caller-ID-Number": {"+442079460000"}, "Request": {"+442079460001"}, "Call-ID": {"x"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		r, err := http.PostForm(server.calls+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r, string(b)
	}
	const (
		ring      = `{"module":"device","data":{"id":"0a4cf9b16dd04f3c8a8f0d6c1f7be9d2","timeout":20},"children":{"_":{"module":"voicemail","data":{"id":"7b1e3d52c6a94f0eb4d2a9c8e5f60137"}}}}`
		voicemail = `{"module": "voicemail", "data": {"id": "7b1e3d52c6a94f0eb4d2a9c8e5f60137"}}`
	)
	if r, got := call("/sales"); got != ring || r.Header.Get("X-Callhours-Branch") != "script" || !r.Close {
		t.Errorf("sales: got %d %s by %s", r.StatusCode, got, r.Header.Get("X-Callhours-Branch"))
	}
	r, got := call("/support")
	want := `<Response><Gather numDigits="1" action="http://` + address +
		`/menu.php?office=+442079460001"><Say>For support, press one.</Say></Gather></Response>`
	if !strings.HasSuffix(got, want) || r.Header.Get("Content-Type") != "text/xml" {
		t.Errorf("support: got %s as %s\nwant %s", got, r.Header.Get("Content-Type"), want)
	}
	if _, got := call("/support", "Digits", "1"); !strings.HasSuffix(got, "<Response><Dial>1001</Dial></Response>") {
		t.Errorf("support, 1: got %s", got)
	}
	if r, got := call("/workshop"); !strings.HasPrefix(got, `{"module": "device"`) || r.Header.Get("X-Callhours-Branch") != "open" {
		t.Errorf("workshop: got %s", got)
	}
	var stdout, stderr strings.Builder
	env := environment{strings.NewReader(""), &stdout, &stderr, time.Now}
	if code := run(t.Context(), []string{"explain", "sales", "--ask", "-c", filepath.Join(dir, "callhours.yaml")}, env); code != exitOK ||
		!strings.Contains(stdout.String(), "200 by branch script") || !strings.Contains(stdout.String(), "was sent; the answer took") {
		t.Errorf("explain --ask: %d\n%s%s", code, &stdout, &stderr)
	}
	stopPHP()
	if r, got := call("/sales"); got != voicemail || r.Header.Get("X-Callhours-Branch") != "closed" {
		t.Errorf("without PHP: got %d %s by %s", r.StatusCode, got, r.Header.Get("X-Callhours-Branch"))
	}
}

// needsPHP is needs for PHP's process manager, whose name has a version.
func needsPHP(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/usr/sbin/php-fpm*", "/usr/local/sbin/php-fpm*"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	missing(t, "php-fpm is not installed: apt-get install php-fpm")
	return ""
}

// background runs a program until stop, or the test's end.
func background(t *testing.T, dir, program string, args ...string) (stop func()) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && t.Failed() {
			t.Logf("%s: %v\n%s", program, err, &out)
		}
	}
	t.Cleanup(stop)
	return stop
}

// ready waits until a URL is answered with 200.
func ready(t *testing.T, url string) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range 200 {
		if r, err := http.Get(url); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		<-ticker.C
	}
	t.Fatalf("%s does not answer", url)
}
