package adminapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/secrets"
)

func TestKeySecretIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	var made map[string]any
	a := w.admin(http.MethodPost, fmt.Sprintf("/api/v1/users/%d/keys", p.userID), `{"name":"laptop"}`)
	a.into(t, http.StatusCreated, &made)
	secret, _ := made["secret"].(string)
	require.True(t, secrets.KeyIntact(secret))
	require.Equal(t, secret[:8], made["keyPrefix"])
	require.Equal(t, secret[len(secret)-4:], made["keyLast4"])
	require.InDelta(t, p.userID, made["userId"], 0)
	require.NotNil(t, w.catalog.Current().KeyByHash(secrets.HashKey(secret)), "the key works when the answer comes")

	path := fmt.Sprintf("/api/v1/keys/%v", made["id"])
	for _, again := range []answer{
		w.admin(http.MethodGet, path, nil),
		w.admin(http.MethodGet, fmt.Sprintf("/api/v1/users/%d/keys", p.userID), nil),
		w.admin(http.MethodPatch, path, `{"name":"desk"}`),
	} {
		require.Equal(t, http.StatusOK, again.status)
		require.NotContains(t, again.text, secret)
		require.NotContains(t, again.text, "secret")
	}
}

func TestCustomKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	path := fmt.Sprintf("/api/v1/users/%d/keys", p.userID)
	var made struct{ Secret string }
	w.admin(http.MethodPost, path, `{"name":"own","key":"a-credential-of-my-own-choice"}`).into(t, http.StatusCreated, &made)
	require.Equal(t, "a-credential-of-my-own-choice", made.Secret)
	problem := w.admin(http.MethodPost, path, `{"name":"again","key":"a-credential-of-my-own-choice"}`).
		refused(t, http.StatusConflict, "resource.conflict")
	require.NotContains(t, problem.Detail, "a-credential")
	w.admin(http.MethodPost, path, `{"name":"short","key":"too-short"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPost, path, `{"name":"blank","key":"with a blank in the middle of it"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPost, "/api/v1/users/999/keys", `{"name":"x"}`).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestLastEnabledKeyStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, map[string]any{"canLoginWebUi": true})
	path := fmt.Sprintf("/api/v1/keys/%d", p.keyID)
	w.admin(http.MethodPost, path+"/enable", `{"enabled":false}`).refused(t, http.StatusConflict, "key.last_enabled")
	w.admin(http.MethodPatch, path, `{"isEnabled":false}`).refused(t, http.StatusConflict, "key.last_enabled")
	b := w.signIn(p.secret)
	b.do(http.MethodDelete, path, nil).refused(t, http.StatusConflict, "key.last_enabled")

	var second struct{ ID int64 }
	w.admin(http.MethodPost, fmt.Sprintf("/api/v1/users/%d/keys", p.userID), `{"name":"second"}`).into(t, http.StatusCreated, &second)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPost, path+"/enable", `{"enabled":false}`).status)
	w.admin(http.MethodPost, fmt.Sprintf("/api/v1/keys/%d/enable", second.ID), `{"enabled":false}`).
		refused(t, http.StatusConflict, "key.last_enabled")
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
}

func TestKeyGroupsStayWithinTheUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", map[string]any{"groups": []string{"a", "b"}}, nil)
	path := fmt.Sprintf("/api/v1/keys/%d", p.keyID)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, path, `{"groups":["b"]}`).status)
	problem := w.admin(http.MethodPatch, path, `{"groups":["b","c"]}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"groups.1": "not_allowed"}, problem.fields())

	all := w.person("eve", map[string]any{"groups": []string{"*"}}, nil)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, fmt.Sprintf("/api/v1/keys/%d", all.keyID), `{"groups":["c"]}`).status)
}

func TestUsersManageTheirOwnKeysDownwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", map[string]any{"limitTotalUsd": 10, "rpmLimit": 60, "groups": []string{"a", "b"}, "expiresAt": "2027-01-01T00:00:00Z"},
		map[string]any{"canLoginWebUi": true})
	b := w.signIn(p.secret)
	create := fmt.Sprintf("/api/v1/users/%d/keys", p.userID)

	var made struct {
		ID     int64
		Secret string
	}
	b.do(http.MethodPost, create, `{"name":"mine","limitTotalUsd":4,"groups":["a"],"expiresAt":"2026-12-24T00:00:00Z"}`).
		into(t, http.StatusCreated, &made)
	require.NotEmpty(t, made.Secret)

	problem := b.do(http.MethodPost, create, `{"name":"more","limitTotalUsd":11,"rpmLimit":61,"groups":["c"],"canLoginWebUi":true,
		"expiresAt":"2028-01-01T00:00:00Z","key":"a-credential-of-my-own-choice"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{
		"limitTotalUsd": "KEY_LIMIT_TOTAL_EXCEEDS_USER_LIMIT", "rpmLimit": "too_big", "groups.0": "not_allowed", "canLoginWebUi": "not_allowed",
		"expiresAt": "too_big", "key": "not_allowed",
	}, problem.fields())

	path := fmt.Sprintf("/api/v1/keys/%d", made.ID)
	require.Equal(t, http.StatusOK, b.do(http.MethodPatch, path, `{"name":"ours","limitTotalUsd":3}`).status)
	problem = b.do(http.MethodPatch, path, `{"limitTotalUsd":5,"groups":["a","b"],"expiresAt":null,"canLoginWebUi":true}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{
		"limitTotalUsd": "too_big", "groups": "not_allowed", "expiresAt": "too_big", "canLoginWebUi": "not_allowed",
	}, problem.fields())
	b.do(http.MethodPatch, path, `{"limitTotalUsd":null}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, path, `{"limitTotalUsd":9}`).status, "administrators may raise")
	require.Equal(t, http.StatusNoContent, b.do(http.MethodDelete, path, nil).status)
}

func TestOtherUsersKeysDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, map[string]any{"canLoginWebUi": true})
	bob := w.person("bob", nil, nil)
	b := w.signIn(ann.secret)
	key := fmt.Sprintf("/api/v1/keys/%d", bob.keyID)
	for _, a := range []answer{
		b.get(key), b.do(http.MethodPatch, key, `{"name":"x"}`), b.do(http.MethodDelete, key, nil),
		b.do(http.MethodPost, key+"/enable", `{"enabled":false}`), b.get(key + "/limit-usage"),
		b.get(fmt.Sprintf("/api/v1/users/%d/keys", bob.userID)),
		b.do(http.MethodPost, fmt.Sprintf("/api/v1/users/%d/keys", bob.userID), `{"name":"x"}`),
		b.get(fmt.Sprintf("/api/v1/users/%d/limit-usage", bob.userID)),
	} {
		a.refused(t, http.StatusNotFound, "resource.not_found")
	}
	require.Equal(t, http.StatusOK, b.get(fmt.Sprintf("/api/v1/keys/%d", ann.keyID)).status)
}

func TestAKeysLimitsStayWithinItsUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", map[string]any{
		"limit5hUsd": 1, "dailyLimitUsd": 2, "limitWeeklyUsd": 3, "limitMonthlyUsd": 4, "limitTotalUsd": 5, "limitConcurrentSessions": 6,
	}, nil)
	keys := fmt.Sprintf("/api/v1/users/%d/keys", p.userID)
	wrong := w.admin(http.MethodPost, keys, `{"name":"large","limit5hUsd":1.5,"dailyLimitUsd":3,"limitWeeklyUsd":4,
		"limitMonthlyUsd":5,"limitTotalUsd":6,"limitConcurrentSessions":7}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{
		"limit5hUsd": "KEY_LIMIT_5H_EXCEEDS_USER_LIMIT", "dailyLimitUsd": "KEY_LIMIT_DAILY_EXCEEDS_USER_LIMIT",
		"limitWeeklyUsd": "KEY_LIMIT_WEEKLY_EXCEEDS_USER_LIMIT", "limitMonthlyUsd": "KEY_LIMIT_MONTHLY_EXCEEDS_USER_LIMIT",
		"limitTotalUsd": "KEY_LIMIT_TOTAL_EXCEEDS_USER_LIMIT", "limitConcurrentSessions": "KEY_LIMIT_CONCURRENT_EXCEEDS_USER_LIMIT",
	}, wrong.fields())
	require.Equal(t, map[string]float64{"keyLimit": 1.5, "userLimit": 1}, wrong.InvalidParams[0].Params)

	var made struct{ ID int64 }
	w.admin(http.MethodPost, keys, `{"name":"fits","limitTotalUsd":5}`).into(t, http.StatusCreated, &made)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, fmt.Sprintf("/api/v1/users/%d", p.userID), `{"limitTotalUsd":2}`).status)
	key := fmt.Sprintf("/api/v1/keys/%d", made.ID)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, key, `{"name":"stays"}`).status, "what is not touched may stay")
	w.admin(http.MethodPatch, key, `{"limitTotalUsd":4}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, key, `{"limitTotalUsd":2}`).status)
}

func TestMoneyIsCountedFromAReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	var user, key struct{ CostResetAt, Cost5hResetAt *time.Time }
	path := fmt.Sprintf("/api/v1/users/%d", p.userID)
	w.admin(http.MethodPost, path+"/limits/reset", `{"window":"5h"}`).into(t, http.StatusOK, &user)
	require.Nil(t, user.CostResetAt)
	require.NotNil(t, user.Cost5hResetAt)
	w.admin(http.MethodPost, path+"/limits/reset", `{}`).into(t, http.StatusOK, &user)
	require.NotNil(t, user.CostResetAt)
	w.admin(http.MethodPost, path+"/limits/reset", `{"window":"weekly"}`).refused(t, http.StatusBadRequest, "request.validation_failed")

	var list struct{ Items []struct{ ID int64 } }
	w.admin(http.MethodGet, path+"/keys", nil).into(t, http.StatusOK, &list)
	w.admin(http.MethodPost, fmt.Sprintf("/api/v1/keys/%d/limits/reset", list.Items[0].ID), `{"window":"all"}`).into(t, http.StatusOK, &key)
	require.NotNil(t, key.CostResetAt)
	require.Nil(t, key.Cost5hResetAt)
	w.admin(http.MethodPost, "/api/v1/users/999/limits/reset", `{}`).refused(t, http.StatusNotFound, "resource.not_found")
}
