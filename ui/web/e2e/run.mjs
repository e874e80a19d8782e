// Browser journeys over a running hub. Starts nothing but the browser.
//
//   CCH_URL=http://127.0.0.1:23000 CCH_ADMIN_TOKEN=… [CCH_UPSTREAM_URL=…] npm run e2e
//
// With CCH_UPSTREAM_URL, a Claude upstream, the test of a provider and the first
// request must succeed; below its path /fault/529 it must answer so, that a breaker
// can be seen opening. Without it the provider is a dead address and the journeys
// look at the failure instead. Everything created is named e2e-<time>.
import assert from 'node:assert/strict';
import { axeViolations, launch, openPage, overflow, settle } from './browser.mjs';
import { journeys } from './journeys.mjs';
import { signIn } from './steps.mjs';

const base = (process.env.CCH_URL ?? '').replace(/\/+$/, '');
const token = process.env.CCH_ADMIN_TOKEN ?? '';
if (base === '' || token === '') {
  console.error('set CCH_URL and CCH_ADMIN_TOKEN');
  process.exit(2);
}

const only = process.argv.slice(2);
const origin = new URL(base).origin;
const browser = await launch();
const world = { base, token, upstream: process.env.CCH_UPSTREAM_URL?.replace(/\/+$/, ''), name: `e2e-${Date.now().toString(36)}`, state: undefined, browser, origin };
let failed = 0;

async function check(title, run) {
  if (only.length > 0 && !only.some((part) => title.includes(part))) return;
  const started = Date.now();
  try {
    const note = await run();
    console.log(note ? `n/a   ${title}: ${note}` : `ok    ${title} (${Date.now() - started} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${title}\n      ${String(error.message ?? error).split('\n').slice(0, 12).join('\n      ')}`);
  }
}

/** Runs one journey on a fresh page; any fault the page reports fails it. */
async function journey(title, options, run) {
  await check(title, async () => {
    const opened = await openPage(browser, { origin, storageState: options.anonymous || options.fresh ? undefined : world.state, ...options });
    try {
      const note = await run(opened.page, world);
      assert.deepEqual(opened.faults, []);
      return note;
    } catch (error) {
      if (process.env.OUT) await opened.page.screenshot({ path: `${process.env.OUT}/failed-${title.replace(/\W+/g, '-')}.png` });
      throw error;
    } finally {
      await opened.context.close();
    }
  });
}

const pages = ['/login', '/dashboard', '/logs', '/providers', '/providers?edit=new', '/users', '/users?edit=new', '/leaderboard', '/leaderboard?scope=provider', '/prices', '/prices?edit=claude-haiku-4-5', '/settings/request-filters', '/settings/request-filters?edit=example', '/sessions', '/setup', '/me', '/docs/setup', '/__ui'];

/** No page is wider than the window, and axe finds nothing of any impact. */
async function inspect(theme, size) {
  for (const path of pages) {
    await journey(`${path} ${theme} ${size}`, { theme, size, anonymous: path === '/login' }, async (page) => {
      await page.goto(base + path);
      await settle(page);
      assert.ok((await overflow(page)) <= 0, `wider than the window by ${await overflow(page)} px`);
      assert.deepEqual(await axeViolations(page), []);
    });
  }
}

try {
  for (const [title, options, run] of journeys.filter(([, options]) => options.anonymous)) await journey(title, options, run);
  const { context, page } = await openPage(browser, { origin });
  world.state = await signIn(page, base, token);
  await context.close();
  for (const [title, options, run] of journeys.filter(([, options]) => !options.anonymous)) await journey(title, options, run);
  for (const theme of ['light', 'dark']) for (const size of ['desktop', 'phone']) await inspect(theme, size);
} finally {
  await browser.close();
}
console.log(failed === 0 ? 'all journeys passed' : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
