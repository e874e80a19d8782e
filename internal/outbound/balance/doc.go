// Package balance asks upstream accounts for their quotas and balances.
//
// There is a connector for each kind of account, chosen by the provider's type
// and host or by its operator; the custom one follows a template. Calls go to
// the provider's own host, through the provider's own proxy, with its key,
// unless the operator names another host and a token for it. Nothing that comes
// back is kept but figures; texts for operators are redacted.
//
// It refuses to decide when to ask and what a figure means: the first is the
// business of actors/maintenance, the second of internal/account. Start with
// reader.go.
package balance
