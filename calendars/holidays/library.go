package holidays

import (
	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cy"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ee"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/hu"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/is"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lu"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mt"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// libraryOf are the lists of rickar/cal for a country, by region; "" is the list of the country. Of those countries that
// it has besides, AR, KE, MW, MX, RS, RU, TH and UA lack days that are decreed each year or go by the moon, BG
// misplaces 1 May, and NC is France's.
func libraryOf(country string) map[string][]*cal.Holiday {
	switch country {
	case "AT":
		return map[string][]*cal.Holiday{"": at.Holidays}
	case "AU":
		return map[string][]*cal.Holiday{
			"ACT": au.HolidaysACT,
			"NSW": au.HolidaysNSW,
			"NT":  au.HolidaysNT,
			"QLD": au.HolidaysQLD,
			"SA":  au.HolidaysSA,
			"TAS": au.HolidaysTAS,
			"VIC": au.HolidaysVIC,
			"WA":  au.HolidaysWA,
		}
	case "BE":
		return map[string][]*cal.Holiday{"": be.Holidays}
	case "BR":
		return map[string][]*cal.Holiday{"": br.Holidays}
	case "CA":
		return map[string][]*cal.Holiday{"": ca.Holidays}
	case "CH":
		return map[string][]*cal.Holiday{
			"":   ch.Holidays,
			"AG": ch.HolidaysAG,
			"AI": ch.HolidaysAI,
			"AR": ch.HolidaysAR,
			"BE": ch.HolidaysBE,
			"BL": ch.HolidaysBL,
			"BS": ch.HolidaysBS,
			"FR": ch.HolidaysFR,
			"GE": ch.HolidaysGE,
			"GL": ch.HolidaysGL,
			"GR": ch.HolidaysGR,
			"JU": ch.HolidaysJU,
			"LU": ch.HolidaysLU,
			"NE": ch.HolidaysNE,
			"NW": ch.HolidaysNW,
			"OW": ch.HolidaysOW,
			"SG": ch.HolidaysSG,
			"SH": ch.HolidaysSH,
			"SO": ch.HolidaysSO,
			"SZ": ch.HolidaysSZ,
			"TG": ch.HolidaysTG,
			"TI": ch.HolidaysTI,
			"UR": ch.HolidaysUR,
			"VD": ch.HolidaysVD,
			"VS": ch.HolidaysVS,
			"ZG": ch.HolidaysZG,
			"ZH": ch.HolidaysZH,
		}
	case "CY":
		return map[string][]*cal.Holiday{"": cy.Holidays}
	case "CZ":
		return map[string][]*cal.Holiday{"": cz.Holidays}
	case "DE":
		return map[string][]*cal.Holiday{
			"":   de.Holidays,
			"BB": de.HolidaysBB,
			"BE": de.HolidaysBE,
			"BW": de.HolidaysBW,
			"BY": de.HolidaysBY,
			"HB": de.HolidaysHB,
			"HE": de.HolidaysHE,
			"HH": de.HolidaysHH,
			"MV": de.HolidaysMV,
			"NI": de.HolidaysNI,
			"NW": de.HolidaysNW,
			"RP": de.HolidaysRP,
			"SH": de.HolidaysSH,
			"SL": de.HolidaysSL,
			"SN": de.HolidaysSN,
			"ST": de.HolidaysST,
			"TH": de.HolidaysTH,
		}
	case "DK":
		return map[string][]*cal.Holiday{"": dk.Holidays}
	case "EE":
		return map[string][]*cal.Holiday{"": ee.Holidays}
	case "ES":
		return map[string][]*cal.Holiday{"": es.Holidays}
	case "FI":
		return map[string][]*cal.Holiday{"": fi.Holidays}
	case "FR":
		return map[string][]*cal.Holiday{"": fr.Holidays}
	case "GB":
		return map[string][]*cal.Holiday{"": gb.Holidays}
	case "GR":
		return map[string][]*cal.Holiday{"": gr.Holidays}
	case "HR":
		return map[string][]*cal.Holiday{"": hr.Holidays}
	case "HU":
		return map[string][]*cal.Holiday{"": hu.Holidays}
	case "IE":
		return map[string][]*cal.Holiday{"": ie.Holidays}
	case "IS":
		return map[string][]*cal.Holiday{"": is.Holidays}
	case "IT":
		return map[string][]*cal.Holiday{"": it.Holidays}
	case "JP":
		return map[string][]*cal.Holiday{"": jp.Holidays}
	case "LT":
		return map[string][]*cal.Holiday{"": lt.Holidays}
	case "LU":
		return map[string][]*cal.Holiday{"": lu.Holidays}
	case "LV":
		return map[string][]*cal.Holiday{"": lv.Holidays}
	case "MT":
		return map[string][]*cal.Holiday{"": mt.Holidays}
	case "NL":
		return map[string][]*cal.Holiday{"": nl.Holidays}
	case "NO":
		return map[string][]*cal.Holiday{"": no.Holidays}
	case "NZ":
		return map[string][]*cal.Holiday{"": nz.Holidays}
	case "PL":
		return map[string][]*cal.Holiday{"": pl.Holidays}
	case "PT":
		return map[string][]*cal.Holiday{"": pt.Holidays}
	case "RO":
		return map[string][]*cal.Holiday{"": ro.Holidays}
	case "SE":
		return map[string][]*cal.Holiday{"": se.Holidays}
	case "SI":
		return map[string][]*cal.Holiday{"": si.Holidays}
	case "SK":
		return map[string][]*cal.Holiday{"": sk.Holidays}
	case "US":
		return map[string][]*cal.Holiday{"": us.Holidays}
	case "ZA":
		return map[string][]*cal.Holiday{"": za.Holidays}
	}
	return nil
}
