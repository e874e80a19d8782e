// Package demo is an upstream that answers without a model, so that a newcomer
// sees a first request without having a provider, and an operator sees what the
// hub does when an upstream misbehaves.
//
// It speaks every protocol of the hub's clients, by the path it is called at.
// One handler has one list of modes. Inside the process it stands behind the
// provider URL "demo:" through Transport; as a process of its own it takes the
// mode from the path prefix /fault/<mode>. Start with server.go, then
// wire.go; each protocol is a value in a file of its own.
package demo
