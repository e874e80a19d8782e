/** Which of one's own requests are listed. Pure. */
import type { OwnLogFilter } from '@/api/queries';
import type { MeSearch, Span } from './search';

/** The search as the API asks for it; a key narrows it down to its own requests. */
export function ownLogFilter(search: Pick<MeSearch, 'model' | 'status'>, span: Span, keyId: number | undefined): NonNullable<OwnLogFilter> {
  return { from: span.from, keyId, model: search.model, statusCode: search.status };
}

/** What a filter may be given: what occurs, and what is chosen though it does not. */
export function choicesWith(list: readonly string[], chosen: string | undefined): string[] {
  return chosen === undefined || list.includes(chosen) ? [...list] : [...list, chosen];
}
