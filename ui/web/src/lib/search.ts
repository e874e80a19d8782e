/**
 * Search parameters as plain text. The router's default writes JSON, which puts
 * quotes around "200"; a URL that people share should read like one they typed.
 */

export type RawSearch = Record<string, string>;

export function parseSearch(text: string): RawSearch {
  const result: RawSearch = {};
  for (const [name, value] of new URLSearchParams(text)) result[name] = value;
  return result;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value === true) params.set(name, '1');
    else if ((typeof value === 'string' && value !== '') || typeof value === 'number') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** A parameter that is a text; blank ones count as left out. */
export function textParam(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Without the names of which nothing is said, so that they are no part of an address. */
export function withoutUndefined<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

/** A relative path inside this site, or undefined: never "//host" or "/\host". */
export function safeNext(next: string | undefined): string | undefined {
  if (next === undefined || !next.startsWith('/') || /^\/[/\\]/.test(next)) return undefined;
  return next;
}
