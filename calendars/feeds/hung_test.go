package feeds

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/metrics"
)

// TestHungDisk: with a disk that does not answer, feeds are read on, who asks is answered at once,
// other subscriptions are taken in, few threads wait, and it is said once. When it answers again
// all is written. It is not parallel, since what hangs counts for the process.
func TestHungDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var hangs atomic.Bool
		var waiting, most atomic.Int64
		until := make(chan struct{})
		disk := durable.Disk{Fault: func(durable.Step, string) error {
			if hangs.Load() {
				most.Store(max(most.Load(), waiting.Add(1)))
				<-until
				waiting.Add(-1)
			}
			return nil
		}}
		s := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		s.open(t, Options{Dir: dir, Disk: disk}, hours())
		s.is("hours", "fresh: a")
		if err := s.store.Unkept(); err != nil {
			t.Errorf("got %v", err)
		}

		hangs.Store(true)
		s.on(office, conditional(event("a"), event("b")))
		after(time.Hour)
		s.is("hours", "fresh: a b")
		subscribed := make(chan struct{})
		go func() {
			s.store.Subscribe([]*Subscription{
				hours(),
				hours(func(s *Subscription) { s.Calendar, s.Limits = "second", ical.Limits{Events: 50} }),
			})
			close(subscribed)
		}()
		synctest.Wait()
		asked := time.Now()
		s.is("hours", "fresh: a b")
		s.store.Feeds()
		if took := time.Since(asked); took != 0 {
			t.Errorf("who asks waits for the disk: %v", took)
		}
		<-subscribed
		if took := time.Since(asked); took > 2*files.Timeout {
			t.Errorf("other subscriptions wait for %v", took)
		}
		after(24 * time.Hour)
		s.is("second", "fresh: a b")
		failures := testutil.ToFloat64(collector{s.registry, "callhours_state_write_failures_total"})
		if n := strings.Count(s.logged(), "copies of feeds cannot be kept"); n != 1 ||
			!strings.Contains(s.logged(), files.ErrHung.Error()) || failures == 0 {
			t.Errorf("%v writes failed, and the log says so %d times:\n%s", failures, n, s.logged())
		}
		if most.Load() > 2 || files.Hung() == 0 {
			t.Errorf("%d threads wait at a time for the disk, and %d are counted", most.Load(), files.Hung())
		}
		if err := s.store.Unkept(); !errors.Is(err, files.ErrHung) {
			t.Errorf("got %v", err)
		}

		hangs.Store(false)
		close(until)
		after(24 * time.Hour)
		if err := s.store.Unkept(); err != nil || files.Hung() != 0 {
			t.Errorf("once it answers: %v, %d wait", err, files.Hung())
		}
		s.stop()
		down := &shop{answers: map[string]func(Validators) Fetched{office: failure(metrics.ServerError, "down")}}
		down.open(t, Options{Dir: dir}, hours())
		down.is("hours", "fresh: a b")
		down.stop()
	})
}
