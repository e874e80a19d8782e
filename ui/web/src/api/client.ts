/**
 * The only place that talks to the management API: base path, CSRF token,
 * problem bodies, version of the server. Which paths exist, what they take and
 * what they answer is known from the API's own document (schema.d.ts), so a
 * wrong path, field or value does not compile.
 */
import { boot } from '@/boot';
import { ApiError, readProblem } from './error';
import type { paths } from './schema';
import type { Answer, Sent } from './types';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Record<string, string | number | boolean | readonly (string | number)[] | undefined | null>;

/** The paths below /api/v1 that have the method, with names in braces: "/providers/{id}". */
export type Route<M extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<Lowercase<M>, { responses: unknown }> ? (Path extends `/api/v1${infer Rest}` ? Rest : never) : never;
}[keyof paths];

type Operation<M extends Method, R extends string> = `/api/v1${R}` extends infer Path extends keyof paths ? paths[Path][Lowercase<M> & keyof paths[Path]] : never;

type JSONBody<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined;
type Success = 200 | 201 | 202 | 204;

/** What an operation answers with. */
export type Result<M extends Method, R extends Route<M>> = Operation<M, R> extends { responses: infer Responses } ? Answer<JSONBody<Responses[keyof Responses & Success]>> : never;

/** The query an operation takes. */
export type QueryOf<M extends Method, R extends Route<M>> = Operation<M, R> extends { parameters: { query?: infer Q } } ? Q : never;

// Each operation by itself: the parts of all of them together would be combined with one another.
type Needs<O> = O extends unknown ? PathOf<O> & SearchOf<O> & BodyOf<O> : never;
type PathOf<O> = O extends { parameters: { path: infer Params } } ? { params: Params } : { params?: never };
type SearchOf<O> = O extends { parameters: { query?: infer Q } } ? { query?: Q } : { query?: never };
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer Body } } }
  ? { body: Sent<Body> }
  : O extends { requestBody?: { content: { 'application/json': infer Body } } }
    ? { body?: Sent<Body> }
    : { body?: never };

export type CallOptions<M extends Method, R extends Route<M>> = Needs<Operation<M, R>> & Conditions;

interface Conditions {
  /** Entity version for If-Match: a stale write is refused instead of overwriting. */
  version?: number;
  signal?: AbortSignal;
}

/** The options of any call, after the compiler looked at those of its operation. */
interface AnyOptions extends Conditions {
  params?: Record<string, string | number>;
  query?: Query;
  body?: unknown;
  /** Bytes that go out as they are, instead of a body. */
  file?: Blob;
}

type Listener<T> = (value: T) => void;

let csrfToken: string | undefined;
let onUnauthorized: Listener<void> = () => undefined;
let onVersion: Listener<string> = () => undefined;

/** Called once per refused session, from the app. */
export function setUnauthorizedHandler(handler: () => void): void {
  onUnauthorized = handler;
}

/** Called with the server's build version on every answer. */
export function setVersionHandler(handler: Listener<string>): void {
  onVersion = handler;
}

/** Forgets the CSRF token; it belongs to one session. */
export function resetCsrf(): void {
  csrfToken = undefined;
}

export function apiUrl(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value)); // a list is joined by commas
  }
  const suffix = params.size > 0 ? `?${params.toString()}` : '';
  return `${boot.basePath}api/v1${path}${suffix}`;
}

async function csrf(): Promise<string> {
  csrfToken ??= (await send<Result<'GET', '/auth/csrf'>>('GET', '/auth/csrf', {})).csrfToken;
  return csrfToken;
}

function fillIn(path: string, params: Record<string, string | number> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

async function send<T>(method: Method, path: string, options: AnyOptions, token?: string): Promise<T> {
  const headers = new Headers({ Accept: 'application/json' });
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  if (options.file !== undefined) headers.set('Content-Type', 'application/octet-stream');
  if (options.version !== undefined) headers.set('If-Match', `"${options.version}"`);
  if (token !== undefined) headers.set('X-CSRF-Token', token);
  let response: Response;
  try {
    response = await fetch(apiUrl(fillIn(path, options.params), options.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: options.file ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, { errorCode: 'network.unreachable', detail: 'The server did not answer.' });
  }
  const version = response.headers.get('X-App-Version');
  if (version) onVersion(version);
  if (!response.ok) throw await readProblem(response);
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T;
  return (await response.json()) as T;
}

/** Makes one call. Throws ApiError; a refused session is reported to the app first. */
export async function call<M extends Method, R extends Route<M>>(
  method: M,
  path: R,
  ...[given]: object extends CallOptions<M, R> ? [options?: CallOptions<M, R>] : [options: CallOptions<M, R>]
): Promise<Result<M, R>> {
  return guardedSend(method, path, (given as AnyOptions | undefined) ?? {});
}

/** Sends a file to an operation that takes one. */
export async function upload<R extends Route<'POST'>>(path: R, file: Blob, query?: QueryOf<'POST', R>): Promise<Result<'POST', R>> {
  return guardedSend('POST', path, { file, query: query as Query | undefined });
}

async function guardedSend<M extends Method, R extends Route<M>>(method: M, path: R, options: AnyOptions): Promise<Result<M, R>> {
  const url: string = path;
  const guarded = method !== 'GET' && url !== '/auth/login';
  try {
    return await send<Result<M, R>>(method, url, options, guarded ? await csrf() : undefined);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 403 && error.code === 'auth.csrf_invalid' && guarded) {
      resetCsrf(); // it lives an hour; one fresh try
      return send<Result<M, R>>(method, url, options, await csrf());
    }
    if (error.status === 401 && url !== '/auth/login') onUnauthorized();
    throw error;
  }
}
