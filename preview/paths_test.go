package preview

import "testing"

// TestWidePaths: a path that would look through a callflow again and again is refused before it is
// asked.
func TestWidePaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"$.data.id": false, "$..module": false, "$..[?@.module == 'voicemail'].data.id": false,
		"$..children..data":              false,
		"$.children['1','2','_'].module": false, "$[0,1,2,3,4,5,6,7,8]": false,
		"$..[*,*]..[*]": true, "$..a..b..c": true, "$..[?count($..*) > 1]": true, "$[?@.a[?@.b[?@.c]]]": true,
		"$[0,1,2,3,4,5,6,7,8,9]": true,
	} {
		if got := isCostly(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
