/** Where a new installation stands. Pure. */
export type StepKey = 'upstream' | 'key' | 'request' | 'route';

export interface Facts {
  providers: number;
  keys: number;
  requests: number;
  /** A request made from this page was answered. */
  answered: boolean;
  /** Somebody looked at a route before, as the server remembers. */
  routeSeen?: boolean;
}

export interface Step {
  key: StepKey;
  state: 'done' | 'now' | 'next';
}

const order: StepKey[] = ['upstream', 'key', 'request', 'route'];

/** The first step that is not done is the present one; later ones wait, even if done by chance. */
export function steps(facts: Facts): Step[] {
  const done: Record<StepKey, boolean> = {
    upstream: facts.providers > 0,
    key: facts.keys > 0,
    request: facts.answered || facts.requests > 0,
    route: facts.answered || (facts.routeSeen ?? false),
  };
  const now = order.find((key) => !done[key]);
  const at = now === undefined ? order.length : order.indexOf(now);
  return order.map((key, i) => ({ key, state: i < at ? 'done' : i === at ? 'now' : 'next' }));
}

/** Whether the overview should be the first steps: nothing works yet, and nobody hid them. */
export function showFirstRun(facts: { providers: number; keys: number; requests: number | undefined; dismissed: boolean }): boolean {
  if (facts.providers === 0) return true;
  if (facts.dismissed) return false;
  return facts.requests === undefined ? facts.keys === 0 : facts.requests === 0;
}
