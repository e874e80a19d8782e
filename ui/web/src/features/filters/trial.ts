/** The request on which a filter is tried. */
import { isObject, parseJson, prettyJson } from '@/lib/json';

/** A request of Claude Code, in short. */
export const exampleBody = prettyJson({
  model: 'claude-sonnet-5',
  max_tokens: 1024,
  system: 'You are a coding agent.',
  messages: [{ role: 'user', content: 'My key is sk-ant-0123456789abcdefghij, is it valid?' }],
});

export const exampleHeaders = 'User-Agent: claude-cli/2.1.197 (external, cli)\nX-App: cli';

/** Lines "Name: value" as the headers of a request; undefined where a line is none. */
export function readHeaders(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const [, name, value] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    headers[name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())] = value;
  }
  return headers;
}

/** Headers as lines, in the order of their names. */
export function headerLines(headers: Record<string, string>): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`).sort().join('\n');
}

export function readBody(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}
