package zones

import (
	"iter"
	"strings"
)

// placeNames are words for zones, in lower case and with blanks between them, by zone.
type placeNames map[string]string

// abbreviations are what the clocks of places show for a part of the year, by the zones in which
// they do.
var abbreviations = placeNames{
	"Europe/London or Asia/Dhaka":                   "bst",
	"Europe/Berlin":                                 "mez mesz cest mest",
	"Europe/Helsinki":                               "eest oez oesz",
	"Europe/Lisbon":                                 "west wez wesz",
	"Europe/Moscow":                                 "msk",
	"Europe/Istanbul":                               "trt",
	"America/Los_Angeles":                           "pst pdt pt",
	"America/Denver":                                "mdt mt",
	"America/Chicago":                               "cdt ct",
	"America/Chicago or Asia/Shanghai":              "cst",
	"America/New_York":                              "edt et",
	"America/Anchorage":                             "akst akdt",
	"America/Halifax or Asia/Riyadh":                "ast",
	"America/Halifax":                               "adt",
	"America/St_Johns":                              "nst ndt",
	"America/Sao_Paulo":                             "brt",
	"America/Santiago":                              "clt",
	"America/Bogota":                                "cot",
	"Asia/Kolkata, Europe/Dublin or Asia/Jerusalem": "ist",
	"Asia/Jerusalem":                                "idt",
	"Asia/Dubai":                                    "gst",
	"Asia/Karachi":                                  "pkt",
	"Asia/Bangkok":                                  "ict",
	"Asia/Jakarta":                                  "wib",
	"Asia/Singapore":                                "sgt",
	"Asia/Hong_Kong":                                "hkt",
	"Asia/Tokyo":                                    "jst",
	"Asia/Seoul":                                    "kst",
	"Africa/Johannesburg":                           "sast",
	"Africa/Nairobi":                                "eat",
	"Africa/Lagos":                                  "wat",
	"Africa/Maputo":                                 "cat",
	"Australia/Sydney or Australia/Brisbane":        "aest",
	"Australia/Sydney":                              "aedt",
	"Australia/Adelaide or Australia/Darwin":        "acst",
	"Australia/Adelaide":                            "acdt",
	"Australia/Perth":                               "awst",
	"Pacific/Auckland":                              "nzst nzdt",
}

