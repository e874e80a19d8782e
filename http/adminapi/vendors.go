package adminapi

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareVendors() {
	tags := []string{"Vendors and endpoints"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listVendors", Method: http.MethodGet, Path: "/provider-vendors", Tags: tags, Summary: "List vendors",
	}, a.listVendors)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createVendor", Method: http.MethodPost, Path: "/provider-vendors", Tags: tags, Summary: "Create a vendor",
		DefaultStatus: http.StatusCreated,
	}, a.createVendor)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "reclusterVendors", Method: http.MethodPost, Path: "/provider-vendors/recluster", Tags: tags,
		Summary:     "Give every provider without a vendor the one of its domain",
		Description: "Vendors that are missing are created, and the providers' URLs become endpoints. Providers of one vendor and type are then called at any of them.",
	}, a.reclusterVendors)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getVendor", Method: http.MethodGet, Path: "/provider-vendors/{id}", Tags: tags, Summary: "Read a vendor",
	}, a.getVendor)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateVendor", Method: http.MethodPatch, Path: "/provider-vendors/{id}", Tags: tags, Summary: "Change a vendor",
	}, a.updateVendor)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteVendor", Method: http.MethodDelete, Path: "/provider-vendors/{id}", Tags: tags,
		Summary: "Delete a vendor without providers, and its endpoints", DefaultStatus: http.StatusNoContent,
	}, a.deleteVendor)
}

type vendorBody struct {
	ID            int64   `json:"id"`
	Version       int     `json:"version"`
	WebsiteDomain string  `json:"websiteDomain"`
	DisplayName   *string `json:"displayName"`
	WebsiteURL    *string `json:"websiteUrl"`
	FaviconURL    *string `json:"faviconUrl"`
	Providers     []int64 `json:"providers"`
}

func (a *API) showVendor(v *domain.Vendor) vendorBody {
	b := vendorBody{
		ID: int64(v.ID), Version: v.Version, WebsiteDomain: v.Domain, DisplayName: optional(v.DisplayName),
		WebsiteURL: optional(v.WebsiteURL), FaviconURL: optional(v.FaviconURL), Providers: []int64{},
	}
	for _, p := range a.Catalog.Current().Providers() {
		if p.VendorID == v.ID {
			b.Providers = append(b.Providers, int64(p.ID))
		}
	}
	return b
}

// VendorFields are what can be said about a vendor beside its domain.
type VendorFields struct {
	DisplayName field[string] `json:"displayName,omitzero" maxLength:"200"`
	WebsiteURL  field[string] `json:"websiteUrl,omitzero"  maxLength:"255" pattern:"^https?://" patternDescription:"an http or https URL"`
	FaviconURL  field[string] `json:"faviconUrl,omitzero"  maxLength:"255" pattern:"^https?://" patternDescription:"an http or https URL"`
}

func (f *VendorFields) apply(v *domain.Vendor) {
	f.DisplayName.to(&v.DisplayName, "")
	f.WebsiteURL.to(&v.WebsiteURL, "")
	f.FaviconURL.to(&v.FaviconURL, "")
}

