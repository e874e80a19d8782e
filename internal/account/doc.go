// Package account knows what upstream accounts say about their quotas and
// balances, and what follows from it for selection.
//
// Readers turn the headers of answers and the texts of refusals into
// domain.ProviderQuota values; an Account merges them, newest first, carries
// them forward by its own spend and time, and says how much headroom is left,
// which weight that means and until when a provider is out. Unknown is never
// taken for zero: what is too old, or past its reset, says nothing.
//
// It is pure: no clock, no I/O. Asking accounts is the business of
// internal/outbound/balance, keeping their state that of actors/provider. Start
// with signals.go for what is learnt, account.go for what is kept and
// outlook.go for what it means.
package account
