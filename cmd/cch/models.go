package main

import (
	"github.com/claude-code-hub/cch/converters/capability"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// models knows what models can take: as their price rows say, where they say
// anything, else by the table inside the binary. Safe for concurrent use.
type models struct {
	builtin *capability.Table
	prices  func() *pricing.List // in force
}

// Model is what is known of a model by its name.
func (m models) Model(name string) neutral.Model {
	if row := m.prices().Find(name); row != nil {
		if known, ok := capability.ParseRow(row.Capabilities); ok {
			return known.Model()
		}
	}
	return m.builtin.Model(name)
}
