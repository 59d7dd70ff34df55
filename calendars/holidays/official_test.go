package holidays

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// official are lists as published, month and day, with their source. Where a list leaves Sundays out, so does the
// comparison: lists of rest days do not name what is at rest anyway.
var official = []struct {
	place, source string
	days          map[int]string
	weekdays      bool // the list has no Sundays
}{
	{
		"DE-BE", "https://www.berlin.de/sen/inneres/buerger-und-staat/feiertage/", map[int]string{
			2025: "0101 0308 0418 0421 0501 0508 0529 0609 1003 1225 1226", // 8 May: once, for 80 years of liberation
			2026: "0101 0308 0403 0406 0501 0514 0525 1003 1225 1226",
			2027: "0101 0308 0326 0329 0501 0506 0517 1003 1225 1226",
		}, false,
	},
	{
		"DE-BY", "https://www.stmi.bayern.de/sus/katastrophenschutz/feiertage/", map[int]string{
			2025: "0101 0106 0418 0421 0501 0529 0609 0619 1003 1101 1225 1226", // without 15 August, of some places only
			2026: "0101 0106 0403 0406 0501 0514 0525 0604 1003 1101 1225 1226",
			2027: "0101 0106 0326 0329 0501 0506 0517 0527 1003 1101 1225 1226",
		}, false,
	},
	{
		"DE-SN", "https://www.sachsen.de/feiertage-5402.html", map[int]string{
			2025: "0101 0418 0421 0501 0529 0609 1003 1031 1119 1225 1226",
			2026: "0101 0403 0406 0501 0514 0525 1003 1031 1118 1225 1226",
			2027: "0101 0326 0329 0501 0506 0517 1003 1031 1117 1225 1226",
		}, false,
	},
	{
		"AT", "https://www.oesterreich.gv.at/lexicon/F/Seite.991119.html", map[int]string{
			2025: "0101 0106 0421 0501 0529 0609 0619 0815 1026 1101 1208 1225 1226",
			2026: "0101 0106 0406 0501 0514 0525 0604 0815 1026 1101 1208 1225 1226",
			2027: "0101 0106 0329 0501 0506 0517 0527 0815 1026 1101 1208 1225 1226",
		}, false,
	},
	{
		"CH-ZH", "https://www.zh.ch/de/wirtschaft-arbeit/arbeitsbedingungen/ruhetage.html", map[int]string{
			2025: "0101 0418 0421 0501 0529 0609 0801 1225 1226",
			2026: "0101 0403 0406 0501 0514 0525 0801 1225 1226",
			2027: "0101 0326 0329 0501 0506 0517 0801 1225 1226",
		}, false,
	},
	{
		"CH-GE", "https://www.ge.ch/jours-feries-geneve", map[int]string{
			2025: "0101 0418 0421 0529 0609 0801 0911 1225 1231",
			2026: "0101 0403 0406 0514 0525 0801 0910 1225 1231",
			2027: "0101 0326 0329 0506 0517 0801 0909 1225 1231",
		}, false,
	},
	{
		"FR", "https://www.service-public.gouv.fr/particuliers/vosdroits/F2405", map[int]string{
			2025: "0101 0421 0501 0508 0529 0609 0714 0815 1101 1111 1225",
			2026: "0101 0406 0501 0508 0514 0525 0714 0815 1101 1111 1225",
			2027: "0101 0329 0501 0506 0508 0517 0714 0815 1101 1111 1225",
		}, false,
	},
	{
		"BE", "https://www.belgium.be/fr/la_belgique/connaitre_le_pays/la_belgique_en_bref/jours_feries", map[int]string{
			2025: "0101 0421 0501 0529 0609 0721 0815 1101 1111 1225",
			2026: "0101 0406 0501 0514 0525 0721 0815 1101 1111 1225",
			2027: "0101 0329 0501 0506 0517 0721 0815 1101 1111 1225",
		}, false,
	},
	{
		// Easter Sunday and Whit Sunday are left out; Good Friday is named and no day off.
		"NL", "https://www.rijksoverheid.nl/onderwerpen/schoolvakanties/vraag-en-antwoord/officiele-feestdagen", map[int]string{
			2025: "0101 0421 0426 0505 0529 0609 1225 1226",
			2026: "0101 0406 0427 0514 0525 1225 1226",
			2027: "0101 0329 0427 0506 0517 1225",
		}, true,
	},
	{
		"LU", "https://guichet.public.lu/en/citoyens/travail/conges-jours-feries/conges-legaux/jours-feries-legaux.html", map[int]string{
			2025: "0101 0421 0501 0509 0529 0609 0623 0815 1101 1225 1226",
			2026: "0101 0406 0501 0509 0514 0525 0623 0815 1101 1225 1226",
			2027: "0101 0329 0501 0506 0509 0517 0623 0815 1101 1225 1226",
		}, false,
	},
	{
		"GB-ENG", "https://www.gov.uk/bank-holidays.json", map[int]string{
			2025: "0101 0418 0421 0505 0526 0825 1225 1226",
			2026: "0101 0403 0406 0504 0525 0831 1225 1228",
			2027: "0101 0326 0329 0503 0531 0830 1227 1228",
		}, false,
	},
	{
		"GB-SCT", "https://www.gov.uk/bank-holidays.json", map[int]string{
			2025: "0101 0102 0418 0505 0526 0804 1201 1225 1226",
			2026: "0101 0102 0403 0504 0525 0615 0803 1130 1225 1228",
			2027: "0101 0104 0326 0503 0531 0802 1130 1227 1228",
		}, false,
	},
	{
		"GB-NIR", "https://www.gov.uk/bank-holidays.json", map[int]string{
			2025: "0101 0317 0418 0421 0505 0526 0714 0825 1225 1226",
			2026: "0101 0317 0403 0406 0504 0525 0713 0831 1225 1228",
			2027: "0101 0317 0326 0329 0503 0531 0712 0830 1227 1228",
		}, false,
	},
	{
		"IE", "https://www.gov.ie/en/service/bf7cfa-public-holidays-in-ireland/", map[int]string{
			2025: "0101 0203 0317 0421 0505 0602 0804 1027 1225 1226",
			2026: "0101 0202 0317 0406 0504 0601 0803 1026 1225 1226",
			2027: "0101 0201 0317 0329 0503 0607 0802 1025 1225 1226",
		}, false,
	},
	{
		// New Year's Day of 2028 is kept on 31 December 2027.
		"US", "https://www.opm.gov/policy-data-oversight/pay-leave/federal-holidays/", map[int]string{
			2025: "0101 0120 0217 0526 0619 0704 0901 1013 1111 1127 1225",
			2026: "0101 0119 0216 0525 0619 0703 0907 1012 1111 1126 1225",
			2027: "0101 0118 0215 0531 0618 0705 0906 1011 1111 1125 1224 1231",
		}, false,
	},
	{
		// Without Saturdays' holidays moved, but for Veterans Day.
		"US-CA", "https://www.calhr.ca.gov/employees/pages/state-holidays.aspx", map[int]string{
			2025: "0101 0120 0217 0331 0526 0704 0901 1111 1127 1128 1225",
			2026: "0101 0119 0216 0331 0525 0704 0907 1111 1126 1127 1225",
			2027: "0101 0118 0215 0331 0531 0705 0906 1111 1125 1126 1225",
		}, false,
	},
	{
		"US-NY", "https://www.cs.ny.gov/attendance_leave/legal_holidays.cfm", map[int]string{
			2025: "0101 0120 0212 0217 0526 0619 0704 0901 1013 1104 1111 1127 1225",
			2026: "0101 0119 0212 0216 0525 0619 0704 0907 1012 1103 1111 1126 1225",
			2027: "0101 0118 0212 0215 0531 0619 0705 0906 1011 1102 1111 1125 1225",
		}, false,
	},
	{
		// Boxing Day on a weekend and Christmas Day on a Saturday are given on the next weekdays.
		"CA-ON", "https://www.ontario.ca/document/your-guide-employment-standards-act-0/public-holidays", map[int]string{
			2025: "0101 0217 0418 0519 0701 0901 1013 1225 1226",
			2026: "0101 0216 0403 0518 0701 0907 1012 1225 1228",
			2027: "0101 0215 0326 0524 0701 0906 1011 1227 1228",
		}, false,
	},
	{
		"CA", "https://www.canada.ca/en/revenue-agency/services/tax/public-holidays.html", map[int]string{
			2025: "0101 0418 0519 0701 0901 0930 1013 1111 1225 1226", // without Easter Monday, of the public service
			2026: "0101 0403 0518 0701 0907 0930 1012 1111 1225 1228",
			2027: "0101 0326 0524 0701 0906 0930 1011 1111 1227 1228",
		}, false,
	},
	{
		"IT", "https://www.governo.it/it/il-governo-funzioni-struttura-e-storia/festivit-nazionali", map[int]string{
			2025: "0101 0106 0421 0425 0501 0602 0815 1101 1208 1225 1226",
			2026: "0101 0106 0406 0425 0501 0602 0815 1004 1101 1208 1225 1226",
			2027: "0101 0106 0329 0425 0501 0602 0815 1004 1101 1208 1225 1226",
		}, false,
	},
	{
		"ES", "https://www.boe.es/diario_boe/txt.php?id=BOE-A-2025-21667", map[int]string{
			2025: "0101 0106 0418 0501 0815 1101 1206 1208 1225",
			2026: "0101 0106 0403 0501 0815 1012 1208 1225",
			2027: "0101 0106 0326 0501 1012 1101 1206 1208 1225",
		}, true,
	},
	{
		"PT", "https://eportugal.gov.pt/feriados", map[int]string{
			2025: "0101 0418 0420 0425 0501 0610 0619 0815 1005 1101 1201 1208 1225",
			2026: "0101 0403 0405 0425 0501 0604 0610 0815 1005 1101 1201 1208 1225",
			2027: "0101 0326 0328 0425 0501 0527 0610 0815 1005 1101 1201 1208 1225",
		}, false,
	},
	{
		"DK", "https://www.borger.dk/samfund-og-rettigheder/Helligdage", map[int]string{
			2025: "0101 0417 0418 0421 0529 0609 1225 1226",
			2026: "0101 0402 0403 0406 0514 0525 1225 1226",
			2027: "0101 0325 0326 0329 0506 0517 1225",
		}, true,
	},
	{
		// With the eves, which the law on holidays counts as Sundays.
		"SE", "https://www.riksdagen.se/sv/dokument-och-lagar/dokument/svensk-forfattningssamling/lag-1989253-om-allmanna-helgdagar_sfs-1989-253/", map[int]string{
			2025: "0101 0106 0418 0421 0501 0529 0606 0620 0621 1101 1224 1225 1226 1231",
			2026: "0101 0106 0403 0406 0501 0514 0606 0619 0620 1031 1224 1225 1226 1231",
			2027: "0101 0106 0326 0329 0501 0506 0625 0626 1106 1224 1225 1231",
		}, true,
	},
	{
		"PL", "https://isap.sejm.gov.pl/isap.nsf/DocDetails.xsp?id=WDU19510040028", map[int]string{
			2025: "0101 0106 0420 0421 0501 0503 0608 0619 0815 1101 1111 1224 1225 1226",
			2026: "0101 0106 0405 0406 0501 0503 0524 0604 0815 1101 1111 1224 1225 1226",
			2027: "0101 0106 0328 0329 0501 0503 0516 0527 0815 1101 1111 1224 1225 1226",
		}, false,
	},
	{
		"CZ", "https://www.mpsv.cz/statni-svatky", map[int]string{
			2025: "0101 0418 0421 0501 0508 0705 0706 0928 1028 1117 1224 1225 1226",
			2026: "0101 0403 0406 0501 0508 0705 0706 0928 1028 1117 1224 1225 1226",
			2027: "0101 0326 0329 0501 0508 0705 0706 0928 1028 1117 1224 1225 1226",
		}, false,
	},
	{
		"JP", "https://www8.cao.go.jp/chosei/shukujitsu/syukujitsu.csv", map[int]string{
			// The holidays on Sundays, 23 February, 4 May and 23 November 2025 among them, are kept on the days after.
			2025: "0101 0113 0211 0224 0320 0429 0503 0505 0506 0721 0811 0915 0923 1013 1103 1124",
			2026: "0101 0112 0211 0223 0320 0429 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123",
			2027: "0101 0111 0211 0223 0322 0429 0503 0504 0505 0719 0811 0920 0923 1011 1103 1123",
		}, false,
	},
	{
		"AU-NSW", "https://www.nsw.gov.au/about-nsw/public-holidays", map[int]string{
			// In their place the list names the days added for holidays on weekends; it keeps these as well.
			2025: "0101 0127 0418 0419 0420 0421 0425 0609 1006 1225 1226",
			2026: "0101 0126 0403 0404 0405 0406 0425 0427 0608 1005 1225 1228",
			2027: "0101 0126 0326 0327 0328 0329 0425 0426 0614 1004 1227 1228",
		}, false,
	},
	{
		"NZ", "https://www.employment.govt.nz/leave-and-holidays/public-holidays/public-holidays-and-anniversary-dates", map[int]string{
			2025: "0101 0102 0206 0418 0421 0425 0602 0620 1027 1225 1226",
			2026: "0101 0102 0206 0403 0406 0427 0601 0710 1026 1225 1228",
			2027: "0101 0104 0208 0326 0329 0426 0607 0625 1025 1227 1228",
		}, false,
	},
}

