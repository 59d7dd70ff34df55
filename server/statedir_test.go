package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
)

// TestUnwritableStateDir: a state directory that cannot be written is a finding, and one whose lock
// does not answer is not written.
func TestUnwritableStateDir(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "state_dir: /dev/null/state\n"+oneRoute, nil)
	said := func() string {
		var all strings.Builder
		for _, f := range w.stateDirFindings() {
			fmt.Fprintf(&all, "%s: %s\n", f.Kind, f.Message)
		}
		return all.String()
	}
	if got := said(); !strings.HasPrefix(got, "state_dir_unwritable: state_dir: copies of feeds cannot be kept") ||
		!strings.Contains(got, "not a directory") {
		t.Errorf("got %s", got)
	}
	for _, c := range []struct {
		err  error
		ours bool
		want string
	}{
		{
			fmt.Errorf("/state: %w", files.ErrHung), false,
			"state_dir_unwritable: state_dir /state: the file system does not answer; nothing is kept there until it does\n",
		},
		{
			fmt.Errorf("/state: %w", durable.ErrHeld), false,
			"state_dir_shared: state_dir /state: another process uses it; nothing is kept there by this process until that one ends\n",
		},
		{durable.ErrNoLocks, true, ""},
		{errors.New("permission denied"), true, ""},
		{nil, true, ""},
	} {
		w := newWorld(t, "state_dir: "+t.TempDir()+"\n"+oneRoute, nil)
		if w.state.begin(Loaded{lockErr: c.err}); w.state.isReadOnly() == c.ours {
			t.Errorf("%v: ours: %v", c.err, !c.ours)
		}
		var got string
		for _, f := range w.stateDirFindings() {
			got += f.Kind + ": " + f.Message + "\n"
		}
		if got != c.want {
			t.Errorf("%v: got %swant %s", c.err, got, c.want)
		}
	}
}
