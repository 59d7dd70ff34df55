package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/metrics"
)

// version is set by the linker (see the Makefile).
var version string

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "version of the program, of Go, and of the time zone data",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zones, source := zoneData()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "callhours %s\n%s %s/%s\ntime zones %s (%s)\n",
				buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, zones, source)
			return err
		},
	}
}

// buildVersion is the version that the linker was told, else that of the module.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

func metricsOptions() metrics.Options {
	zones, source := zoneData()
	return metrics.Options{
		Version: buildVersion(), Revision: revision(), GoVersion: runtime.Version(), TZDataVersion: zones, TZDataSource: source,
	}
}

// zoneData says which time zone data the program goes by: the operating system's where it has any, else the copy that Go brings.
func zoneData() (version, source string) {
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"} {
		if _, err := os.Stat(dir + "/Europe/Berlin"); err == nil {
			return cmp.Or(headline(dir+"/tzdata.zi"), headline(dir+"/+VERSION"), "unknown"), "system"
		}
	}
	return runtime.Version(), "go"
}

// headline is the version in the first line of a file of the zone data; "" without one.
func headline(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	line := bufio.NewScanner(f)
	line.Scan()
	return strings.TrimSpace(strings.TrimPrefix(line.Text(), "# version"))
}
