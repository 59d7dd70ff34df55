package config

import (
	"fmt"
	"testing"
)

// BenchmarkLoad loads a thousand companies, each in a file of its own with a
// route by the built-in plan.
func BenchmarkLoad(b *testing.B) {
	files := []string{
		"callhours.yaml",
		"timezone: UTC\nlisten: localhost:1\ninclude: [t/*.yaml]\ncalendars: {closures: {file: closures.ics}}\ndata: {voicemail: 1}\n",
	}
	for i := range 1000 {
		files = append(files, fmt.Sprintf("t/%04d.yaml", i), fmt.Sprintf(`
tenant: {name: t%d, account: [a%d], timezone: America/New_York, phone_region: US}
data: {voicemail: 0123456789abcdef0123456789abcdef}
calendars:
  hours: {url: "https://calendar.example.com/%d.ics"}
routes:
  - name: main
    plan: office
    match: {dialed: ["+1415555%04d"]}
    calendars: {hours: hours, closures: [closures]}
    data: {front_desk: 0123456789abcdef0123456789abcdef}
`, i, i, i, i))
	}
	fsys := memory(files...)
	b.ReportAllocs()
	for b.Loop() {
		if f, err := Load("callhours.yaml", Options{FS: fsys}); err != nil || len(f.Routes) != 1000 {
			b.Fatal(err)
		}
	}
}
