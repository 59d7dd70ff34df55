package console

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// qrCode is a QR code, as an SVG draws it: squares of one unit.
type qrCode struct {
	Size int    // units of a side, with the margin that readers need
	Path string // the dark squares, each row in runs; its whole area is light
}

// qrMargin is the quiet zone around a code, in squares (ISO/IEC 18004 asks for four).
const qrMargin = 4

// newQRCode is the code of a text. It fails for texts of more than 2,331 bytes.
func newQRCode(text string) (*qrCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("no QR code of %d bytes: %w", len(text), err)
	}
	side := code.Size
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			start := x
			for x < side && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+qrMargin, y+qrMargin, x-start, x-start)
			}
		}
	}
	return &qrCode{Size: side + 2*qrMargin, Path: path.String()}, nil
}
