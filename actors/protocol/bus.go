package protocol

// ConfigChanged says that configuration changed (wire).
type ConfigChanged struct{ Version int64 }
