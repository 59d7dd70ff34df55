package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/pivot"
)

// TestLines: lines of calls come together and in their order soon after the first one, at once
// where many wait, and show when each call was answered.
func TestLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b buffer
		var ls lines
		said := 0
		add := func() {
			n := said
			said++
			ls.add(line{
				at: monday.Add(time.Duration(n) * time.Minute), took: time.Millisecond,
				to:   slog.NewTextHandler(&b, nil).WithAttrs([]slog.Attr{slog.Int("n", n)}),
				call: &pivot.Call{CallID: "c", AccountID: "a", CallerNumber: "+12025550147", Dialed: "+14155550100"},
				show: "last4",
			})
		}
		written := func(want int) {
			t.Helper()
			synctest.Wait()
			got := strings.SplitAfter(b.String(), "\n")
			if got = got[:len(got)-1]; len(got) != want {
				t.Fatalf("%d lines are written, want %d", len(got), want)
			}
			for i, line := range got {
				at := monday.Add(time.Duration(i) * time.Minute).Format("2006-01-02T15:04:05.000Z07:00")
				if want := fmt.Sprintf(
					"time=%s level=INFO msg=call n=%d call_id=c account=a caller=…0147 dialed=+14155550100 took=1ms\n",
					at, i); line != want {
					t.Fatalf("got  %swant %s", line, want)
				}
			}
		}
		for _, n := range []int{1, 3, together - 1} {
			for range n {
				add()
			}
			written(said - n)
			<-time.After(formatting)
			written(said)
		}
		for range together {
			add()
		}
		written(said)
		add()
		ls.flush()
		ls.flush()
		written(said)
		add()
		<-time.After(formatting)
		written(said)
	})
}

// TestLinesTogether: no line is lost or said twice where many add at a time.
func TestLinesTogether(t *testing.T) {
	t.Parallel()
	var b buffer
	var ls lines
	var calls sync.WaitGroup
	const callers, each = 8, 2000
	for i := range callers {
		to := slog.NewTextHandler(&b, nil).WithAttrs([]slog.Attr{slog.Int("caller", i)})
		calls.Go(func() {
			for n := range each {
				ls.add(line{at: monday, took: time.Duration(n), to: to, call: &pivot.Call{}, show: "none"})
			}
		})
	}
	calls.Wait()
	ls.flush()
	seen := map[string]bool{}
	for text := range bytes.Lines([]byte(b.String())) {
		seen[string(text)] = true
	}
	if n := strings.Count(b.String(), "\n"); n != callers*each || len(seen) != n {
		t.Errorf("%d lines are written, %d of them once, want %d", n, len(seen), callers*each)
	}
}
