/** What holds for a key and its user together. Pure. */

/** When the first of them ends; undefined if none does. */
export function firstExpiry(...ends: (string | null | undefined)[]): string | undefined {
  return ends.filter((end): end is string => !!end).sort((a, b) => Date.parse(a) - Date.parse(b))[0];
}

interface Grouped {
  groups: string[];
}

/** The groups whose providers serve a key: its own, else its user's, else the default one. */
export function groupsOf(user: Grouped, key: Grouped | null): string[] {
  if (key && key.groups.length > 0) return key.groups;
  return user.groups.length > 0 ? user.groups : ['default'];
}
