package server

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/callhours/callhours/internal/diag"
)

// Bounds of what is logged.
const (
	maxField = 1 << 10  // bytes of a text in a line; what is longer is cut
	maxLine  = 64 << 10 // bytes of a line; a longer one is dropped, and counted as dropped
)

// BoundedHandler cuts texts in lines that another handler writes to 1 kB each. What is short costs
// nothing.
func BoundedHandler(to slog.Handler) slog.Handler { return boundedHandler{to} }

type boundedHandler struct{ to slog.Handler }

func (b boundedHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return b.to.Enabled(ctx, level)
}

func (b boundedHandler) Handle(ctx context.Context, r slog.Record) error {
	long := len(r.Message) > maxField
	r.Attrs(func(a slog.Attr) bool {
		_, cut := cutValue(a.Value)
		long = long || cut
		return !long
	})
	if !long {
		return b.to.Handle(ctx, r)
	}
	cut := slog.NewRecord(r.Time, r.Level, cutText(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		a.Value, _ = cutValue(a.Value)
		cut.AddAttrs(a)
		return true
	})
	return b.to.Handle(ctx, cut)
}

func (b boundedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	cut := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		a.Value, _ = cutValue(a.Value)
		cut[i] = a
	}
	return boundedHandler{b.to.WithAttrs(cut)}
}

func (b boundedHandler) WithGroup(name string) slog.Handler {
	return boundedHandler{b.to.WithGroup(name)}
}

// cutValue is a value that is no longer than a field may be, and whether it was. Values that are no
// text are as long as they are written.
func cutValue(v slog.Value) (slog.Value, bool) {
	text := ""
	switch v = v.Resolve(); v.Kind() {
	case slog.KindString:
		text = v.String()
	case slog.KindAny:
		text = fmt.Sprint(v.Any())
	case slog.KindGroup:
		group, long := v.Group(), false
		out := make([]slog.Attr, len(group))
		for i, a := range group {
			cut := false
			a.Value, cut = cutValue(a.Value)
			out[i], long = a, long || cut
		}
		if long {
			return slog.GroupValue(out...), true
		}
		return v, false
	default:
		return v, false
	}
	if len(text) <= maxField {
		return v, false
	}
	return slog.StringValue(cutText(text)), true
}

// cutText is a text that is no longer than a field may be.
func cutText(text string) string {
	if len(text) <= maxField {
		return text
	}
	return diag.Cut(text, maxField-len("…"))
}
