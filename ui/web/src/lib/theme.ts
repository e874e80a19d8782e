import { useSyncExternalStore } from 'react';
import { load, save } from './storage';

export type Theme = 'system' | 'light' | 'dark';

const listeners = new Set<() => void>();

function current(): Theme {
  const stored = load('theme');
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

let theme: Theme = typeof window === 'undefined' ? 'system' : current();

/** Applies and remembers a theme. "system" leaves the choice to the media query. */
export function setTheme(next: Theme): void {
  theme = next;
  save('theme', next === 'system' ? null : next);
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  listeners.forEach((notify) => notify());
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (notify) => {
      listeners.add(notify);
      return () => listeners.delete(notify);
    },
    () => theme,
  );
}
