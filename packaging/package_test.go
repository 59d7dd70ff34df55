// Package packaging_test installs what is released as a machine would, and tries it.
package packaging_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// system skips a test that needs other programs, unless they are wanted and there.
func system(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv("CALLHOURS_SYSTEM") == "" {
		t.Skip("set CALLHOURS_SYSTEM=1 to run it")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", p)
		}
		t.Skipf("%s is not installed", p)
	}
}

// run runs a program in the repository's root directory.
func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = "..", append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &out)
	}
	return out.String()
}

// dist is a directory with what is released as 1.0.0, for this machine.
func dist(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("CALLHOURS_DIST"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	run(t, []string{"ARCHES=" + arch(t), "FORMATS=deb"}, "packaging/dist", "1.0.0", dir)
	return dir
}

func arch(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(run(t, nil, "go", "env", "GOARCH"))
}

// TestUnit: the service may do little besides its work.
func TestUnit(t *testing.T) {
	t.Parallel()
	system(t, "systemd-analyze")
	const most = "15" // of 100, which systemd shows as 1.5 of 10
	out := run(t, nil, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+most,
		"packaging/systemd/callhours.service")
	if !strings.Contains(out, "Overall exposure level") {
		t.Errorf("got %s", out)
	}
}

// TestPackage: lintian finds no error in the package, and it can be installed, upgraded with its
// state, downgraded, removed and purged; each version answers calls.
func TestPackage(t *testing.T) {
	t.Parallel()
	system(t, "dpkg", "unshare", "chroot", "setpriv", "systemd-sysusers", "curl", "lintian")
	if os.Getuid() != 0 {
		t.Skip("only root can install packages")
	}
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.UserAgent(), "callhours/0.9.0") {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20200101\n"+
			"RRULE:FREQ=DAILY\nSUMMARY:Open\nEND:VEVENT\nEND:VCALENDAR\n")
	}))
	defer feed.Close()
	former := t.TempDir()
	run(t, nil, "packaging/former", former)
	deb := filepath.Join(dist(t), "callhours_1.0.0_"+arch(t)+".deb")
	run(t, nil, "lintian", "--fail-on", "error", deb)
	env := []string{
		fmt.Sprintf("PIVOT=%d", freePort(t)), fmt.Sprintf("ADMIN=%d", freePort(t)), "FEED=" + feed.URL + "/",
	}
	out := run(t, env, "unshare", "--mount", "packaging/testdata/lifecycle", deb,
		filepath.Join(former, "callhours_0.9.0_"+arch(t)+".deb"))
	if !strings.HasSuffix(out, "= done\n") {
		t.Errorf("got %s", out)
	}
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestImage: the image's root file system is all that its command needs, as its user.
func TestImage(t *testing.T) {
	t.Parallel()
	system(t, "tar")
	if os.Getuid() != 0 {
		t.Skip("only root can change the root directory")
	}
	dir := os.Getenv("CALLHOURS_DIST")
	if dir == "" {
		dir = t.TempDir()
		run(t, []string{"ARCHES=" + arch(t), "FORMATS=oci"}, "packaging/dist", "1.0.0", dir)
	}
	layout, root := t.TempDir(), t.TempDir()
	run(t, nil, "tar", "-xf", filepath.Join(dir, "callhours_1.0.0_oci.tar"), "-C", layout)
	type descriptor struct {
		Digest    string
		Manifests []descriptor
		Layers    []descriptor
		Config    json.RawMessage
	}
	read := func(name string, into any) {
		t.Helper()
		bytes, err := os.ReadFile(filepath.Join(layout, name))
		if err == nil {
			err = json.Unmarshal(bytes, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	blob := func(d descriptor) string { return "blobs/" + strings.ReplaceAll(d.Digest, ":", "/") }
	var top, index, manifest, config descriptor
	read("index.json", &top)
	read(blob(top.Manifests[0]), &index)
	read(blob(index.Manifests[0]), &manifest)
	if err := json.Unmarshal(manifest.Config, &config); err != nil {
		t.Fatal(err)
	}
	var image struct {
		Config struct {
			User            string
			Entrypoint, Cmd []string
		}
	}
	read(blob(config), &image)
	run(t, nil, "tar", "-xzf", filepath.Join(layout, blob(manifest.Layers[0])), "-C", root)
	file := filepath.Join(root, "etc/callhours/callhours.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pivot, admin := freePort(t), freePort(t)
	changed := strings.NewReplacer(`":8080"`, fmt.Sprintf(`"127.0.0.1:%d"`, pivot),
		`":9480"`, fmt.Sprintf(`"127.0.0.1:%d"`, admin)).Replace(string(text))
	if changed == string(text) {
		t.Fatalf("the image does not listen to others: %s", text)
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	user, _, _ := strings.Cut(image.Config.User, ":")
	uid, err := strconv.ParseUint(user, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(image.Config.Entrypoint[0], image.Config.Cmd...)
	cmd.Env, cmd.Dir = []string{}, "/etc/callhours"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: root, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)},
	}
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "msg=started") {
			break
		}
	}
	r, err := http.PostForm(fmt.Sprintf("http://127.0.0.1:%d/front-desk", pivot), url.Values{"Request": {"+14155550100"}})
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("got %v, %v: %s", r, err, said.String())
	}
	if left, err := os.ReadDir(filepath.Join(root, "var/lib/callhours")); err != nil || len(left) == 0 {
		t.Errorf("it keeps no state: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it says that it was killed
}
