package deploy_test

import (
	"context"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/config"
)

// compose reads the compose file as docker compose does, against the schema of
// the specification, in a directory without a .env file.
func compose(t *testing.T, env []string, profiles ...string) *types.Project {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "docker-compose.yml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	project, err := load(file, env, profiles...)
	require.NoError(t, err)
	return project
}

func load(file string, env []string, profiles ...string) (*types.Project, error) {
	return loadFiles([]string{file}, env, profiles...)
}

// loadAll reads a directory with its override file.
func loadAll(dir string) (*types.Project, error) {
	return loadFiles([]string{filepath.Join(dir, "docker-compose.yml"), filepath.Join(dir, "docker-compose.override.yml")}, nil)
}

func loadFiles(files, env []string, profiles ...string) (*types.Project, error) {
	o, err := cli.NewProjectOptions(files,
		cli.WithWorkingDirectory(filepath.Dir(files[0])),
		cli.WithEnv(env),
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithDefaultProfiles(profiles...))
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

func services(p *types.Project) []string { return slices.Sorted(maps.Keys(p.Services)) }

func TestComposeLiteNeedsNothingButItself(t *testing.T) {
	t.Parallel()
	p := compose(t, nil, "lite")
	require.Equal(t, []string{"lite"}, services(p))
	app := p.Services["lite"]
	hardened(t, app)
	require.Empty(t, app.DependsOn)
	require.Empty(t, deref(app.Environment["DSN"]), "SQLite")
	require.NotContains(t, app.Environment, "ADMIN_TOKEN", "one is generated")
	require.Len(t, app.Volumes, 1)
	require.Equal(t, "/data", app.Volumes[0].Target)
	require.Equal(t, "23000", app.Ports[0].Published)
}

func TestComposeDefaultHasPostgresAndRedis(t *testing.T) {
	t.Parallel()
	p := compose(t, []string{"COMPOSE_PROFILES=default", "DB_PASSWORD=s3cret", "APP_PORT=8080"})
	require.Equal(t, []string{"app", "postgres", "redis"}, services(p))
	app := p.Services["app"]
	hardened(t, app)
	require.Equal(t, "postgres://cch:s3cret@postgres:5432/cch?sslmode=disable", deref(app.Environment["DSN"]))
	require.Equal(t, "8080", app.Ports[0].Published)
	require.EqualValues(t, 23000, app.Ports[0].Target)
	for _, name := range []string{"postgres", "redis"} {
		require.Equal(t, types.ServiceConditionHealthy, app.DependsOn[name].Condition)
		require.Empty(t, p.Services[name].Ports, "%s is not for the outside", name)
		require.NotNil(t, p.Services[name].HealthCheck, name)
		require.NotEmpty(t, p.Services[name].Volumes, name)
	}
	require.Equal(t, "DB_PASSWORD", p.Secrets["db_password"].Environment)
}

func TestComposeClusterHasThreeNodesBehindABalancer(t *testing.T) {
	t.Parallel()
	p := compose(t, []string{"DB_PASSWORD=s3cret", "APP_PORT=8080", "CLUSTER_SECRET=a secret of some length"}, "cluster")
	require.Equal(t, []string{"balancer", "node1", "node2", "node3", "postgres", "redis"}, services(p))
	balancer := p.Services["balancer"]
	require.Equal(t, "8080", balancer.Ports[0].Published)
	require.EqualValues(t, 23000, balancer.Ports[0].Target)
	places := p.Configs["balancer"].Content
	for _, name := range []string{"node1", "node2", "node3"} {
		node := p.Services[name]
		hardened(t, node)
		require.Empty(t, node.Ports, "%s is reached through the balancer", name)
		require.Len(t, node.Volumes, 1)
		require.Equal(t, name, node.Volumes[0].Source, "a journal belongs to one node")
		require.Contains(t, places, name+":23000")
		env := map[string]string{"ADMIN_TOKEN": "a-token-of-some-length"}
		for key, value := range node.Environment {
			env[key] = deref(value)
		}
		_, _, err := config.Load(env)
		require.ErrorContains(t, err, "ENCRYPTION_KEY is unset", "nodes cannot each make their own")
		env["ENCRYPTION_KEY"] = base64.StdEncoding.EncodeToString(make([]byte, 32))
		c, warnings, err := config.Load(env)
		require.NoError(t, err)
		require.Empty(t, warnings)
		require.Equal(t, name+":23100", c.Cluster.Addr)
		require.Len(t, c.Cluster.Hosts, 3)
	}
}

func TestComposeShipsNoPassword(t *testing.T) {
	t.Parallel()
	p := compose(t, nil, "default")
	require.Empty(t, p.Secrets["db_password"].Content)
	require.Equal(t, "/run/secrets/db_password", deref(p.Services["postgres"].Environment["POSTGRES_PASSWORD_FILE"]))
	require.NotContains(t, p.Services["postgres"].Environment, "POSTGRES_PASSWORD")
}

// TestComposeEnvironmentsAreValid: the program starts with what the file gives it.
func TestComposeEnvironmentsAreValid(t *testing.T) {
	t.Parallel()
	for service, p := range map[string]*types.Project{
		"lite": compose(t, nil, "lite"),
		"app":  compose(t, []string{"DB_PASSWORD=s3cret"}, "default"),
	} {
		env := map[string]string{}
		for name, value := range p.Services[service].Environment {
			env[name] = deref(value)
		}
		if service == "app" {
			_, _, err := config.Load(env)
			require.ErrorContains(t, err, "ADMIN_TOKEN", "none is generated beside a server")
			env["ADMIN_TOKEN"] = "a-token-of-some-length"
		}
		c, warnings, err := config.Load(env)
		require.NoError(t, err, service)
		require.Empty(t, warnings, service)
		require.Equal(t, service == "lite", c.Storage.Embedded())
		require.Equal(t, "/data", c.Storage.DataDir)
	}
}

// hardened holds what every container of the program must have.
func hardened(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	require.True(t, s.ReadOnly)
	require.Equal(t, "65532:65532", s.User)
	require.Equal(t, []string{"ALL"}, s.CapDrop)
	require.Contains(t, s.SecurityOpt, "no-new-privileges:true")
	require.Equal(t, types.HealthCheckTest{"CMD", "/cch", "healthcheck"}, s.HealthCheck.Test)
	require.Equal(t, "23000", deref(s.Environment["APP_PORT"]), "the healthcheck asks the port inside")
	c, _, err := config.Load(nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, int64(*s.StopGracePeriod), int64(c.Shutdown.HardExit.Duration()))
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
