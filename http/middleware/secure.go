package middleware

import "net/http"

// hstsValue is a year; subdomains are somebody else's business.
const hstsValue = "max-age=31536000"

// Secure sets the headers every answer of ours should have: no guessing of
// content types, and on HTTPS, where asked for, that browsers stay with it.
func Secure(proxies *Proxies, hsts bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			if hsts && proxies.HTTPS(r) {
				h.Set("Strict-Transport-Security", hstsValue)
			}
			next.ServeHTTP(w, r)
		})
	}
}
