package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeDocker stands for Docker: it writes its arguments down and answers what
// deploy.sh asks for. HEALTH and RUNNING are files beside it.
const fakeDocker = `#!/bin/sh
here=$(dirname "$0")
printf '%s\n' "$*" >>"$here/calls"
case "$*" in
"image inspect"*) echo "ghcr.io/claude-code-hub/cch@sha256:$(cat "$here/digest")" ;;
"compose ps -q"*) cat "$here/running" ;;
"compose up"*) echo c0ffee >"$here/running" ;;
"inspect --format"*) cat "$here/health" ;;
"compose exec"*) cat "$here/archive" ;;
esac
`

// deployment is a directory that deploy.sh works on, with a Docker of its own.
type deployment struct {
	t        *testing.T
	dir, bin string
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{t: t, dir: filepath.Join(t.TempDir(), "hub"), bin: t.TempDir()}
	for name, text := range map[string]string{"running": "", "health": "healthy\n", "archive": "archive", "digest": "aaa"} {
		d.set(name, text)
	}
	require.NoError(t, os.WriteFile(filepath.Join(d.bin, "docker"), []byte(fakeDocker), 0o700))
	return d
}

func (d *deployment) set(name, text string) {
	d.t.Helper()
	require.NoError(d.t, os.WriteFile(filepath.Join(d.bin, name), []byte(text), 0o600))
}

// run runs deploy.sh and returns what it printed.
func (d *deployment) run(args ...string) (string, error) {
	d.t.Helper()
	cmd := exec.Command(filepath.Join(root, "scripts", "deploy.sh"), append([]string{"-d", d.dir, "-y"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+d.bin+":"+os.Getenv("PATH"), "CCH_DEPLOY_WAIT=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d *deployment) file(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	require.NoError(d.t, err)
	return string(text)
}

func (d *deployment) env() map[string]string {
	d.t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(d.file(".env")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			out[name] = value
		}
	}
	return out
}

func (d *deployment) calls() string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.bin, "calls"))
	require.NoError(d.t, err)
	return string(text)
}

