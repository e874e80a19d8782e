package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Redis is a Redis server of a test, which ends with it. What it was told
// outlives Kill.
type Redis struct {
	URL string

	t   testing.TB
	dir string
}

// StartRedis starts a server through scripts/redis.sh. One that cannot be had
// fails the test.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	return startRedis(t, t.TempDir())
}

// StartRedisTLS starts a server that speaks TLS only, and returns the file of
// the certificate that it is to be trusted by.
func StartRedisTLS(t testing.TB) (r *Redis, certificate string) {
	t.Helper()
	dir := t.TempDir()
	writeCertificate(t, dir)
	return startRedis(t, dir), filepath.Join(dir, "tls.crt")
}

func startRedis(t testing.TB, dir string) *Redis {
	t.Helper()
	r := &Redis{t: t, dir: dir}
	r.URL = r.script("start")
	t.Cleanup(func() { r.script("stop") })
	return r
}

// Kill ends the server at once.
func (r *Redis) Kill() { r.script("kill") }

// Up starts it again, at the same address.
func (r *Redis) Up() { r.script("up") }

// Pause has the server answer nothing any more, Resume all that has come since.
func (r *Redis) Pause() { r.signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (r *Redis) Resume() { r.signal(syscall.SIGCONT) }

func (r *Redis) signal(s syscall.Signal) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "pid"))
	require.NoError(r.t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(r.t, err)
	require.NoError(r.t, syscall.Kill(pid, s))
}

func (r *Redis) script(command string) string {
	r.t.Helper()
	script, err := moduleFile("scripts/redis.sh")
	require.NoError(r.t, err)
	cmd := exec.Command(script, command, r.dir)
	var log syncBuffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(r.t, err, "tests of Redis need a server, which scripts/redis.sh starts: %s", log.String())
	return strings.TrimSpace(string(out))
}

// writeCertificate makes a certificate of 127.0.0.1, signed by itself.
func writeCertificate(t testing.TB, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: certificate},
		"tls.key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}
