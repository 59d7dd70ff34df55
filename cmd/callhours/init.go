package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/examples"
)

func initCommand() *cobra.Command {
	var tag, timezone string
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "write an example as files to start from",
		Long: `init writes an example of an office into DIR: the configuration, the calendars of
open hours and holidays, a template, and routing tests. It creates DIR, and
never overwrites a file.

Without flags it writes the built-in example, an office in New York. --timezone
writes an office in that time zone, with the federal holidays if it is one of the
United States, and --language one whose calendars, messages and comments are in
that language: en, de, es or fr.

  callhours init office
  callhours init office --timezone Europe/Vienna --language de-at
  callhours serve -c office/callhours.yaml`,
		Args: arguments(1, 1, "DIR, the directory to write to"),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, replace, err := exampleFor(tag, timezone)
			if err != nil {
				return usageError(err)
			}
			written, err := writeOut(from, args[0], replace)
			for _, name := range written {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			if err != nil {
				return failure(writeError(err))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\nTry it:\n  callhours serve -c %s\n",
				filepath.Join(args[0], examples.Config))
			return nil
		},
	}
	cmd.Flags().StringVar(&timezone, "timezone", "", "time `zone` of the office, such as Europe/Berlin")
	cmd.Flags().StringVar(&tag, "language", "",
		"language `tag` of calendars, messages and comments, such as de or fr-ca (default en)")
	return cmd
}

// exampleFor is the example for a language tag and a time zone, and what turns its configuration
// into one for them. Without either it is the built-in example as it is.
func exampleFor(tag, timezone string) (fs.FS, *strings.Replacer, error) {
	if tag == "" && timezone == "" {
		return examples.FrontDesk(), strings.NewReplacer(), nil
	}
	if timezone == "" {
		return nil, nil, errors.New("no time zone given; use --timezone, for example --timezone Europe/Berlin")
	}
	if _, err := zones.Load(timezone); err != nil {
		return nil, nil, fmt.Errorf("--timezone: %w", err)
	}
	base := language.English
	if tag != "" {
		parsed, err := language.Parse(tag)
		if err != nil {
			return nil, nil, fmt.Errorf("--language %q: expected a tag such as en, de or fr-ca", tag)
		}
		b, _ := parsed.Base()
		base = language.Make(b.String())
	}
	written := strings.ToLower(strings.ReplaceAll(tag, "_", "-"))
	if (written == "" || written == "en" || written == "en-us") && inUnitedStates(timezone) {
		return examples.FrontDesk(), strings.NewReplacer("timezone: "+examples.FrontDeskTimezone+"\n",
			"timezone: "+timezone+"\n"+padded("language: en-us", frontDeskColumn)+
				" selects the English plan \"office\" and the voice for messages\n"), nil
	}
	var known []string
	for _, o := range examples.Offices() {
		if o.Base != base.String() {
			known = append(known, o.Base)
			continue
		}
		switch {
		case o.Base == "en" && len(written) <= len("en") && strings.HasPrefix(timezone, "America/"):
			written = "en-us"
		case written == "" || written == o.Base:
			written = o.Language
		}
		return o.FS, strings.NewReplacer("timezone: "+o.Timezone, "timezone: "+timezone,
			padded("language: "+o.Language, officeColumn), padded("language: "+written, officeColumn),
			"language: "+o.Language, "language: "+written), nil
	}
	return nil, nil, fmt.Errorf("--language %q: no example in this language; use one of %s", tag,
		strings.Join(known, ", "))
}

// The columns at which the comments of an example's first lines begin.
const (
	officeColumn    = 32
	frontDeskColumn = 33
)

// padded is a line of the example up to the comment behind it.
func padded(line string, column int) string {
	return line + strings.Repeat(" ", max(column-len(line), 1)) + "#"
}

// unitedStates are the zones of the country US in the zone data's zone1970.tab, and their former
// names outside US/.
const unitedStates = `
America/Adak America/Anchorage America/Boise America/Chicago America/Denver America/Detroit
America/Indiana/Indianapolis America/Indiana/Knox America/Indiana/Marengo America/Indiana/Petersburg
America/Indiana/Tell_City America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac
America/Juneau America/Kentucky/Louisville America/Kentucky/Monticello America/Los_Angeles
America/Menominee America/Metlakatla America/New_York America/Nome America/North_Dakota/Beulah
America/North_Dakota/Center America/North_Dakota/New_Salem America/Phoenix America/Sitka
America/Yakutat Pacific/Honolulu
America/Atka America/Fort_Wayne America/Indianapolis America/Knox_IN America/Louisville
America/Shiprock Navajo Pacific/Johnston`

// inUnitedStates says whether the holidays of an office in a time zone are the federal ones.
func inUnitedStates(timezone string) bool {
	return strings.HasPrefix(timezone, "US/") || slices.Contains(strings.Fields(unitedStates), timezone)
}

// writeError is the error of writing a file, without the name of the system's function.
func writeError(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot write %s: %w", p.Path, p.Err)
	}
	return err
}

// writeOut copies files into a directory, none of them over another, and gives the names of those
// it wrote. Nothing is written when any of them is there already.
func writeOut(from fs.FS, dir string, replace *strings.Replacer) ([]string, error) {
	var names []string
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		to := filepath.Join(dir, filepath.FromSlash(name))
		switch _, err := os.Lstat(to); {
		case err == nil:
			return nil,
				fmt.Errorf("%s already exists, and nothing was written; use another directory, or move the file away", to)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	var written []string
	for _, name := range names {
		to := filepath.Join(dir, filepath.FromSlash(name))
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return written, err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return written, err
		}
		if err := os.WriteFile(to, []byte(replace.Replace(string(content))), 0o644); err != nil {
			return written, err
		}
		written = append(written, to)
	}
	return written, nil
}
