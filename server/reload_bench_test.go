package server

import (
	"fmt"
	"testing"
)

// BenchmarkReload reads an installation of a thousand tenants again of which one has changed, or
// all have because everybody's data has.
func BenchmarkReload(b *testing.B) {
	const tenants = 1000
	files := map[string]string{}
	tenant := func(i, version int) {
		files[fmt.Sprintf("tenants/t%d.yaml", i)] = fmt.Sprintf(`tenant: {name: t%d, account: [%032x], phone_region: US}
calendars: {hours: {file: ../hours.ics}, closures: {file: ../hours.ics}}
routes:
  - name: main
    plan: office
    match: {dialed: ["+1415%07d"]}
    calendars: {hours: hours, closures: [closures]}
    data: {front_desk: %s, version: %d}
`, i, i, 5550000+i, frontDesk, version)
	}
	for i := range tenants {
		tenant(i, 0)
	}
	main := func(version int) string {
		return fmt.Sprintf("data: {voicemail: %s, main: %d}\ninclude: [tenants/*.yaml]\n", voicemail, version)
	}
	w, f := reloadable(b, main(0), files)
	w.Start()
	version := 0
	for name, change := range map[string]func(){
		"one of 1000": func() { tenant(version%tenants, version); f.set(main(0), files) },
		"all of 1000": func() { f.set(main(version), files) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				version++
				change()
				if err := w.Reload(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
