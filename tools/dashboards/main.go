// Command dashboards writes the dashboards of examples/grafana: `go -C tools run ./dashboards DIR`
// writes them into a directory. One source keeps what all panels share in one place: the
// datasource, the selectors, units, and what a colour means.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go -C tools run ./dashboards DIR")
		os.Exit(2)
	}
	for name, d := range map[string]dashboard{"routing-decisions.json": decisions(), "calendars.json": calendars()} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err := enc.Encode(d)
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Args[1], name), b.Bytes(), 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// object is a piece of JSON whose form is Grafana's own.
type object = map[string]any

// datasource is the one that the dashboard's variable names.
var datasource = object{"type": "prometheus", "uid": "${datasource}"}

// dashboard is Grafana's classic model.
type dashboard struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Version       int      `json:"version"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"` // 1: all panels show the moment under the mouse
	Timezone      string   `json:"timezone"`
	Refresh       string   `json:"refresh"`
	Time          object   `json:"time"`
	Links         []object `json:"links"`
	Annotations   object   `json:"annotations"`
	Templating    object   `json:"templating"`
	Panels        []any    `json:"panels"` // panel or row
}

type panel struct {
	ID              int      `json:"id"`
	Type            string   `json:"type"`
	Title           string   `json:"title"`
	Description     string   `json:"description"`
	Datasource      object   `json:"datasource"`
	GridPos         object   `json:"gridPos"`
	FieldConfig     object   `json:"fieldConfig"`
	Options         object   `json:"options,omitempty"`
	Transformations []object `json:"transformations,omitempty"`
	Targets         []target `json:"targets"`
}

// row is a heading, which folds the panels below it.
type row struct {
	ID        int      `json:"id"`
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Collapsed bool     `json:"collapsed"`
	GridPos   object   `json:"gridPos"`
	Panels    []object `json:"panels"` // those of one that is folded
}

type target struct {
	RefID        string `json:"refId"`
	Datasource   object `json:"datasource"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat,omitempty"`
	Format       string `json:"format"`
	Instant      bool   `json:"instant"`
	Range        bool   `json:"range"`
	Exemplar     bool   `json:"exemplar,omitempty"`
}

func newDashboard(uid, title, description, last string, variables []object, annotations []object) dashboard {
	return dashboard{
		UID: uid, Title: title, Description: description, Tags: []string{"callhours"},
		SchemaVersion: 42, Version: 1, Editable: true, GraphTooltip: 1, Timezone: "browser", Refresh: "1m",
		Time: object{"from": last, "to": "now"},
		Links: []object{{
			"title": "callhours", "type": "dashboards", "tags": []string{"callhours"}, "asDropdown": true,
			"includeVars": true, "keepTime": true,
			"icon": "external link", "tooltip": "", "url": "", "targetBlank": false,
		}},
		Annotations: object{"list": annotations},
		Templating: object{"list": append([]object{
			{
				"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0,
				"refresh": 1, "regex": "", "multi": false, "includeAll": false, "options": []object{},
			},
			variable("job", "Job", "label_values(callhours_build_info, job)"),
			variable("instance", "Instance", `label_values(callhours_build_info{job=~"$job"}, instance)`),
		}, variables...)},
	}
}

// variable is a choice among the values of a label, all of them at first.
func variable(name, label, query string) object {
	return object{
		"name": name, "label": label, "type": "query", "datasource": datasource, "definition": query,
		"query": object{"query": query, "refId": name}, "refresh": 2, "sort": 1, "hide": 0, "regex": "",
		"multi": true, "includeAll": true, "allValue": ".*",
		"current": object{"text": []string{"All"}, "value": []string{"$__all"}}, "options": []object{},
	}
}

// grid lays panels out from left to right, 24 units to a line.
type grid struct {
	panels     []any
	x, y, high int
}

// row begins a row.
func (g *grid) row(title string) {
	g.panels = append(g.panels, row{
		ID: len(g.panels) + 1, Type: "row", Title: title,
		GridPos: object{"x": 0, "y": g.y + g.high, "w": 24, "h": 1}, Panels: []object{},
	})
	g.x, g.y, g.high = 0, g.y+g.high+1, 0
}

func (g *grid) add(width, height int, p panel) {
	if g.x+width > 24 {
		g.x, g.y, g.high = 0, g.y+g.high, 0
	}
	p.ID, p.Datasource = len(g.panels)+1, datasource
	p.GridPos = object{"x": g.x, "y": g.y, "w": width, "h": height}
	g.x, g.high = g.x+width, max(g.high, height)
	for i := range p.Targets {
		p.Targets[i].RefID, p.Targets[i].Datasource = string(rune('A'+i)), datasource
	}
	g.panels = append(g.panels, p)
}

