package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatchHandover: the decision is written at the moment at which another event decides, although
// the branch stays.
func TestWatchHandover(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	watched(t, dir, "17")
	event := func(uid, from, to, title string) string {
		return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:19990101T000000Z\r\nSUMMARY:" + title +
			"\r\nDTSTART:20000101T" + from + "00Z\r\nDTEND:20000101T" + to + "00Z\r\nEND:VEVENT\r\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "hours.ics"), []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"+
		event("1", "0000", "0007", "Ada")+event("2", "0007", "2300", "Bob")+"END:VCALENDAR\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var out, errs output
		ctx, interrupt := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			run(ctx,
				[]string{"explain", "-c", filepath.Join(dir, "callhours.yaml"), "--route", "main", "--watch"},
				environment{strings.NewReader(""), &out, &errs, time.Now})
		}()
		<-time.After(7*time.Minute - time.Second)
		synctest.Wait()
		if got := out.take(); strings.Count(got, "branch  ") != 1 ||
			!strings.Contains(got, "until   Sat 2000-01-01 00:07:00 UTC, then open by \"Bob\"\n"+
				"        another branch: Sat 2000-01-01 23:00:00 UTC, then closed\n") {
			t.Errorf("before seven: %s", got)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if got := out.take(); !strings.HasPrefix(got, "\nat      Sat 2000-01-01 00:07:00 UTC\n") ||
			!strings.Contains(got, "branch  open: “Bob” in hours") ||
			!strings.Contains(got, "until   Sat 2000-01-01 23:00:00 UTC, then closed\nanswer") {
			t.Errorf("at seven: %q", got)
		}
		interrupt()
		<-ended
	})
}
