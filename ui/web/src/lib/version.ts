import { useSyncExternalStore } from 'react';
import { boot } from '@/boot';

let newer = false;
const listeners = new Set<() => void>();

/** Remembers that the server runs another build than the one this page came from. */
export function noteServerVersion(version: string): void {
  if (newer || boot.version === '' || version === boot.version) return;
  newer = true;
  listeners.forEach((notify) => notify());
}

export function useNewVersion(): boolean {
  return useSyncExternalStore(
    (notify) => {
      listeners.add(notify);
      return () => listeners.delete(notify);
    },
    () => newer,
  );
}

/** Reloads after a failed lazy import; a second failure within a minute is left to be seen. */
export function reloadOnceForChunk(): void {
  try {
    const last = Number(sessionStorage.getItem('cch.chunkReload') ?? 0);
    if (Date.now() - last < 60_000) return;
    sessionStorage.setItem('cch.chunkReload', String(Date.now()));
    window.location.reload();
  } catch {
    // Without session storage a reload could loop.
  }
}
