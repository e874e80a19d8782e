import { textParam, withoutUndefined } from './search';

/** The URL state of the entity lists: a text, one state, and which form is open. */
export interface ListSearch {
  q?: string;
  state?: string;
  type?: string;
  group?: string;
  /** "new", or the id of the entity whose form is open. */
  edit?: string;
  /** Which kind of thing `edit` names, where a page has two. */
  of?: string;
  /** Where saving leads back to: "setup". */
  back?: string;
}

const names = ['q', 'state', 'type', 'group', 'edit', 'of', 'back'] as const;

export function readListSearch(search: Record<string, unknown>): ListSearch {
  return withoutUndefined(Object.fromEntries(names.map((name) => [name, textParam(search[name])])));
}
