package listen

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sinceReceived is how long ago the kernel received the last bytes of a connection
// (tcpi_last_data_recv of TCP_INFO), to a few milliseconds.
func sinceReceived(raw syscall.RawConn) time.Duration {
	var ago time.Duration
	// A connection that is closed has nobody to be answered.
	_ = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			ago = time.Duration(info.Last_data_recv) * time.Millisecond
		}
	})
	return ago
}

// drain reads what has been received, without waiting, and reports whether there was anything.
func drain(raw syscall.RawConn) bool {
	var any bool
	_ = raw.Read(func(fd uintptr) bool {
		var room [4096]byte
		for {
			n, err := unix.Read(int(fd), room[:])
			any = any || n > 0
			if n < len(room) || err != nil {
				return true
			}
		}
	})
	return any
}

// maxDescriptors is how many descriptors the process may have.
func maxDescriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<30))
}
