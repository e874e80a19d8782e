// Scalar over the document beside this page, with everything off that would
// call another host: fonts, telemetry, its proxy, its assistant and its tools.
Scalar.createApiReference('#reference', {
	url: 'openapi.json',
	withDefaultFonts: false,
	telemetry: false,
	hideClientButton: true,
	showDeveloperTools: 'never',
	agent: { disabled: true },
	mcp: { disabled: true },
	customCss: ':root { --scalar-font: system-ui, sans-serif; --scalar-font-code: ui-monospace, monospace; }',
	// A signed-in browser may try operations out: changes then need the token
	// that guards against forgery.
	onBeforeRequest: async ({ requestBuilder }) => {
		if (requestBuilder.method === 'GET' || requestBuilder.headers.has('Authorization')) return;
		const answer = await fetch('/api/v1/auth/csrf');
		if (answer.ok) requestBuilder.headers.set('X-CSRF-Token', (await answer.json()).csrfToken);
	},
});