// over is a query of each moment of the dashboard's time; now is one of its end alone.
func over(legend, expr string) target {
	return target{Expr: expr, LegendFormat: legend, Format: "time_series", Range: true}
}

func now(expr string) target { return target{Expr: expr, Format: "table", Instant: true} }

func fields(unit string, custom object, more object) object {
	defaults := object{"unit": unit, "custom": custom}
	maps.Copy(defaults, more)
	return object{"defaults": defaults, "overrides": []object{}}
}

// number is a single value, red from a threshold on; 0: never.
func number(title, description, unit, expr string, red float64) panel {
	steps := []object{{"color": "green", "value": nil}}
	if red > 0 {
		steps = append(steps, object{"color": "red", "value": red})
	}
	return panel{
		Type: "stat", Title: title, Description: description,
		Targets: []target{{Expr: expr, Format: "time_series", Instant: true}},
		FieldConfig: fields(unit, object{},
			object{"decimals": 0, "thresholds": object{"mode": "absolute", "steps": steps}}),
		Options: object{
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
			"colorMode":     "value", "graphMode": "none", "textMode": "auto",
		},
	}
}

// graph is lines over time; stacked is "none", "normal" or "percent".
func graph(title, description, unit, stacked string, targets ...target) panel {
	fill := 10
	if stacked != "none" {
		fill = 60
	}
	return panel{
		Type: "timeseries", Title: title, Description: description, Targets: targets,
		FieldConfig: fields(unit,
			object{
				"fillOpacity": fill, "lineWidth": 1, "showPoints": "never",
				"stacking": object{"mode": stacked, "group": "A"},
			}, object{"min": 0}),
		Options: object{
			"legend": object{
				"displayMode": "table", "placement": "right", "calcs": []string{"lastNotNull", "max"},
				"showLegend": true,
			},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		},
	}
}

// states is a state timeline with one row for each series.
func states(title, description string, mappings []object, targets ...target) panel {
	return panel{
		Type: "state-timeline", Title: title, Description: description, Targets: targets,
		FieldConfig: fields("none", object{"fillOpacity": 80, "lineWidth": 0, "insertNulls": 120_000},
			object{"mappings": mappings}),
		Options: object{
			"mergeValues": true, "rowHeight": 0.9, "showValue": "auto", "alignValue": "left",
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": object{"mode": "single", "sort": "none"},
		},
	}
}

// names is a timeline of the texts that a label has at each moment, with one row for each route.
func names(title, description, expr string) panel {
	p := states(title, description, []object{}, target{Expr: expr, Format: "table", Range: true})
	p.Transformations = []object{
		{
			"id": "organize",
			"options": object{
				"excludeByName": object{"Value": true}, "indexByName": object{},
				"renameByName": object{},
			},
		},
		{
			"id":      "partitionByValues",
			"options": object{"fields": []string{"route"}, "keepFields": false, "naming": object{"asLabels": true}},
		},
	}
	p.FieldConfig["defaults"].(object)["displayName"] = "${__field.labels.route}"
	return p
}

// value maps values to a text and a colour.
func value(texts ...[3]string) []object {
	options := object{}
	for i, t := range texts {
		options[t[0]] = object{"text": t[1], "color": t[2], "index": i}
	}
	return []object{{"type": "value", "options": options}}
}

// table shows rows of labels and values; hidden names what is left out, renamed what is called
// otherwise.
func table(title, description, unit string, hidden []string, renamed object, targets ...target) panel {
	exclude := object{"Time": true}
	for _, name := range hidden {
		exclude[name] = true
	}
	transformations := []object{}
	if len(targets) > 1 {
		transformations = append(transformations, object{"id": "merge", "options": object{}})
	}
	return panel{
		Type: "table", Title: title, Description: description, Targets: targets,
		FieldConfig: fields(unit, object{"align": "auto", "filterable": true}, nil),
		Options: object{
			"showHeader": true, "cellHeight": "sm",
			"footer": object{"show": false, "reducer": []string{"sum"}, "fields": ""},
		},
		Transformations: append(transformations,
			object{
				"id":      "organize",
				"options": object{"excludeByName": exclude, "indexByName": object{}, "renameByName": renamed},
			}),
	}
}

// unitOf gives one column of a table another unit.
func unitOf(p panel, column, unit string) panel {
	overrides, _ := p.FieldConfig["overrides"].([]object)
	p.FieldConfig["overrides"] = append(overrides, object{
		"matcher": object{"id": "byName", "options": column}, "properties": []object{{"id": "unit", "value": unit}},
	})
	return p
}
