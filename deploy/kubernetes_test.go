package deploy_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/claude-code-hub/cch/internal/config"
)

// manifest reads a file of deploy/k8s into its type; a field that the type does
// not have is an error.
func manifest[T any](t *testing.T, name string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("k8s", name))
	require.NoError(t, err)
	var v T
	require.NoError(t, yaml.UnmarshalStrict(text, &v), name)
	return v
}

// kustomization is what of kustomize.config.k8s.io/v1beta1 is in use here.
type kustomization struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Namespace  string   `json:"namespace"`
	Resources  []string `json:"resources"`
	Images     []struct {
		Name   string `json:"name"`
		NewTag string `json:"newTag"`
	} `json:"images"`
}

func TestKustomizationNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	k := manifest[kustomization](t, "kustomization.yaml")
	require.Equal(t, "Kustomization", k.Kind)
	named := map[string]bool{"kustomization.yaml": true, "secret.example.yaml": true}
	for _, r := range k.Resources {
		require.FileExists(t, filepath.Join("k8s", r))
		named[r] = true
	}
	files, err := os.ReadDir("k8s")
	require.NoError(t, err)
	for _, f := range files {
		require.True(t, named[f.Name()], "%s is not applied", f.Name())
	}
	require.Equal(t, k.Namespace, manifest[corev1.Namespace](t, "namespace.yaml").Name)
}

func TestDeploymentIsHardenedAndAsksTheRightHealth(t *testing.T) {
	t.Parallel()
	d := manifest[appsv1.Deployment](t, "deployment.yaml")
	pod := d.Spec.Template.Spec
	require.EqualValues(t, 1, *d.Spec.Replicas, "one process owns the actors")
	require.Equal(t, appsv1.RecreateDeploymentStrategyType, d.Spec.Strategy.Type, "two processes cannot share a journal")
	require.Equal(t, d.Spec.Selector.MatchLabels, d.Spec.Template.Labels)
	require.False(t, *pod.AutomountServiceAccountToken)
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.EqualValues(t, 65532, *pod.SecurityContext.RunAsUser)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)

	c := pod.Containers[0]
	require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)
	require.Equal(t, "/api/health/live", c.LivenessProbe.HTTPGet.Path)
	require.Equal(t, "/api/health/ready", c.ReadinessProbe.HTTPGet.Path)
	require.Equal(t, "/api/health/ready", c.StartupProbe.HTTPGet.Path)

	claim := manifest[corev1.PersistentVolumeClaim](t, "volume.yaml")
	require.Equal(t, claim.Name, pod.Volumes[0].PersistentVolumeClaim.ClaimName)
	require.Equal(t, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, claim.Spec.AccessModes)
	require.Equal(t, manifest[corev1.Secret](t, "secret.example.yaml").Name, c.EnvFrom[1].SecretRef.Name)
}

func TestServiceAndPolicyMeetThePod(t *testing.T) {
	t.Parallel()
	pod := manifest[appsv1.Deployment](t, "deployment.yaml").Spec.Template
	service := manifest[corev1.Service](t, "service.yaml")
	require.Equal(t, pod.Labels, service.Spec.Selector)
	require.Equal(t, pod.Spec.Containers[0].Ports[0].Name, service.Spec.Ports[0].TargetPort.StrVal)
	policy := manifest[networkingv1.NetworkPolicy](t, "networkpolicy.yaml")
	require.Equal(t, pod.Labels, policy.Spec.PodSelector.MatchLabels)
	require.Equal(t, pod.Spec.Containers[0].Ports[0].Name, policy.Spec.Ingress[0].Ports[0].Port.StrVal)
}

func TestConfigMapIsAValidConfigurationWithinTheGraceOfThePod(t *testing.T) {
	t.Parallel()
	settings := manifest[corev1.ConfigMap](t, "configmap.yaml")
	c, warnings, err := config.Load(settings.Data)
	require.NoError(t, err)
	require.Empty(t, warnings)
	known := map[string]bool{}
	for _, v := range config.Variables() {
		known[v.Name] = true
	}
	for name := range settings.Data {
		require.True(t, known[name], name)
	}
	pod := manifest[appsv1.Deployment](t, "deployment.yaml").Spec.Template.Spec
	require.EqualValues(t, c.Server.Port, pod.Containers[0].Ports[0].ContainerPort)
	before := time.Duration(pod.Containers[0].Lifecycle.PreStop.Sleep.Seconds) * time.Second
	grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
	require.Less(t, before+c.Shutdown.HardExit.Duration(), grace, "the pod is killed while it drains")
}
