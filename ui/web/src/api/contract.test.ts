import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const document = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8')) as { paths: Record<string, Record<string, unknown>> };
const source = ['queries.ts', 'mutations.ts'].map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');

/** Resources an older or trimmed server may lack: the client shows nothing for their 404. */
const optional = /^\/setup\//;

const generic = (path: string) => path.replace(/\$\{[^}]*\}/g, '{}').replace(/\{[^}]*\}/g, '{}');
const known = new Set(
  Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${generic(path.replace('/api/v1', ''))}`)),
);

it('every call of the client is an operation of the API', () => {
  const calls = [...source.matchAll(/call(?:<[^(]*>)?\(\s*'(GET|POST|PUT|PATCH|DELETE)',\s*['`]([^'`]+)['`]/g)].map((match) => [match[1]!, match[2]!] as const);
  const lists = [...source.matchAll(/\b(?:all|optional)<[^(]*>\(\s*['`]([^'`]+)['`]/g)].map((match) => ['GET', match[1]!] as const);
  expect(calls.length).toBeGreaterThan(20);
  const unknown = [...calls, ...lists].filter(([, path]) => !optional.test(path)).map(([method, path]) => `${method} ${generic(path)}`).filter((operation) => !known.has(operation));
  expect(unknown).toEqual([]);
});