func TestOfficialLists(t *testing.T) {
	t.Parallel()
	for _, o := range official {
		t.Run(o.place, func(t *testing.T) {
			t.Parallel()
			place, err := LookUp(o.place)
			if err != nil {
				t.Fatal(err)
			}
			for year, want := range o.days {
				var got []string
				for _, d := range New(place, Options{}).Days(year, year) {
					if !o.weekdays || d.Date.Weekday() != time.Sunday {
						got = append(got, d.Date.Format("0102"))
					}
				}
				if got := strings.Join(slices.Compact(got), " "); got != want {
					t.Errorf("%s %d: the days are\n%s; %s has\n%s", o.place, year, got, o.source, want)
				}
			}
		})
	}
}

// gauss is Easter Sunday by Gauss's rule of 1800 with his correction of 1816: another way than that of rickar/cal.
func gauss(year int) time.Time {
	a, b, c := year%19, year%4, year%7
	k := year / 100
	p := (13 + 8*k) / 25
	q := k / 4
	m := (15 - p + k - q) % 30
	n := (4 + k - q) % 7
	d := (19*a + m) % 30
	e := (2*b + 4*c + 6*d + n) % 7
	switch {
	case d == 29 && e == 6:
		return date(year, time.April, 19)
	case d == 28 && e == 6 && (11*m+11)%30 < 19:
		return date(year, time.April, 18)
	}
	return date(year, time.March, 22+d+e)
}

