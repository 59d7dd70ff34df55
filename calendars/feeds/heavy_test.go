package feeds

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/metrics"
)

// TestHeavyOwners: at a start the copies of tenants that have much of them are read after those of
// everybody else, and are all there then.
func TestHeavyOwners(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		list := []*Subscription{hours(), hours(tenant("good")), hours(tenant("evil"))}
		s := &shop{fetched: func(source Source, v Validators) Fetched { return body(event("of-" + source.Owner))(v) }}
		s.open(t, Options{Dir: dir}, list...)
		s.stop()
		large := func(sub *Subscription, bytes int64) {
			t.Helper()
			file := filepath.Join(dir, bodies, path.Dir(sub.copyName()), copyName("", hashFields("large")))
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(file, bytes); err != nil {
				t.Fatal(err)
			}
		}
		large(list[0], 2*heavyCopies) // the operator's
		large(list[1], heavyCopies-4<<10)
		large(list[2], heavyCopies)
		s = &shop{fetched: func(Source, Validators) Fetched {
			return Fetched{Result: metrics.ServerError, Err: errors.New("down")}
		}}
		s.open(t, Options{Dir: dir})
		heavy := s.store.SubscribeLight(list)
		if diff := cmp.Diff(map[string]bool{"evil": true}, heavy); diff != "" {
			t.Error(diff)
		}
		s.is("hours", "fresh: of-")
		s.is("good/hours", "fresh: of-good")
		s.is("evil/hours", "unknown: it was never read")
		s.store.Subscribe(list)
		s.is("good/hours", "fresh: of-good")
		s.is("evil/hours", "fresh: of-evil")
		s.stop()
		if got := (copies{}).heavyOwners(list); len(got) != 0 {
			t.Errorf("without a directory: %v", got)
		}
	})
}
