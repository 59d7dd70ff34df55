package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one that is measured.
type server struct {
	name          string
	address, path string
	body          string // what it should answer; "": what holds the caller's name
	processes     []int  // its first processes; those that they start count too
	ended         <-chan struct{}
}

func (s *server) right(body []byte) bool {
	if s.body == "" {
		return bytes.HasPrefix(body, []byte(`{"module":"set_cid","data":{"caller_id_name":"Desk: `))
	}
	return string(body) == s.body
}

// field is all servers that run, and where their files are.
type field struct {
	dir     string
	servers []*server
	missing []string // servers that are not measured, and why
	running []*exec.Cmd
	pins    *pins // nil: the servers may use all CPUs
}

const (
	desk      = "0a4cf9b16dd04f3c8a8f0d6c1f7be9d2"
	voicemail = "7b1e3d52c6a94f0eb4d2a9c8e5f60137"
	callflow  = `{"module":"device","data":{"id":"` + desk + `"},"children":{"_":{"module":"voicemail","data":{"id":"` +
		voicemail + `"}}}}`
)

// start starts the servers that the options name, and waits until each answers.
func (f *field) start(ctx context.Context, o options) error {
	workers, kept := min(runtime.NumCPU(), 4), slices.Max(o.connections)
	fill := strings.NewReplacer("$DIR", f.dir, "$WORKERS", strconv.Itoa(workers), "$KEPT", strconv.Itoa(kept),
		"$CHILDREN", strconv.Itoa(workers*kept))
	for name, content := range files {
		content = fill.Replace(content)
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	wanted := func(name string) bool {
		if len(o.only) == 0 {
			return name != "callhours-slow"
		}
		return slices.Contains(o.only, name)
	}
	for _, s := range []struct {
		names []string
		start func(context.Context, options, []string) error
	}{
		{[]string{"bare"}, f.startBare},
		{[]string{"callhours", "callhours-name", "callhours-slow"}, f.startCallhours},
		{[]string{"callhours-quiet"}, f.startSilent},
		{[]string{"nginx", "php-fpm"}, f.startNginx},
	} {
		names := slices.DeleteFunc(s.names, func(name string) bool { return !wanted(name) })
		if len(names) == 0 {
			continue
		}
		if err := s.start(ctx, o, names); err != nil {
			return err
		}
	}
	for _, s := range f.servers {
		if err := ready(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (f *field) startBare(_ context.Context, _ options, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer file.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-serve-bare", filepath.Join(f.dir, "answer.json"))
	cmd.ExtraFiles = []*os.File{file}
	s := &server{name: "bare", address: l.Addr().String(), path: "/front-desk", body: callflow}
	return f.run(cmd, s)
}

// startCallhours starts the program as users do, with its log in a file.
func (f *field) startCallhours(_ context.Context, o options, names []string) error {
	return f.serve(o, names, "callhours.yaml")
}

func (f *field) startSilent(_ context.Context, o options, names []string) error {
	return f.serve(o, names, "silent.yaml")
}

func (f *field) serve(o options, names []string, config string) error {
	program, err := filepath.Abs(o.callhours)
	if err != nil {
		return err
	}
	address, err := free()
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, config)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(content, []byte("$LISTEN"), []byte(address)), 0o600); err != nil {
		return err
	}
	var all []*server
	for _, name := range names {
		s := &server{name: name, address: address, path: "/front-desk", body: callflow}
		if what, ok := strings.CutPrefix(name, "callhours-"); ok && name != "callhours-quiet" {
			s.path, s.body = "/"+what, ""
		}
		all = append(all, s)
	}
	return f.run(exec.Command(program, "serve", "-c", path), all...)
}

// startNginx starts nginx, and php-fpm behind it, where they are installed.
func (f *field) startNginx(_ context.Context, _ options, names []string) error {
	nginx, err := find("nginx")
	if err != nil {
		f.missing = append(f.missing,
			"nginx and php-fpm: no nginx is installed (Debian: apt-get install nginx-light php-fpm)")
		return nil
	}
	var fpm []int
	if slices.Contains(names, "php-fpm") {
		program, err := find("php-fpm*")
		if err != nil {
			f.missing = append(f.missing, "php-fpm: it is not installed (Debian: apt-get install php-fpm)")
			names = slices.DeleteFunc(names, func(name string) bool { return name == "php-fpm" })
		} else {
			args := []string{"--nodaemonize", "--fpm-config", filepath.Join(f.dir, "php-fpm.conf")}
			if os.Getuid() == 0 {
				args = append(args, "--allow-to-run-as-root")
			}
			if err := f.run(exec.Command(program, args...)); err != nil {
				return err
			}
			fpm = []int{f.running[len(f.running)-1].Process.Pid}
		}
	}
	address, err := free()
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, "nginx.conf")
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	conf := strings.ReplaceAll(string(content), "$LISTEN", address)
	if os.Getuid() == 0 {
		conf = "user root;\n" + conf
	}
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return err
	}
	var all []*server
	for _, name := range names {
		s := &server{name: name, address: address, path: "/answer.json", body: callflow}
		if name == "php-fpm" {
			s.path, s.processes = "/pivot.php", slices.Clone(fpm)
		}
		all = append(all, s)
	}
	return f.run(exec.Command(nginx, "-p", f.dir, "-c", path, "-e", filepath.Join(f.dir, "nginx.log")), all...)
}

// run starts a program whose process serves these servers. What it says goes to a file.
func (f *field) run(cmd *exec.Cmd, servers ...*server) error {
	log, err := os.Create(filepath.Join(f.dir, fmt.Sprintf("%d-%s.log", len(f.running), filepath.Base(cmd.Path))))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, log, log
	if err := f.pins.start(cmd.Start); err != nil {
		return err
	}
	f.running = append(f.running, cmd)
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it ends by our signal, or ready and load find it gone
		close(ended)
	}()
	for _, s := range servers {
		s.processes = append(s.processes, cmd.Process.Pid)
		s.ended = ended
	}
	f.servers = append(f.servers, servers...)
	return nil
}

// stop ends what was started, by its processes.
func (f *field) stop() {
	for _, cmd := range slices.Backward(f.running) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, s := range f.servers {
		select {
		case <-s.ended:
		case <-time.After(10 * time.Second):
		}
	}
	for _, cmd := range f.running {
		_ = cmd.Process.Kill() // does nothing to those that have ended
	}
}

// find looks for a program where users have it and where Debian puts servers.
func find(pattern string) (string, error) {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return "", exec.ErrNotFound
}

// free is an address on loopback that nobody listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
