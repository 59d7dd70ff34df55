package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/metrics"
)

// version is set by the linker (see the Makefile).
var version string

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the versions of the program, of Go and of the time zone data",
		Long: `version prints the versions of the program, of Go and of the time zone data, and
where that data comes from. "callhours --version" prints the program's alone.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zones, source := zones.DataVersion()
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
	zones, source := zones.DataVersion()
	return metrics.Options{
		Version: buildVersion(), Revision: revision(), GoVersion: runtime.Version(), TZDataVersion: zones,
		TZDataSource: source,
	}
}
