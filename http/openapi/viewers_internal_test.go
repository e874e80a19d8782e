package openapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"
)

func gzipped(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &fstest.MapFile{Data: b.Bytes()}
}

// built are our own pages with small stand-ins for the published files.
func built(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"swagger.html", "scalar.html", "absent.html", "swagger.init.js", "scalar.init.js"} {
		body, err := viewerFiles.ReadFile("viewers/" + name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: body}
	}
	for _, name := range []string{"swagger-ui.js", "swagger-ui.css", "swagger-ui.license.txt", "swagger-ui.notice.txt", "scalar.js"} {
		files["dist/"+name+".gz"] = gzipped(t, "text of "+name)
	}
	return files
}

func mounted(t *testing.T, files fstest.MapFS) *mux.Router {
	t.Helper()
	r := mux.NewRouter()
	require.NoError(t, mountViewers(r, "/api/v1", files))
	return r
}

func get(r http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	w, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r.ServeHTTP(w, req)
	return w
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

// TestViewersLoadOnlyWhatIsServed follows what the pages refer to, relative to
// where they lie.
func TestViewersLoadOnlyWhatIsServed(t *testing.T) {
	t.Parallel()
	r := mounted(t, built(t))
	for _, page := range []string{"docs", "scalar"} {
		w := get(r, "/api/v1/"+page)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
		refs := reference.FindAllStringSubmatch(w.Body.String(), -1)
		require.Greater(t, len(refs), 2, page)
		for _, ref := range refs {
			if ref[1] == "data:," {
				continue
			}
			require.Equal(t, http.StatusOK, get(r, "/api/v1/"+ref[1]).Code, ref[1])
		}
		require.NotContains(t, w.Body.String(), "//", "nothing of another host")
		require.NotRegexp(t, `<script>|<script [^>]*>[^<]`, w.Body.String(), "the policy forbids inline scripts")
	}
}

func TestViewerPolicyKeepsEverythingHere(t *testing.T) {
	t.Parallel()
	r := mounted(t, built(t))
	for _, path := range []string{"/api/v1/docs", "/api/v1/scalar", "/api/v1/scalar/scalar.js"} {
		policy := get(r, path).Header().Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", path)
		require.Contains(t, policy, "script-src 'self';", path)
		require.Contains(t, policy, "connect-src 'self';", path)
		require.NotContains(t, policy, "http", path)
		require.NotContains(t, policy, "unsafe-eval", path)
	}
}

func TestViewerFilesAreCompressedForWhoTakesIt(t *testing.T) {
	t.Parallel()
	r := mounted(t, built(t))
	plain := get(r, "/api/v1/scalar/scalar.js")
	require.Equal(t, "text of scalar.js", plain.Body.String())
	require.Equal(t, "text/javascript; charset=utf-8", plain.Header().Get("Content-Type"))
	small := get(r, "/api/v1/scalar/scalar.js", "Accept-Encoding", "br, gzip")
	require.Equal(t, "gzip", small.Header().Get("Content-Encoding"))
	zr, err := gzip.NewReader(small.Body)
	require.NoError(t, err)
	text, err := io.ReadAll(zr)
	require.NoError(t, err)
	require.Equal(t, "text of scalar.js", string(text))

	again := get(r, "/api/v1/scalar/scalar.js", "If-None-Match", plain.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
}

func TestFreshCheckoutSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	files := built(t)
	for name := range files {
		if strings.HasPrefix(name, "dist/") {
			delete(files, name)
		}
	}
	r := mounted(t, files)
	w := get(r, "/api/v1/docs")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "make build")
	require.Equal(t, http.StatusNotFound, get(r, "/api/v1/docs/swagger-ui.js").Code)
}

func TestTheBinarysOwnFilesCanBeMounted(t *testing.T) {
	t.Parallel()
	r := mux.NewRouter()
	require.NoError(t, MountViewers(r, "/api/actions"))
	require.Equal(t, http.StatusOK, get(r, "/api/actions/docs").Code)
	require.Equal(t, http.StatusOK, get(r, "/api/actions/scalar").Code)
}
