// A stand-in for the management API, for work on the look of pages without a
// server. Development only: nothing here is built or shipped.
//
//   npm run build && node dev/mock.mjs        serves the built dashboard on a free port
//   MOCK=empty node dev/mock.mjs              an installation without anything
//   MOCK=user|reader node dev/mock.mjs        signed in with a key
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boardOf } from './board.mjs';
import { filters, groups } from './filters.mjs';
import { chainOf, makeLogs, providers, health, sessions, users, usageOf } from './fixtures.mjs';
import { own, ownAnswer } from './own.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const empty = process.env.MOCK === 'empty';
const types = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.html': 'text/html' };
const logs = empty ? [] : makeLogs(400);
const role = ['user', 'reader'].includes(process.env.MOCK) ? process.env.MOCK : 'admin';
const me = role === 'admin' ? { user: { id: -1, name: 'Admin Token', role: 'admin' }, key: null, role: 'admin', permissions: [], expiresAt: null } : own(role);

function json(response, status, body) {
  response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', 'X-App-Version': '1.0.0' });
  response.end(JSON.stringify(body));
}

const problem = (response, status, errorCode) => json(response, status, { title: errorCode, status, errorCode, detail: errorCode, requestId: 'req_01MOCK' });
const list = (items) => ({ items, nextCursor: null });

function listLogs(query) {
  let found = logs;
  if (query.get('errorsOnly')) found = found.filter((log) => log.statusCode >= 400);
  if (query.get('minAttempts')) found = found.filter((log) => log.attempts > 1);
  if (query.get('sessionId')) found = found.filter((log) => log.sessionId.startsWith(query.get('sessionId')));
  if (query.get('providerId')) found = found.filter((log) => String(log.providerId) === query.get('providerId'));
  const start = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 20);
  return { items: found.slice(start, start + limit), nextCursor: start + limit < found.length ? String(start + limit) : null };
}

function api(request, response, path, query) {
  if (path === '/auth/login') return json(response, 200, { user: me.user, loginType: 'admin', redirectTo: '/dashboard' });
  if (path === '/auth/me') return process.env.MOCK === 'guest' ? problem(response, 401, 'auth.missing') : json(response, 200, me);
  const mine = role !== 'admin' && ownAnswer(path, query, role);
  if (mine) return json(response, 200, mine);
  if (path === '/auth/csrf') return json(response, 200, { csrfToken: 'mock' });
  if (path === '/health') return json(response, 200, { status: 'healthy', components: { database: { status: 'up' }, redis: { status: 'unchecked' } } });
  if (path === '/providers/health') return json(response, 200, list(empty ? [] : health));
  if (path === '/providers') return json(response, 200, list(empty ? [] : providers));
  if (path === '/provider-groups') return json(response, 200, list(groups));
  if (path === '/request-filters') return json(response, 200, list(empty ? [] : filters));
  if (path === '/request-filters/test') return json(response, 200, { body: {}, headers: {}, changed: false, failed: false });
  if (path === '/users') return json(response, 200, list(empty ? [] : users));
  if (path === '/leaderboard') return json(response, 200, boardOf(query, empty));
  if (path === '/sessions') return json(response, 200, list(empty ? [] : sessions));
  if (path === '/usage-logs') return json(response, 200, listLogs(query));
  const one = /^\/usage-logs\/(.+)$/.exec(path);
  const log = one && logs.find((candidate) => candidate.id === one[1] || candidate.requestId === one[1]);
  if (log) return json(response, 200, { ...log, decisionChain: chainOf(log) });
  if (path === '/limit-usage') {
    return json(response, 200, list(query.get('ids').split(',').map((id) => usageOf(query.get('scope') === 'key' ? 'keys' : 'users', Number(id)))));
  }
  if (/\/test$/.test(path)) return json(response, 200, { status: 'green', subStatus: 'success', httpStatus: 200, latencyMs: 840, firstByteMs: 310, model: 'claude-haiku-4-5', content: 'pong', attempts: [] });
  return problem(response, 404, 'resource.not_found');
}

function page(response) {
  const boot = { basePath: '/', version: '1.0.0', title: 'Claude Code Hub', setup: empty, timezone: 'UTC' };
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
    .replace('<!--base-->', '<base href="/">')
    .replace('/*boot*/', `window.__BOOT__=${JSON.stringify(boot)};`);
  response.writeHead(200, { 'Content-Type': 'text/html' });
  response.end(html);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname.startsWith('/api/v1/')) return api(request, response, url.pathname.slice(7), url.searchParams);
  const file = join(dist, url.pathname);
  if (url.pathname !== '/' && file.startsWith(dist) && existsSync(file) && statSync(file).isFile()) {
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    return createReadStream(file).pipe(response);
  }
  return page(response);
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
