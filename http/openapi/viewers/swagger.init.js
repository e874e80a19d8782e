// Swagger UI over the document beside this page. A signed-in browser may try
// operations out: changes then need the token that guards against forgery.
window.ui = SwaggerUIBundle({
	url: 'openapi.json',
	dom_id: '#reference',
	deepLinking: true,
	validatorUrl: null,
	docExpansion: 'list',
	defaultModelsExpandDepth: 0,
	filter: true,
	persistAuthorization: false,
	requestInterceptor: async (request) => {
		if (request.loadSpec || request.method === 'GET' || request.headers.Authorization) return request;
		const answer = await fetch('/api/v1/auth/csrf');
		if (answer.ok) request.headers['X-CSRF-Token'] = (await answer.json()).csrfToken;
		return request;
	},
});
