import { isApiError, type InvalidParam } from '@/api/error';

/** "operations", 2, "path" as "[2].path": where in a field it is. */
function within(path: InvalidParam['path']): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('').replace(/^\./, '');
}

/** Messages of a refused write, by the member of the body that each is about. */
export function fieldErrors(error: unknown): Record<string, string> {
  const errors: Record<string, string> = {};
  if (!isApiError(error, 400)) return errors;
  for (const { path, message, code } of error.invalidParams) {
    const [name, ...rest] = path;
    if (typeof name !== 'string') continue;
    const text = [within(rest), message ?? code].filter(Boolean).join(' ');
    errors[name] = errors[name] === undefined ? text : `${errors[name]}; ${text}`;
  }
  return errors;
}
