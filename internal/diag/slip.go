package diag

// IsSlip reports whether a word is another with one slip: a letter too few, too many, wrong, or two
// in turn.
func IsSlip(word, of string) bool {
	if word == of || len(word)+1 < len(of) || len(word) > len(of)+1 {
		return false
	}
	start, end := 0, 0
	for start < min(len(word), len(of)) && word[start] == of[start] {
		start++
	}
	for end < min(len(word), len(of))-start && word[len(word)-1-end] == of[len(of)-1-end] {
		end++
	}
	left, right := word[start:len(word)-end], of[start:len(of)-end]
	return len(left) <= 1 && len(right) <= 1 ||
		len(left) == 2 && len(right) == 2 && left[0] == right[1] && left[1] == right[0]
}

// Correct is the only word of a list of which a word is a slip; the word itself where there is
// none.
func Correct(word string, list []string) string {
	found := word
	for _, of := range list {
		switch {
		case of == word:
			return word
		case !IsSlip(word, of):
		case found != word:
			return word
		default:
			found = of
		}
	}
	return found
}
