//go:build !linux

package listen

import (
	"syscall"
	"time"
)

// sinceReceived is not known; no call is refused for having waited.
func sinceReceived(syscall.RawConn) time.Duration { return 0 }

// drain would read what has been received, without waiting.
func drain(syscall.RawConn) bool { return false }

// maxDescriptors is not known; what systems give at least.
func maxDescriptors() int { return 1024 }
