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

/** A relative path inside this site, or undefined: never "//host" or "/\host". */
export function safeNext(next: string | undefined): string | undefined {
  if (next === undefined || !next.startsWith('/') || /^\/[/\\]/.test(next)) return undefined;
  return next;
}
