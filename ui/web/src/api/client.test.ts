import { afterEach, expect, it, vi } from 'vitest';
import { call, resetCsrf } from './client';

interface Seen {
  url: string;
  method: string;
  body: unknown;
  token: string | null;
  match: string | null;
}

/** Answers like the API and notes every request. */
function server(answers: (seen: Seen) => Response): Seen[] {
  const seen: Seen[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const headers = init.headers as Headers;
    const body = init.body == null ? undefined : (JSON.parse(init.body as string) as unknown);
    const one = { url, method: init.method ?? '', body, token: headers.get('X-CSRF-Token'), match: headers.get('If-Match') };
    seen.push(one);
    return Promise.resolve(one.url.endsWith('/auth/csrf') ? Response.json({ csrfToken: `t${seen.length}` }) : answers(one));
  });
  return seen;
}

afterEach(() => {
  vi.unstubAllGlobals();
  resetCsrf();
});

it('fills in a path and joins the lists of a query', async () => {
  const seen = server(() => Response.json({ items: [] }));
  await call('GET', '/usage-logs/{id}', { params: { id: 'a/b c' } });
  await call('GET', '/limit-usage', { query: { scope: 'key', ids: [3, 4], cursor: undefined } });
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /api/v1/usage-logs/a%2Fb%20c', 'GET /api/v1/limit-usage?scope=key&ids=3%2C4']);
});

it('guards a change by token and version', async () => {
  const seen = server(() => Response.json({}));
  await call('PATCH', '/users/{id}', { params: { id: 7 }, body: { name: 'a' }, version: 3 });
  expect(seen.at(-1)).toEqual({ url: '/api/v1/users/7', method: 'PATCH', body: { name: 'a' }, token: 't1', match: '"3"' });
});

it('fetches a new token once when the old one is refused', async () => {
  const seen = server(({ token }) => (token === 't1' ? Response.json({ errorCode: 'auth.csrf_invalid' }, { status: 403, headers: { 'Content-Type': 'application/problem+json' } }) : new Response(null, { status: 204 })));
  await call('DELETE', '/keys/{id}', { params: { id: 1 } });
  expect(seen.filter(({ method }) => method === 'DELETE').map(({ token }) => token)).toEqual(['t1', 't3']);
});

it('does not compile against what the API lacks', () => {
  const wrong = () => [
    // @ts-expect-error there is no such path
    call('GET', '/nobody'),
    // @ts-expect-error the path has no such method
    call('DELETE', '/usage-logs'),
    // @ts-expect-error the path needs its id
    call('GET', '/providers/{id}'),
    // @ts-expect-error the filter is unknown
    call('GET', '/usage-logs', { query: { colour: 'red' } }),
    // @ts-expect-error a key has a name
    call('POST', '/users/{id}/keys', { params: { id: 1 }, body: {} }),
    // @ts-expect-error the dial has no such setting
    call('PUT', '/setup/demo/behaviour', { body: { mode: 'tired' } }),
  ];
  expect(wrong).toBeTypeOf('function');
});
