package adminapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

type endpointAnswer struct {
	ID        int64
	Version   int
	URL       string
	SortOrder int
	IsEnabled bool
	LastProbe *struct {
		OK        bool
		LatencyMs int64
	}
	Breaker struct{ State string }
}

func TestVendorsAndEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var vendor struct {
		ID            int64
		WebsiteDomain string
		Providers     []int64
	}
	w.admin(http.MethodPost, "/api/v1/provider-vendors", `{"websiteDomain":"Acme.example","displayName":"Acme"}`).into(t, http.StatusCreated, &vendor)
	require.Equal(t, "acme.example", vendor.WebsiteDomain)
	w.admin(http.MethodPost, "/api/v1/provider-vendors", `{"websiteDomain":"acme.example"}`).refused(t, http.StatusConflict, "resource.conflict")
	bad := w.admin(http.MethodPost, "/api/v1/provider-vendors", `{"websiteDomain":"acme.example/x"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"websiteDomain": "invalid_format"}, bad.fields())

	base := fmt.Sprintf("/api/v1/provider-vendors/%d", vendor.ID)
	var first, second endpointAnswer
	w.admin(http.MethodPost, base+"/endpoints", `{"type":"claude","url":"https://eu.acme.example/","sortOrder":2}`).into(t, http.StatusCreated, &first)
	require.Equal(t, "https://eu.acme.example", first.URL)
	require.Equal(t, "closed", first.Breaker.State)
	w.admin(http.MethodPost, base+"/endpoints", `{"type":"claude","url":"https://acme.example"}`).into(t, http.StatusCreated, &second)
	w.admin(http.MethodPost, base+"/endpoints", `{"type":"claude","url":"https://acme.example"}`).refused(t, http.StatusConflict, "resource.conflict")
	bad = w.admin(http.MethodPost, base+"/endpoints", `{"type":"claude","url":"https://notacme.example"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"url": "not_allowed"}, bad.fields(), "keys go to the vendor's hosts alone")

	endpoint := fmt.Sprintf("/api/v1/provider-endpoints/%d", first.ID)
	w.admin(http.MethodPatch, endpoint, `{"isEnabled":false,"label":"Europe"}`).into(t, http.StatusOK, &first)
	require.False(t, first.IsEnabled)
	require.Equal(t, 2, first.SortOrder)
	w.admin(http.MethodPatch, endpoint, `{"url":"https://elsewhere.example"}`).refused(t, http.StatusBadRequest, "request.validation_failed")

	id := w.addProvider("acme", map[string]any{"url": "https://api.acme.example", "vendorId": vendor.ID})
	bad = w.admin(http.MethodPost, "/api/v1/providers", map[string]any{
		"name": "x", "type": "claude", "url": "https://other.example", "key": "k", "vendorId": vendor.ID,
	}).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"vendorId": "not_allowed"}, bad.fields())
	w.admin(http.MethodGet, base, nil).into(t, http.StatusOK, &vendor)
	require.Equal(t, []int64{id}, vendor.Providers)
	w.admin(http.MethodDelete, base, nil).refused(t, http.StatusConflict, "resource.conflict")

	w.admin(http.MethodPatch, fmt.Sprintf("/api/v1/providers/%d", id), `{"vendorId":null}`).into(t, http.StatusOK, &struct{}{})
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, endpoint, nil).status)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, base, nil).status)
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/provider-endpoints/%d/breaker", second.ID), nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestProvidersAreClusteredByDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, url := range []string{"https://api.acme.example", "https://eu.acme.example", "https://shop.co.uk", "https://api.shop.co.uk", "https://10.1.2.3"} {
		w.addProvider(fmt.Sprint("p", i), map[string]any{"url": url})
	}
	for _, want := range [][3]int{{3, 5, 5}, {0, 0, 0}} {
		var got struct{ VendorsCreated, ProvidersMoved, EndpointsCreated int }
		w.admin(http.MethodPost, "/api/v1/provider-vendors/recluster", nil).into(t, http.StatusOK, &got)
		require.Equal(t, want, [3]int{got.VendorsCreated, got.ProvidersMoved, got.EndpointsCreated})
	}
	var list struct {
		Items []struct {
			WebsiteDomain string
			Providers     []int64
		}
	}
	w.admin(http.MethodGet, "/api/v1/provider-vendors", nil).into(t, http.StatusOK, &list)
	domains := map[string]int{}
	for _, v := range list.Items {
		domains[v.WebsiteDomain] = len(v.Providers)
	}
	require.Equal(t, map[string]int{"acme.example": 2, "shop.co.uk": 2, "10.1.2.3": 1}, domains)
}

func TestEndpointsAreProbedAndTheirBreakersSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.admin(http.MethodPost, "/api/v1/provider-vendors", `{"websiteDomain":"acme.example"}`).into(t, http.StatusCreated, &struct{}{})
	var e endpointAnswer
	w.admin(http.MethodPost, "/api/v1/provider-vendors/1/endpoints", `{"type":"codex","url":"https://acme.example"}`).into(t, http.StatusCreated, &e)
	for range 2 {
		w.admin(http.MethodPost, "/api/v1/provider-endpoints/1/probe", nil).into(t, http.StatusOK, &struct{}{})
	}
	var list struct{ Items []endpointAnswer }
	w.admin(http.MethodGet, "/api/v1/provider-vendors/1/endpoints?type=codex", nil).into(t, http.StatusOK, &list)
	require.True(t, list.Items[0].LastProbe.OK)
	require.EqualValues(t, 12, list.Items[0].LastProbe.LatencyMs)
	var page struct {
		Items      []struct{ ID, Source string }
		NextCursor *string
	}
	w.admin(http.MethodGet, "/api/v1/provider-endpoints/1/probe-logs?limit=1", nil).into(t, http.StatusOK, &page)
	require.Equal(t, "2", page.Items[0].ID)
	require.Equal(t, "manual", page.Items[0].Source)
	w.admin(http.MethodGet, "/api/v1/provider-endpoints/1/probe-logs?cursor="+*page.NextCursor, nil).into(t, http.StatusOK, &page)
	require.Equal(t, "1", page.Items[0].ID)

	var state struct{ State string }
	w.admin(http.MethodPost, "/api/v1/provider-endpoints/1/breaker/open", nil).into(t, http.StatusOK, &state)
	require.Equal(t, "open", state.State)
	w.admin(http.MethodPost, "/api/v1/provider-endpoints/breaker/reset", `{"ids":[1,99]}`).into(t, http.StatusOK, &struct{}{})
	w.admin(http.MethodPost, "/api/v1/provider-vendors/1/breaker", `{"type":"codex","action":"open"}`).into(t, http.StatusOK, &state)
	require.Equal(t, "open", state.State)
	pool := domain.PoolKey{Vendor: 1, Type: domain.TypeCodex}
	require.Equal(t, []protocol.PoolSet{
		{Pool: pool, Endpoint: 1, Action: protocol.BreakerTrip, Actor: "Admin Token"},
		{Pool: pool, Endpoint: 1, Action: protocol.BreakerReset, Actor: "Admin Token"},
		{Pool: pool, Action: protocol.BreakerTrip, Actor: "Admin Token"},
	}, w.actors.pools)
}
