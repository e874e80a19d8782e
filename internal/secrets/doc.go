// Package secrets keeps credentials out of sight: it hashes and draws client
// keys, seals what the store holds encrypted, loads or creates the node's own
// secrets and masks credentials in text meant for people.
//
// It refuses to print anything it holds: values leave it as domain.Secret or
// as ciphertext. It does no network I/O and knows neither tables nor routes;
// the caller names what a sealed value belongs to.
//
// Start with key.go (client keys), ring.go (encryption at rest), masterkey.go
// (where the key comes from) and redact.go (the one redactor of the product).
package secrets
