// What people do on the page of their own usage.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { axeViolations, overflow, settle, sizes } from './browser.mjs';
import { signIn } from './steps.mjs';

const rows = (page) => page.locator('[data-log]');
const tile = (page, name) => page.locator(`[data-tile="${name}"]`);

/** Statistics are kept for half a minute, and the page asks twice a minute. */
const RENEWED = 70_000;

const menu = (page) => page.getByRole('navigation', { name: 'Main' }).first();
const limits = (page, whose) => page.getByRole('region', { name: whose });

async function seesOnlyThis(page) {
  assert.deepEqual(await menu(page).getByRole('link').allInnerTexts(), ['My usage', 'Set up a client']);
  await menu(page).getByRole('link', { name: 'Set up a client' }).click();
  await page.getByRole('heading', { name: 'Set up a client' }).waitFor();
}

/** Every other page says what is missing and leads back; the API refuses as well. */
async function isRefusedElsewhere(page, base) {
  for (const path of ['/dashboard', '/logs', '/providers', '/setup']) {
    await page.goto(base + path);
    await page.getByRole('heading', { name: 'You may not see this' }).waitFor();
  }
  assert.deepEqual(await axeViolations(page), []);
  await page.getByRole('main').getByRole('link', { name: 'My usage' }).click();
  await page.waitForURL(/\/me$/);
  const statuses = await page.evaluate(async () => Promise.all(['providers', 'users', 'me/usage-logs'].map((path) => fetch(`api/v1/${path}`).then((response) => response.status))));
  assert.deepEqual(statuses, [403, 403, 200]);
}

/** The payloads that the page is made of name no provider. */
async function namesNoProvider(page) {
  const logs = await page.evaluate(async () => (await fetch('api/v1/me/usage-logs')).json());
  for (const log of logs.items) assert.deepEqual([log.providerName, log.costMultiplier], [null, null]);
  return logs.items;
}

async function filterLivesInTheAddress(page, found) {
  await page.getByRole('button', { name: 'Status', exact: true }).click();
  await page.getByRole('menuitem', { name: '5xx', exact: true }).click();
  await page.waitForURL(/status=5xx/);
  await page.getByText(found ? 'No request matches' : /^5\d\d$/).first().waitFor();
  await page.getByRole('group', { name: 'Time' }).getByRole('button', { name: '30 days' }).click();
  await page.waitForURL(/range=30d/);
  await page.goBack();
  await page.goBack(); // Back undoes a filter
  await page.waitForURL(/\/me$/);
  await rows(page).first().waitFor();
}

async function saveFile(page, model) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  assert.match(file.suggestedFilename(), /^usage-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(await file.path(), 'utf8');
  assert.match(text, /^\uFEFFTime,Request,Key,Model,Endpoint,Status,/);
  assert.ok(text.includes(`,${model},/v1/messages,`), 'the file has the row');
}

/** Legible in both themes and at both widths, with data. */
async function looksRight(page) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme);
    for (const size of ['phone', 'desktop']) {
      await page.setViewportSize(sizes[size]);
      await settle(page);
      assert.ok((await overflow(page)) <= 0, `${theme} ${size}: wider than the window by ${await overflow(page)} px`);
      assert.deepEqual(await axeViolations(page), [], `${theme} ${size}`);
    }
  }
}

/** A key without web access: its own usage, and nothing of the providers. */
export async function readerUsage(page, { base, key, name, upstream }) {
  await signIn(page, base, key);
  assert.match(page.url(), /\/me$/, 'it leads to what one may see');
  await page.getByRole('region', { name: 'Account' }).getByText(name, { exact: true }).waitFor();
  const gauge = limits(page, 'All your keys').locator('[data-gauge="usd_5h"]');
  await gauge.getByText('$20', { exact: true }).waitFor();
  await rows(page).first().waitFor();
  assert.equal((await namesNoProvider(page)).length, await rows(page).count());
  await filterLivesInTheAddress(page, !!upstream);
  await saveFile(page, 'claude-haiku-4-5');
  if (upstream) {
    await gauge.getByText('binds next').waitFor();
    await page.locator('[data-model="claude-haiku-4-5"]').waitFor({ timeout: RENEWED });
    assert.match(await tile(page, 'requests').innerText(), /\n1\n/);
  }
  await looksRight(page);
  await seesOnlyThis(page);
  await isRefusedElsewhere(page, base);
}

async function ask(base, key, model) {
  const response = await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model, max_tokens: 16, messages: [{ role: 'user', content: 'ping' }] }),
  });
  await response.text();
}

/** A web user sees what all keys did, and one of them alone. */
export async function webUsage(page, { base, token, name }) {
  const api = (path, body) => fetch(`${base}/api/v1${path}`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then((r) => r.json());
  const { user } = await api('/users', { name: `${name}-own` });
  const web = await api(`/users/${user.id}/keys`, { name: 'web', canLoginWebUi: true, dailyLimitUsd: 5 });
  const other = await api(`/users/${user.id}/keys`, { name: 'other' });
  await ask(base, web.secret, 'claude-haiku-4-5');
  await ask(base, other.secret, 'claude-sonnet-5');
  await signIn(page, base, web.secret);
  await page.goto(`${base}/my-usage`); // an old bookmark
  await page.waitForURL(/\/me$/);
  await rows(page).nth(1).waitFor();
  await limits(page, 'This key').locator('[data-gauge="daily_quota"]').getByText('$5', { exact: true }).waitFor();
  await page.getByRole('group', { name: 'Whose usage' }).getByRole('button', { name: 'This key' }).click();
  await page.waitForURL(/scope=key/);
  await rows(page).nth(1).waitFor({ state: 'detached' });
  await page.goBack();
  await page.getByRole('button', { name: 'Model', exact: true }).click();
  await page.getByRole('menuitem', { name: 'claude-sonnet-5' }).click();
  await page.waitForURL(/model=claude-sonnet-5/);
  await rows(page).getByText('claude-sonnet-5').waitFor();
  assert.equal(await rows(page).count(), 1);
  await page.goto(`${base}/users`);
  await page.getByText('This page is for administrators').waitFor();
}
