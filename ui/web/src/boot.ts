/** What the server writes into the page before any script runs. All of it is public. */
export interface Boot {
  basePath: string;
  version: string;
  title: string;
  origin?: string;
  timezone?: string;
  locale?: string;
  currency?: string;
  setup: boolean;
}

declare global {
  interface Window {
    __BOOT__?: Partial<Boot>;
  }
}

const defaults: Boot = { basePath: '/', version: '', title: 'Claude Code Hub', setup: false };

/** Reads the boot data; a page served without any (the dev server) gets defaults. */
export function readBoot(given: Partial<Boot> | undefined): Boot {
  const boot = { ...defaults };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (value !== '') Object.assign(boot, { [key]: value });
  }
  return boot;
}

export const boot: Boot = readBoot(typeof window === 'undefined' ? undefined : window.__BOOT__);

/** The address clients are told to use: the configured public origin, else the page's own. */
export function publicOrigin(): string {
  const origin = boot.origin ?? window.location.origin;
  return (origin + boot.basePath).replace(/\/+$/, '');
}