// gaussJulian is the same of the Eastern churches: M is 15 and N is 6 in the Julian calendar, 13 days behind.
func gaussJulian(year int) time.Time {
	d := (19*(year%19) + 15) % 30
	e := (2*(year%4) + 4*(year%7) + 6*d + 6) % 7
	return date(year, time.March, 22+d+e).AddDate(0, 0, 13)
}

func TestEaster(t *testing.T) {
	t.Parallel()
	tests := []struct {
		place, day string
		offset     int
		easter     func(int) time.Time
	}{
		{"DE", "Good Friday", -2, gauss},
		{"DE", "Easter Monday", 1, gauss},
		{"AT", "Ascension Day", 39, gauss},
		{"FR", "Whit Monday", 50, gauss},
		{"PL", "Corpus Christi", 60, gauss},
		{"DK", "Maundy Thursday", -3, gauss},
		{"DE-BB", "Whit Sunday", 49, gauss},
		{"GR", "Clean Monday", -48, gaussJulian},
		{"GR", "Good Friday", -2, gaussJulian},
		{"CY", "Easter Monday", 1, gaussJulian},
		{"RO", "Whit Monday", 50, gaussJulian},
	}
	for _, tt := range tests {
		place, err := LookUp(tt.place)
		if err != nil {
			t.Fatal(err)
		}
		calendar, found := New(place, Options{}), 0
		for year := 2018; year <= 2075; year++ {
			want := tt.easter(year).AddDate(0, 0, tt.offset)
			for _, d := range calendar.Days(year, year) {
				if d.Name("en") != tt.day {
					continue
				}
				if found++; !d.Date.Equal(want) {
					t.Errorf("%s: %s of %d is on %s; want %s", tt.place, tt.day, year, d.Date.Format(time.DateOnly),
						want.Format(time.DateOnly))
				}
			}
		}
		if found != 58 {
			t.Errorf("%s: %s is found in %d years of 58", tt.place, tt.day, found)
		}
	}
}
