// Windowszones turns CLDR's windowsZones.json into a table of two columns: windowszones JSON
// VERSION FILE. Each line holds a zone of Windows and, after a tab, the IANA zone that stands for
// it wherever one is.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: windowszones JSON VERSION FILE")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func convert(from, version, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var cldr struct {
		Supplemental struct {
			WindowsZones struct {
				MapTimezones []struct {
					MapZone struct {
						Windows   string `json:"_other"`
						IANA      string `json:"_type"`
						Territory string `json:"_territory"`
					} `json:"mapZone"`
				} `json:"mapTimezones"`
			} `json:"windowsZones"`
		} `json:"supplemental"`
	}
	if err := json.Unmarshal(text, &cldr); err != nil {
		return err
	}
	var lines []string
	for _, m := range cldr.Supplemental.WindowsZones.MapTimezones {
		if m.MapZone.Territory == "001" { // the world: what the name means where no territory is known
			lines = append(lines, m.MapZone.Windows+"\t"+m.MapZone.IANA)
		}
	}
	if len(lines) == 0 {
		return errors.New("no zones of the world are in it")
	}
	slices.Sort(lines)
	head := "# Zones of Windows, from CLDR " + version + " (see windows.LICENSE); made by make tzdata.\n"
	return os.WriteFile(to, []byte(head+strings.Join(lines, "\n")+"\n"), 0o644)
}
