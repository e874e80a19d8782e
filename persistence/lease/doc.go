// Package lease is what several hubs that share a database need of each other:
// that one of them alone does what is to be done once, and that each numbers its
// requests apart from the others.
//
// A Keeper holds one lease of the database as long as it can. The lease lapses by
// the database's clock; the keeper counts from before it asked, by a clock that is
// never set, so that it stops earlier than others may begin. A lease that lapsed
// is taken anew, with another fence: whoever was stalled meanwhile finds out
// before it acts, as Lead asks the database.
//
// It refuses to know what is led. Start with keeper.go; number.go has the rules
// for numbers of nodes.
package lease
