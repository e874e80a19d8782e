// Writes every page in both themes and two widths to OUT (default e2e/output).
// With CCH_UPSTREAM_URL, a demo upstream, it fills the hub with something to see.
//
//   CCH_URL=http://127.0.0.1:23000 CCH_ADMIN_TOKEN=… node e2e/screenshots.mjs [name…]
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch, openPage, settle } from './browser.mjs';
import { fillHub } from './demo-data.mjs';
import { signIn } from './steps.mjs';

const base = (process.env.CCH_URL ?? '').replace(/\/+$/, '');
const out = process.env.OUT ?? fileURLToPath(new URL('./output', import.meta.url));
const only = process.argv.slice(2);

const firstRow = async (page) => {
  const rows = page.locator('[data-log]');
  if ((await rows.count()) === 0) return;
  await rows.nth(Math.min(9, (await rows.count()) - 1)).click();
  await page.getByRole('complementary', { name: 'Request details' }).waitFor();
};

const pages = [
  ['login', '/login'],
  ['overview', '/dashboard'],
  ['requests', '/logs'],
  ['requests-drawer', '/logs', firstRow],
  ['request-detail', '/logs?retries=1', async (page) => {
    await firstRow(page);
    const open = page.getByRole('link', { name: 'Open as a page' });
    if ((await open.count()) === 0) return;
    await open.click();
    await page.getByText('Who could take it').waitFor();
  }],
  ['leaderboard', '/leaderboard', async (page) => {
    const row = page.locator('[data-rank] [aria-expanded]').first();
    if ((await row.count()) > 0) await row.click();
  }],
  ['leaderboard-providers', '/leaderboard?scope=provider&period=weekly'],
  ['providers', '/providers'],
  ['prices', '/prices'],
  ['request-filters', '/settings/request-filters'],
  ['request-filter-form', '/settings/request-filters?edit=example'],
  ['provider-form', '/providers', async (page) => {
    const row = page.locator('[data-provider]').nth(2);
    if ((await row.count()) > 0) await row.getByRole('button').first().click();
    else await page.goto(`${base}/providers?edit=new`);
    await page.getByRole('dialog').waitFor();
  }],
  ['users', '/users', async (page) => {
    const expand = page.locator('[data-user] [aria-expanded]').first();
    if ((await expand.count()) > 0) await expand.click();
  }],
  ['sessions', '/sessions'],
  ['first-steps', '/setup'],
  ['my-usage', '/me', undefined, 'user'],
  ['clients', '/docs/setup'],
  ['components', '/__ui'],
];

/** What a browser remembers of who signed in with a token or a key. */
async function stateOf(browser, credential) {
  const { context, page } = await openPage(browser);
  const state = await signIn(page, base, credential);
  await context.close();
  return state;
}

mkdirSync(out, { recursive: true });
const browser = await launch();
try {
  const key = process.env.CCH_UPSTREAM_URL && await fillHub(base, process.env.CCH_ADMIN_TOKEN, process.env.CCH_UPSTREAM_URL.replace(/\/+$/, ''));
  const admin = process.env.CCH_ADMIN_TOKEN && await stateOf(browser, process.env.CCH_ADMIN_TOKEN);
  const user = key && await stateOf(browser, key);
  for (const theme of ['light', 'dark']) {
    for (const size of ['desktop', 'phone']) {
      for (const [name, path, prepare, who] of pages.filter(([name, , , who]) => (only.length === 0 || only.includes(name)) && (who !== 'user' || user))) {
        const opened = await openPage(browser, { theme, size, storageState: name === 'login' ? undefined : who === 'user' ? user : admin });
        await opened.page.goto(base + path);
        await settle(opened.page);
        await prepare?.(opened.page);
        await settle(opened.page);
        await opened.page.waitForTimeout(250); // the last fade
        await opened.page.screenshot({ path: `${out}/${name}-${size}-${theme}.png` });
        for (const fault of opened.faults) console.log(`${name} ${size} ${theme}: ${fault}`);
        await opened.context.close();
      }
    }
  }
} finally {
  await browser.close();
}
