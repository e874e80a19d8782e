/**
 * The only place that talks to the management API: base path, CSRF token,
 * problem bodies, version of the server. Generated types can replace types.ts
 * without touching it.
 */
import { boot } from '@/boot';
import { ApiError, readProblem } from './error';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Record<string, string | number | boolean | undefined | null>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  /** Entity version for If-Match: a stale write is refused instead of overwriting. */
  version?: number;
  signal?: AbortSignal;
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
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const suffix = params.size > 0 ? `?${params.toString()}` : '';
  return `${boot.basePath}api/v1${path}${suffix}`;
}

async function csrf(): Promise<string> {
  if (csrfToken === undefined) {
    const answer = await send<Record<string, string>>('GET', '/auth/csrf', {});
    csrfToken = answer.csrfToken ?? answer.token ?? '';
  }
  return csrfToken;
}

async function send<T>(method: Method, path: string, options: CallOptions, token?: string): Promise<T> {
  const headers = new Headers({ Accept: 'application/json' });
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  if (options.version !== undefined) headers.set('If-Match', `"${options.version}"`);
  if (token !== undefined) headers.set('X-CSRF-Token', token);
  let response: Response;
  try {
    response = await fetch(apiUrl(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
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
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const guarded = method !== 'GET' && path !== '/auth/login';
  try {
    return await send<T>(method, path, options, guarded ? await csrf() : undefined);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 403 && error.code === 'auth.csrf_invalid' && guarded) {
      resetCsrf(); // it lives an hour; one fresh try
      return send<T>(method, path, options, await csrf());
    }
    if (error.status === 401 && path !== '/auth/login') onUnauthorized();
    throw error;
  }
}
