package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPhonesNobody runs the server where there is no network, and has the kernel count what it tried
// to send: nothing, as long as no feed is configured. It listens on its two sockets and no other.
func TestPhonesNobody(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/net/snmp"); err != nil {
		t.Skip("only Linux counts what is sent")
	}
	sent, sockets := isolated(t, oneClosed)
	if sent != 0 || sockets != 2 {
		t.Errorf("it has tried to send %d times, and has %d sockets; want 0 and 2", sent, sockets)
	}
	// A feed is fetched, so that the test would see it.
	sent, _ = isolated(t, "start_timeout: 1s\ncalendars: {hours: {url: 'http://198.51.100.1/hours.ics'}}\n"+oneClosed)
	if sent == 0 {
		t.Error("nobody counts what is sent")
	}
}

// isolated runs a configuration without a network for a moment. sent is how often it tried to send
// something, sockets is how many of TCP, UDP and raw IP it has.
func isolated(t *testing.T, yaml string) (sent, sockets int) {
	t.Helper()
	dir := t.TempDir()
	writeConfig(t, dir, yaml)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args, cmd.Dir, cmd.Env = []string{"callhours", "serve"}, dir, []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	}
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("no network of its own: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var said bytes.Buffer
	if calls, _ := readStarted(bufio.NewReader(log), &said); calls == "" {
		t.Fatalf("it did not start: %s", &said)
	}
	<-time.After(300 * time.Millisecond) // whatever it would do next
	read := func(name string) []string {
		t.Helper()
		bytes, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", cmd.Process.Pid, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(bytes)), "\n")
	}
	// What the kernel has no way for, as there is no network, it counts.
	var keys []string
	for _, line := range read("snmp") {
		fields := strings.Fields(line)
		if fields[0] != "Ip:" {
			continue
		}
		if keys == nil {
			keys = fields
			continue
		}
		for i, key := range keys {
			if key == "OutNoRoutes" || key == "OutRequests" {
				sent += number(t, fields[i])
			}
		}
	}
	for _, line := range read("snmp6") {
		if fields := strings.Fields(line); fields[0] == "Ip6OutNoRoutes" {
			sent += number(t, fields[1])
		}
	}
	for _, kind := range []string{"tcp", "tcp6", "udp", "udp6", "raw", "raw6"} {
		sockets += len(read(kind)) - 1 // the first line names the columns
	}
	return sent, sockets
}

func number(t *testing.T, text string) int {
	t.Helper()
	n := 0
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
