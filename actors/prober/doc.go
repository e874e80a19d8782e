// Package prober is the actor that looks by the clock whether the endpoints of
// vendors can be reached. What it finds ranks them, and may close or open their
// breakers; it says nothing about providers.
//
// It decides when to look and at how many endpoints at a time; how to look is a
// function, and what an outcome means for a breaker is for the pool's actor
// (actors/endpoint). Outcomes are stored in batches, one for each round. Start
// with schedule.go for the rules and actor.go for the clock.
package prober
