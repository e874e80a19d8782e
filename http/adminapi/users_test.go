package adminapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCreateUserAsScriptsDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made struct{ User map[string]any }
	w.admin(http.MethodPost, "/api/v1/users", `{"name":"ann","groups":["default","fast"],"rpmLimit":60,"limit5hUsd":1.5,
		"dailyLimitUsd":5,"limitWeeklyUsd":20,"limitMonthlyUsd":60.25,"limitTotalUsd":null,"limitConcurrentSessions":3}`).
		into(t, http.StatusCreated, &made)
	u := made.User
	require.Equal(t, "ann", u["name"])
	require.Equal(t, []any{"default", "fast"}, u["groups"])
	require.InDelta(t, 1.5, u["limit5hUsd"], 0)
	require.InDelta(t, 60.25, u["limitMonthlyUsd"], 0)
	require.Nil(t, u["limitTotalUsd"])
	require.InDelta(t, 3, u["limitConcurrentSessions"], 0)
	require.Equal(t, "rolling", u["limit5hMode"])
	require.Equal(t, "user", u["role"])
	require.Equal(t, true, u["isEnabled"])

	got := w.catalog.Current().User(1)
	require.NotNil(t, got, "the answer comes after the catalog holds the user")
	require.Equal(t, 60, got.Limits.RPM)
	require.NotNil(t, w.catalog.Current().Group("fast"), "unknown groups are created")
}

func TestUserValidationNamesEveryFieldAndWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin(http.MethodPost, "/api/v1/users", `{"name":"","rpmLimit":-1,"limit5hMode":"weekly","dailyResetTime":"25:00",
		"colour":"red","groups":"default","limitTotalUsd":"much"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{
		"name": "too_short", "rpmLimit": "too_small", "limit5hMode": "invalid_choice", "dailyResetTime": "invalid_format",
		"colour": "unknown_field", "groups": "invalid_type", "limitTotalUsd": "invalid_type",
	}, p.fields())
	require.Equal(t, "Validation failed", p.Title)
	require.Equal(t, "/api/v1/users", p.Instance)

	p = w.admin(http.MethodPost, "/api/v1/users", `{"groups":[]}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"name": "required"}, p.fields())

	p = w.admin(http.MethodPost, "/api/v1/users", `{"name":"  ","groups":["a",""],"key":{"name":" ","groups":["b"]}}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"name": "too_short", "groups.1": "too_short", "groups.0": "not_allowed"}, p.fields())

	var list struct{ Items []any }
	w.admin(http.MethodGet, "/api/v1/users", nil).into(t, http.StatusOK, &list)
	require.Empty(t, list.Items)
}

func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.admin(http.MethodPost, "/api/v1/users", `{"name":`).refused(t, http.StatusBadRequest, "request.malformed_json")
	w.admin(http.MethodPost, "/api/v1/users", `{"name":"a"} {"name":"b"}`).refused(t, http.StatusBadRequest, "request.malformed_json")
	w.admin(http.MethodPost, "/api/v1/users", nil).refused(t, http.StatusBadRequest, "request.invalid")
	w.admin(http.MethodPost, "/api/v1/users", `["a"]`).refused(t, http.StatusBadRequest, "request.validation_failed")
	big := `{"name":"` + string(make([]byte, 2<<20)) + `"}`
	w.admin(http.MethodPost, "/api/v1/users", big).refused(t, http.StatusRequestEntityTooLarge, "request.too_large")
	a := w.do(call{method: http.MethodPost, path: "/api/v1/users", body: "name=a", header: map[string]string{
		"Authorization": "Bearer " + adminToken, "Content-Type": "application/x-www-form-urlencoded",
	}})
	a.refused(t, http.StatusUnsupportedMediaType, "request.unsupported_media_type")
}

func TestPatchMergesAndNullClears(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", map[string]any{"rpmLimit": 60, "limitTotalUsd": 9, "description": "x", "groups": []string{"a", "b"}}, nil)
	path := fmt.Sprintf("/api/v1/users/%d", p.userID)

	var u map[string]any
	a := w.admin(http.MethodPatch, path, `{"limitTotalUsd":null,"isEnabled":false,"dailyLimitUsd":0}`)
	a.into(t, http.StatusOK, &u)
	require.Nil(t, u["limitTotalUsd"])
	require.Nil(t, u["dailyLimitUsd"])
	require.Equal(t, false, u["isEnabled"])
	require.InDelta(t, 60, u["rpmLimit"], 0, "what is left out stays")
	require.Equal(t, "x", u["description"])
	require.Equal(t, []any{"a", "b"}, u["groups"])
	require.InDelta(t, 2, u["version"], 0)
	require.Equal(t, `"2"`, a.header.Get("ETag"))

	w.admin(http.MethodPatch, path, `{"description":null,"isEnabled":null,"groups":null}`).into(t, http.StatusOK, &u)
	require.Nil(t, u["description"])
	require.Equal(t, true, u["isEnabled"], "null means the default")
	require.Empty(t, u["groups"])

	w.admin(http.MethodPatch, path, `{"name":null}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPatch, path, `{"id":5}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPatch, "/api/v1/users/99", `{"name":"x"}`).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestStaleWritesAreRefusedWithTheCurrentObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	path := fmt.Sprintf("/api/v1/users/%d", p.userID)
	guarded := func(method, match, body string) answer {
		return w.do(call{method: method, path: path, body: body, header: map[string]string{
			"Authorization": "Bearer " + adminToken, "If-Match": match,
		}})
	}
	require.Equal(t, http.StatusOK, guarded(http.MethodPatch, `"1"`, `{"rpmLimit":5}`).status)
	problem := guarded(http.MethodPatch, `"1"`, `{"rpmLimit":6}`).refused(t, http.StatusPreconditionFailed, "resource.version_mismatch")
	require.InDelta(t, 2, problem.Current["version"], 0)
	require.InDelta(t, 5, problem.Current["rpmLimit"], 0)
	guarded(http.MethodDelete, `"1"`, "").refused(t, http.StatusPreconditionFailed, "resource.version_mismatch")
	guarded(http.MethodPatch, "yesterday", `{}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, http.StatusOK, guarded(http.MethodPatch, "*", `{"rpmLimit":7}`).status)
	require.Equal(t, http.StatusNoContent, guarded(http.MethodDelete, `W/"3"`, "").status)
	w.admin(http.MethodGet, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestUserNamesAreUnique(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ann", nil, nil)
	other := w.person("bob", nil, nil)
	p := w.admin(http.MethodPost, "/api/v1/users", `{"name":"ann"}`).refused(t, http.StatusConflict, "resource.conflict")
	require.Equal(t, map[string]string{"name": "taken"}, p.fields())
	w.admin(http.MethodPatch, fmt.Sprintf("/api/v1/users/%d", other.userID), `{"name":"ann"}`).
		refused(t, http.StatusConflict, "resource.conflict")
}

func TestListUsersPagesAndFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 7 {
		w.person(fmt.Sprintf("user %d", 6-i), map[string]any{"groups": []string{[]string{"even", "odd"}[i%2]}}, nil)
	}
	names := func(query string) (names []string, next string) {
		var page struct {
			Items      []struct{ Name string }
			NextCursor *string
		}
		w.admin(http.MethodGet, "/api/v1/users?"+query, nil).into(t, http.StatusOK, &page)
		for _, u := range page.Items {
			names = append(names, u.Name)
		}
		if page.NextCursor != nil {
			next = *page.NextCursor
		}
		return names, next
	}
	first, next := names("sortBy=name&limit=3")
	require.Equal(t, []string{"user 0", "user 1", "user 2"}, first)
	w.person("user 00", nil, nil) // comes between two pages and shifts nothing
	second, next := names("sortBy=name&limit=3&cursor=" + next)
	require.Equal(t, []string{"user 3", "user 4", "user 5"}, second)
	third, next := names("sortBy=name&limit=3&cursor=" + next)
	require.Equal(t, []string{"user 6"}, third)
	require.Empty(t, next)

	down, _ := names("sortBy=name&order=desc&limit=2")
	require.Equal(t, []string{"user 6", "user 5"}, down)
	odd, _ := names("groups=odd")
	require.Len(t, odd, 3)
	match, _ := names("q=USER+00")
	require.Equal(t, []string{"user 00"}, match)

	w.admin(http.MethodGet, "/api/v1/users?cursor=%21", nil).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodGet, "/api/v1/users?limit=101", nil).refused(t, http.StatusBadRequest, "request.validation_failed")
}

func TestUserStatusFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(d time.Duration) string { return w.clock().Add(d).Format(time.RFC3339) }
	w.person("plain", nil, nil)
	w.person("soon", map[string]any{"expiresAt": at(48 * time.Hour)}, nil)
	w.person("gone", map[string]any{"expiresAt": at(-time.Hour)}, nil)
	w.person("off", map[string]any{"isEnabled": false}, nil)
	for status, want := range map[string]int{"active": 2, "expired": 1, "expiringSoon": 1, "enabled": 3, "disabled": 1} {
		var page struct{ Items []any }
		w.admin(http.MethodGet, "/api/v1/users?status="+status, nil).into(t, http.StatusOK, &page)
		require.Len(t, page.Items, want, status)
	}
	var page struct{ Items []struct{ Keys []any } }
	w.admin(http.MethodGet, "/api/v1/users?include=keys&q=plain", nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items[0].Keys, 1)
}

func TestEnableAndRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	path := fmt.Sprintf("/api/v1/users/%d", p.userID)
	var u map[string]any
	w.admin(http.MethodPost, path+"/enable", `{"enabled":false}`).into(t, http.StatusOK, &u)
	require.Equal(t, false, u["isEnabled"])
	w.admin(http.MethodPost, path+"/renew", `{"expiresAt":"2027-01-01T00:00:00Z","enable":true}`).into(t, http.StatusOK, &u)
	require.Equal(t, "2027-01-01T00:00:00Z", u["expiresAt"])
	require.Equal(t, true, u["isEnabled"])
	w.admin(http.MethodPost, path+"/renew", `{"expiresAt":"2020-01-01T00:00:00Z"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPost, path+"/renew", `{"expiresAt":null}`).into(t, http.StatusOK, &u)
	require.Nil(t, u["expiresAt"])
}

func TestFirstKeyFailureLeavesNoUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	custom := map[string]any{"key": "a-credential-of-my-own-choice"}
	w.person("ann", nil, custom)
	w.admin(http.MethodPost, "/api/v1/users", `{"name":"bob","key":{"name":"k","key":"a-credential-of-my-own-choice"}}`).
		refused(t, http.StatusConflict, "resource.conflict")
	var page struct{ Items []any }
	w.admin(http.MethodGet, "/api/v1/users?q=bob", nil).into(t, http.StatusOK, &page)
	require.Empty(t, page.Items)
}