func (a *API) listVendors(ctx context.Context, in *PageInput) (*listOutput[vendorBody], error) {
	vendors, err := a.Stores.Vendors.List(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(vendors, *in, false, func(v *domain.Vendor) string { return idKey(v.ID) }, a.showVendor)
}

type createVendorInput struct {
	Body struct {
		WebsiteDomain string `json:"websiteDomain" minLength:"1" maxLength:"255" doc:"endpoints and providers of the vendor are on its hosts"`
		VendorFields
	}
}

func (a *API) createVendor(ctx context.Context, in *createVendorInput) (*output[vendorBody], error) {
	v := domain.Vendor{Domain: strings.ToLower(strings.TrimSpace(in.Body.WebsiteDomain))}
	in.Body.apply(&v)
	if u, err := url.Parse("https://" + v.Domain); err != nil || u.Hostname() != strings.Trim(v.Domain, "[]") || u.Path != "" {
		var wrong faults
		wrong.add("invalid_format", "is not the name of a domain", "websiteDomain")
		return nil, wrong.err()
	}
	created, version, err := a.Stores.Vendors.Create(ctx, v)
	if err != nil {
		return nil, taken(err, "websiteDomain")
	}
	a.settled(ctx, version)
	return &output[vendorBody]{ETag: etag(created.Version), Body: a.showVendor(&created)}, nil
}

// VendorIDInput names a vendor in the path.
type VendorIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getVendor(ctx context.Context, in *VendorIDInput) (*output[vendorBody], error) {
	v, err := a.Stores.Vendors.Get(ctx, domain.VendorID(in.ID))
	if err != nil {
		return nil, err
	}
	return &output[vendorBody]{ETag: etag(v.Version), Body: a.showVendor(&v)}, nil
}

type updateVendorInput struct {
	VendorIDInput
	VersionInput
	Body VendorFields
}

func (a *API) updateVendor(ctx context.Context, in *updateVendorInput) (*output[vendorBody], error) {
	e := edit[domain.VendorID, domain.Vendor, vendorBody]{
		repo:    a.Stores.Vendors,
		version: func(v *domain.Vendor) int { return v.Version },
		show:    a.showVendor,
		apply: func(_ context.Context, v *domain.Vendor) error {
			in.Body.apply(v)
			return nil
		},
	}
	return e.run(ctx, a, domain.VendorID(in.ID), in.VersionInput)
}

type deleteVendorInput struct {
	VendorIDInput
	VersionInput
}

func (a *API) deleteVendor(ctx context.Context, in *deleteVendorInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.Vendors, domain.VendorID(in.ID), in.VersionInput)
}

type reclusterOutput struct {
	Body struct {
		VendorsCreated   int `json:"vendorsCreated"`
		ProvidersMoved   int `json:"providersMoved"`
		EndpointsCreated int `json:"endpointsCreated"`
	}
}

func (a *API) reclusterVendors(ctx context.Context, _ *struct{}) (*reclusterOutput, error) {
	providers, err := a.Stores.Providers.List(ctx)
	if err != nil {
		return nil, err
	}
	vendors, err := a.Stores.Vendors.List(ctx)
	if err != nil {
		return nil, err
	}
	endpoints, err := a.Stores.Endpoints.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &reclusterOutput{}
	for _, p := range providers {
		if p.VendorID != 0 || p.IsDemo() {
			continue
		}
		name := websiteDomain(p.URL)
		i := slices.IndexFunc(vendors, func(v domain.Vendor) bool { return v.Domain == name })
		if i < 0 {
			v, _, err := a.Stores.Vendors.Create(ctx, domain.Vendor{Domain: name})
			if err != nil {
				return nil, err
			}
			vendors, i = append(vendors, v), len(vendors)
			out.Body.VendorsCreated++
		}
		p.VendorID = vendors[i].ID
		e := domain.Endpoint{VendorID: p.VendorID, Type: p.Type, URL: p.URL, Enabled: true}
		if !slices.ContainsFunc(endpoints, func(x domain.Endpoint) bool { return x.Pool() == e.Pool() && x.URL == e.URL }) {
			made, _, err := a.Stores.Endpoints.Create(ctx, e)
			if err != nil {
				return nil, err
			}
			endpoints = append(endpoints, made)
			out.Body.EndpointsCreated++
		}
		_, version, err := a.Stores.Providers.Update(ctx, p, p.Version)
		if err != nil {
			return nil, err
		}
		a.settled(ctx, version)
		out.Body.ProvidersMoved++
	}
	return out, nil
}

// websiteDomain is what the hosts of one vendor have in common: the last two
// labels of a name, three where the second last says little, as in example.co.uk.
func websiteDomain(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	labels := strings.Split(host, ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 &&
		slices.Contains([]string{"ac", "co", "com", "edu", "gov", "net", "org"}, labels[len(labels)-2]) {
		n = 3
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// within tells whether a URL's host belongs to a vendor's domain.
func within(raw, domainName string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == domainName || strings.HasSuffix(host, "."+domainName)
}