func TestDeployInstallsWithSecretsOfItsOwn(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	out, err := d.run("-p", "8080")
	require.NoError(t, err, out)
	env := d.env()
	require.Regexp(t, `^[A-Za-z0-9]{32}$`, env["ADMIN_TOKEN"])
	require.Regexp(t, `^[A-Za-z0-9]{24}$`, env["DB_PASSWORD"])
	require.Equal(t, "ghcr.io/claude-code-hub/cch@sha256:aaa", env["CCH_IMAGE"])
	require.Equal(t, "false", env["ENABLE_SECURE_COOKIES"])
	info, err := os.Stat(filepath.Join(d.dir, ".env"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Contains(t, d.calls(), "compose up -d --no-build")
	require.Contains(t, out, "http://localhost:8080")
	require.Contains(t, out, env["ADMIN_TOKEN"])
	require.NotContains(t, out, "Way back", "there is none from the first")

	p, err := load(filepath.Join(d.dir, "docker-compose.yml"), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"app", "postgres", "redis"}, services(p))
	require.Equal(t, env["CCH_IMAGE"], p.Services["app"].Image)
	require.Equal(t, env["ADMIN_TOKEN"], deref(p.Services["app"].Environment["ADMIN_TOKEN"]))
	require.Equal(t, "8080", p.Services["app"].Ports[0].Published)
	require.Contains(t, deref(p.Services["app"].Environment["DSN"]), ":"+env["DB_PASSWORD"]+"@")
}

func TestDeployUpdatesInPlace(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	_, err := d.run("-p", "8080")
	require.NoError(t, err)
	own := d.file(".env") + "SESSION_TTL=900\n# mine\nUNKNOWN=a&b\\c=d\n"
	require.NoError(t, os.WriteFile(filepath.Join(d.dir, ".env"), []byte(own), 0o600))
	before := d.env()
	d.set("digest", "bbb")

	out, err := d.run()
	require.NoError(t, err, out)
	after := d.env()
	require.Equal(t, "ghcr.io/claude-code-hub/cch@sha256:bbb", after["CCH_IMAGE"])
	delete(before, "CCH_IMAGE")
	delete(after, "CCH_IMAGE")
	require.Equal(t, before, after, "an update changes the image alone")
	require.Contains(t, d.file(".env"), "# mine\n")
	require.Equal(t, own, d.file(".env.bak"))
	backups, err := filepath.Glob(filepath.Join(d.dir, "backups", "*.cchbackup"))
	require.NoError(t, err)
	require.Len(t, backups, 1)
	require.Contains(t, out, "CCH_IMAGE=ghcr.io/claude-code-hub/cch@sha256:aaa", "the way back")
}

func TestDeployChangesNothingWhenTheBackupFails(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	_, err := d.run()
	require.NoError(t, err)
	before := d.file(".env")
	require.NoError(t, os.Remove(filepath.Join(d.bin, "archive")))
	d.set("digest", "bbb")
	out, err := d.run()
	require.Error(t, err)
	require.Contains(t, out, "the backup failed")
	require.Equal(t, before, d.file(".env"))
	left, err := filepath.Glob(filepath.Join(d.dir, "backups", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestDeployWithSQLiteBehindCaddy(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	out, err := d.run("--sqlite", "--domain", "hub.example.com", "--enable-caddy")
	require.NoError(t, err, out)
	env := d.env()
	require.NotContains(t, env, "DB_PASSWORD")
	require.Equal(t, "https://hub.example.com", env["APP_URL"])
	require.Equal(t, "true", env["ENABLE_SECURE_COOKIES"])
	require.Contains(t, d.file("Caddyfile"), "hub.example.com {\n\treverse_proxy lite:23000")
	p, err := loadAll(d.dir)
	require.NoError(t, err)
	require.Equal(t, []string{"caddy", "lite"}, services(p))
	require.Equal(t, "127.0.0.1", p.Services["lite"].Ports[0].HostIP, "nobody goes past Caddy")
}

func TestDeployTakesTheTokenFromAFile(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("a token of my own & more"), 0o600))
	out, err := d.run("-t", token)
	require.NoError(t, err, out)
	require.Equal(t, "a token of my own & more", d.env()["ADMIN_TOKEN"])

	require.NoError(t, os.WriteFile(token, []byte("short"), 0o600))
	other := newDeployment(t)
	out, err = other.run("-t", token)
	require.Error(t, err)
	require.Contains(t, out, "shorter than 16")
	require.NoFileExists(t, filepath.Join(other.dir, ".env"))
}

func TestDeployAnewKeepsTheDataOfTheOldOne(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	_, err := d.run()
	require.NoError(t, err)
	before := d.env()
	out, err := d.run("--force-new")
	require.NoError(t, err, out)
	after := d.env()
	require.NotEqual(t, before["COMPOSE_PROJECT_NAME"], after["COMPOSE_PROJECT_NAME"], "else it would take the volumes over")
	require.NotEqual(t, before["ADMIN_TOKEN"], after["ADMIN_TOKEN"])
	require.Regexp(t, `(?m)^compose down$`, d.calls())
	require.NotContains(t, d.calls(), "down -v")
}

func TestDeploySaysWhenTheHubDoesNotGetHealthy(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	_, err := d.run()
	require.NoError(t, err)
	d.set("health", "starting\n")
	out, err := d.run()
	require.Error(t, err)
	require.Contains(t, out, "not healthy within 1 seconds")
	require.Contains(t, out, "Back to the version before")
}

func TestDeployRefusesWhatItCannotMean(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-p", "0"}, {"-p", "70000"}, {"-p", "x"}, {"-b", "other"}, {"--domain", "a b"}, {"--what"}, {"-p"}} {
		d := newDeployment(t)
		_, err := d.run(args...)
		require.Error(t, err, args)
		require.NoDirExists(t, d.dir)
	}
}
