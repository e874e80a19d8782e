// The browser and its pages, shared by all scripts here.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const candidates = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Starts the Chromium of the system; nothing is downloaded. */
export function launch() {
  const executablePath = candidates.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium found: install the package chromium or set CHROMIUM_PATH');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

/** A page that notes everything a user should never cause: console errors, exceptions, calls to other hosts. */
export async function openPage(browser, { theme = 'light', size = 'desktop', storageState, origin } = {}) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, storageState, bypassCSP: false, locale: 'en-GB', timezoneId: 'UTC' });
  await context.addInitScript((chosen) => localStorage.setItem('cch.theme', chosen), theme);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    // The browser itself reports every 4xx as a console error; those are part of some journeys.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (origin && !request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) faults.push(`foreign request: ${request.url()}`);
  });
  return { context, page, faults };
}

/** Runs axe in the page's isolated world, which the content security policy does not bind. */
export async function axeViolations(page) {
  const source = (await import('node:fs')).readFileSync(axePath, 'utf8');
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send('Page.getFrameTree');
  const { executionContextId } = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
  await client.send('Runtime.evaluate', { expression: source, contextId: executionContextId });
  const { result, exceptionDetails } = await client.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')) }))))`,
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await client.detach();
  if (exceptionDetails) throw new Error(`axe failed: ${exceptionDetails.text}`);
  return JSON.parse(result.value);
}

/** How many pixels the page is wider than the window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** Waits until the page shows data instead of bars and nothing moves any more. */
export async function settle(page) {
  await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
  // The gallery shows loading bars for good.
  if (!page.url().endsWith('/__ui')) await page.locator('[role="status"][aria-label="Loading"]').first().waitFor({ state: 'detached', timeout: 10_000 });
  await page.evaluate(() => document.fonts.ready);
}
