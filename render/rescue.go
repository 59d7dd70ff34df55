package render

// Fallback is the index of the branch that answers when the chosen one does not render.
func (r *Route) Fallback() int { return r.options.Fallback }

// Unrescued are the branches that answer by the template of the fallback, where what that writes
// depends on the call, the moment or events: what makes such a branch fail makes the fallback fail
// too.
func (r *Route) Unrescued() []int {
	f := &r.branches[r.options.Fallback]
	if f.template == nil || len(f.reads.each)+len(f.reads.ahead)+len(f.reads.calendars) == 0 && !f.reads.event {
		return nil
	}
	var found []int
	for i := range r.branches {
		if b := &r.branches[i]; i != r.options.Fallback && b.template != nil && b.template.Name() == f.template.Name() {
			found = append(found, i)
		}
	}
	return found
}
