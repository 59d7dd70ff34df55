package recur

// The units of civil time, in seconds.
const (
	Minute = 60
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// LastYear is the year in which every expansion ends: iCalendar dates have four digits.
const LastYear = 9999

// dayOf is the civil day of a proleptic Gregorian date; month and date outside their range are not
// allowed.
func dayOf(year, month, date int) int {
	// Years are counted from March, so that the leap day is the last of its year.
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + date - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// dateOf is the inverse of dayOf.
func dateOf(d int) (year, month, date int) {
	d += 719468
	era := floorDiv(d, 146097)
	dayOfEra := d - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	year, month, date = yearOfEra+era*400, shifted+3, dayOfYear-(153*shifted+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, date
}

// weekdayOf counts from Monday, 0.
func weekdayOf(d int) int { return floorMod(d+3, 7) }

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func monthLength(year, month int) int {
	switch month {
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func yearLength(year int) int {
	if isLeap(year) {
		return 366
	}
	return 365
}

func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod[T int | int64](a, b T) T { return a - floorDiv(a, b)*b }

// Midnight is the beginning of the day that a civil time lies in.
func Midnight(civil int64) int64 { return civil - floorMod(civil, Day) }

// SecondOfDay is how long after midnight a civil time lies.
func SecondOfDay(civil int64) int64 { return floorMod(civil, Day) }

// Civil is the midnight of a proleptic Gregorian date.
func Civil(year, month, date int) int64 { return int64(dayOf(year, month, date)) * Day }

// DateOf is the date of a civil time.
func DateOf(civil int64) (year, month, date int) { return dateOf(int(floorDiv(civil, Day))) }