// knownPlaces are cities, countries and ways to speak of a zone's time that are in none of its
// names, as lettersOf makes them.
var knownPlaces = placeNames{
	"UTC":     "z zulutime universaltime universaltimecoordinated",
	"Etc/GMT": "greenwichmeantime",
	"Europe/Berlin": "centraleuropeantime centraleuropeansummertime centraleuropetime mitteleuropaischezeit " +
		"mitteleuropaischesommerzeit deutschland germany munich munchen muenchen hamburg frankfurt " +
		"frankfurtammain cologne koln koeln stuttgart dusseldorf duesseldorf leipzig dresden nurnberg nuremberg " +
		"hannover bonn bremen kiel",
	"Europe/Helsinki": "easterneuropeantime easterneuropeansummertime finland tampere",
	"Europe/Lisbon":   "westerneuropeantime westerneuropeansummertime lisboa lissabon porto portugal",
	"Europe/London": "britishtime britishsummertime uktime england unitedkingdom scotland edinburgh glasgow " +
		"leeds liverpool bristol cardiff",
	"Europe/Dublin":       "irishstandardtime ireland",
	"Europe/Moscow":       "moscowtime moskau moskva stpetersburg saintpetersburg",
	"Europe/Vienna":       "austria osterreich wien graz salzburg linz innsbruck",
	"Europe/Zurich":       "switzerland schweiz zuerich suisse bern berne basel geneva geneve genf lausanne",
	"Europe/Paris":        "france lyon marseille toulouse bordeaux strasbourg lille",
	"Europe/Rome":         "italy italia roma rom milan milano mailand turin torino genova napoli bologna",
	"Europe/Madrid":       "spain espana barcelona sevilla seville bilbao malaga",
	"Europe/Amsterdam":    "netherlands nederland rotterdam denhaag thehague utrecht eindhoven",
	"Europe/Brussels":     "belgium bruxelles brussel antwerp antwerpen",
	"Europe/Copenhagen":   "denmark kobenhavn kopenhagen aarhus",
	"Europe/Stockholm":    "sweden gothenburg goteborg malmo",
	"Europe/Oslo":         "norway bergen",
	"Europe/Warsaw":       "warszawa warschau krakow gdansk wroclaw poznan",
	"Europe/Prague":       "praha prag brno czechia",
	"Europe/Budapest":     "hungary",
	"Europe/Bucharest":    "bucuresti",
	"Europe/Belgrade":     "beograd belgrad",
	"Europe/Athens":       "greece athen thessaloniki",
	"Europe/Istanbul":     "ankara",
	"Europe/Kyiv":         "ukraine lviv",
	"America/Los_Angeles": "pacifictime seattle sanfrancisco sandiego lasvegas sacramento",
	"America/Denver":      "mountaintime saltlakecity",
	"America/Chicago": "centraltime dallas houston austin sanantonio minneapolis stlouis neworleans milwaukee " +
		"kansascity nashville",
	"America/New_York": "easterntime boston washingtondc philadelphia atlanta miami orlando pittsburgh charlotte " +
		"newyorkcity nyc",
	"America/Toronto":     "ottawa montreal",
	"America/Edmonton":    "calgary",
	"America/Sao_Paulo":   "brasilia riodejaneiro",
	"America/Mexico_City": "ciudaddemexico",
	"America/Santiago":    "santiagodechile",
	"Asia/Kolkata": "indianstandardtime mumbai bombay delhi newdelhi bangalore bengaluru madras pune ahmedabad " +
		"india",
	"Asia/Tokyo":          "japantime japanstandardtime japan tokio osaka kyoto yokohama",
	"Asia/Karachi":        "islamabad lahore pakistan",
	"Asia/Shanghai":       "china peking beijing shenzhen guangzhou",
	"Asia/Taipei":         "taiwan",
	"Asia/Seoul":          "korea southkorea busan",
	"Asia/Ho_Chi_Minh":    "vietnam hochiminhcity hanoi",
	"Asia/Bangkok":        "thailand",
	"Asia/Vientiane":      "laos",
	"Asia/Muscat":         "oman",
	"Asia/Makassar":       "bali",
	"Asia/Kuala_Lumpur":   "penang",
	"Asia/Manila":         "cebu",
	"Asia/Jerusalem":      "telaviv haifa",
	"Asia/Riyadh":         "mecca jeddah",
	"Africa/Johannesburg": "capetown kapstadt durban pretoria",
	"Australia/Sydney":    "australianeasterntime canberra",
	"Australia/Adelaide":  "australiancentraltime",
	"Australia/Perth":     "australianwesterntime",
	"Pacific/Auckland":    "wellington christchurch",
}

// all gives each word with its zone.
func (s placeNames) all() iter.Seq2[string, string] {
	return func(yield func(word, zone string) bool) {
		for zone, words := range s {
			for word := range strings.FieldsSeq(words) {
				if !yield(word, zone) {
					return
				}
			}
		}
	}
}

// zone is the one that a word stands for; "" if there is none.
func (s placeNames) zone(word string) string {
	for known, zone := range s.all() {
		if known == word {
			return zone
		}
	}
	return ""
}

// ambiguousPlaces are in the last parts of zones' names, or near to one, and are elsewhere too,
// often on another continent.
var ambiguousPlaces = map[string]bool{
	"act": true, "center": true, "cordoba": true, "davis": true, "dominican": true, "east": true,
	"granada": true, "larioja": true, "lhi": true, "marengo": true, "merida": true, "monterey": true,
	"monticello": true, "newsalem": true, "north": true, "nsw": true, "petersburg": true, "samarra": true,
	"samoa": true, "sanjuan": true, "sanluis": true, "south": true, "victoria": true, "vincennes": true,
	"west": true,
}
