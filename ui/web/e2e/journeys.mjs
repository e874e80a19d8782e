// What people do, step by step. Each entry: title, page options, function.
import assert from 'node:assert/strict';
import { settle, sizes } from './browser.mjs';
import { changeFilter, createFilter, deleteFilter } from './filters.mjs';
import { ownLeaderboard, readLeaderboard } from './leaderboard.mjs';
import { readerUsage, webUsage } from './me.mjs';
import { calculatePrice, editPrice, sortPrices, uploadPrices } from './prices.mjs';

const DEAD = 'http://127.0.0.1:9'; // the discard port: nobody listens

async function wrongToken(page, { base }) {
  await page.goto(`${base}/login?next=/users`);
  await page.getByLabel('Key or token').fill('sk-certainly-not-a-key-00000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText(/not known/).waitFor();
  assert.match(page.url(), /\/login/);
}

async function rightToken(page, { base, token }) {
  await page.goto(`${base}/users?q=x`);
  await page.waitForURL(/\/login\?next=/);
  await page.getByLabel('Key or token').fill(` ${token} `); // pasted with blanks
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/users\?q=x$/);
  await page.getByRole('heading', { name: 'Users & keys' }).waitFor();
  const cookie = (await page.context().cookies()).find(({ name }) => name === 'cch_session');
  assert.ok(cookie?.httpOnly, 'the session cookie is HttpOnly');
  assert.equal(cookie.sameSite, 'Lax');
}

async function signOut(page, { base, token }) {
  await page.goto(`${base}/login`);
  await page.getByLabel('Key or token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/(dashboard|setup)$/);
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/login/);
  await page.goto(`${base}/providers`);
  await page.waitForURL(/\/login\?next=/);
}

/** On a fresh hub: one click to the demo upstream, one to the first answer, then its route. */
async function firstRequestWithDemo(page, { base, token }) {
  const state = await fetch(`${base}/api/v1/setup/state`, { headers: { Authorization: `Bearer ${token}` } }).then((r) => (r.ok ? r.json() : undefined));
  if (!state?.demoAvailable || state.providers > 0) return 'needs a fresh hub that offers the demo upstream';
  await page.goto(`${base}/dashboard`);
  await page.waitForURL(/\/setup$/);
  await page.getByRole('button', { name: 'Try the demo upstream' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('link', { name: 'Open its route' }).waitFor();
  await page.getByRole('button', { name: '5xx burst' }).click();
  await page.locator('[aria-pressed="true"]').getByText('5xx burst').waitFor();
  await page.getByRole('button', { name: 'Remove demo data' }).click();
  await page.getByRole('button', { name: 'Try the demo upstream' }).waitFor();
  return undefined;
}

async function fillProvider(page, name, url) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('URL', { exact: true }).fill(url);
  await page.getByLabel('Key', { exact: true }).fill('sk-upstream-key-for-tests-0001');
}

async function addProvider(page, { base, name, upstream }) {
  await page.goto(`${base}/providers`);
  await settle(page);
  await page.getByRole('button', { name: 'Add provider' }).first().click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: 'Add provider' }).click(); // empty: every fault at once
  await sheet.getByText('Needed.').first().waitFor();
  await fillProvider(sheet, name, upstream ?? DEAD);
  await sheet.getByRole('button', { name: 'Add provider' }).click();
  await page.getByRole('status').getByText('Provider added').waitFor();
  await page.locator(`[data-provider="${name}"]`).waitFor();
}

async function testProvider(page, { base, name, upstream }) {
  await page.goto(`${base}/providers?q=${name}`);
  const row = page.locator(`[data-provider="${name}"]`);
  await row.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Test' }).click();
  const verdict = page.getByRole('dialog', { name: `Test ${name}` });
  await verdict.getByText(upstream ? 'The upstream answered as expected.' : /could not be reached/).waitFor({ timeout: 60_000 });
  await verdict.getByRole('button', { name: 'Close' }).last().click();
}

async function editProvider(page, { base, name }) {
  await page.goto(`${base}/providers?q=${name}`);
  await page.locator(`[data-provider="${name}"]`).getByRole('button', { name, exact: true }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Weight', { exact: true }).fill('65');
  await sheet.getByText('1 unsaved').waitFor();
  await page.keyboard.press('Escape'); // a dirty form asks before it closes
  await page.getByRole('dialog', { name: 'Save the changes?' }).getByRole('button', { name: 'Keep editing' }).click();
  await sheet.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Provider saved').waitFor();
  await page.reload();
  await page.locator(`[data-provider="${name}"]`).getByText('65', { exact: true }).waitFor();
}

async function createUserAndKey(page, world) {
  const { base, name } = world;
  await page.goto(`${base}/users?edit=new`);
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Name', { exact: true }).fill(name);
  await sheet.getByLabel('5 hours').fill('0');
  await sheet.getByRole('button', { name: 'Create user' }).click();
  await sheet.getByText('Leave it empty for no limit.').waitFor(); // zero is refused with the reason
  await sheet.getByLabel('5 hours').fill('20');
  await sheet.getByRole('button', { name: 'Create user' }).click();
  const shown = page.getByRole('dialog', { name: 'Key default' });
  world.key = (await shown.getByLabel('Key', { exact: true }).textContent())?.trim();
  assert.match(world.key ?? '', /^sk-/);
  const snippet = await shown.locator('pre').nth(1).textContent();
  assert.equal(JSON.parse(snippet ?? '').env.ANTHROPIC_AUTH_TOKEN, world.key, 'the snippet holds the key');
  await shown.getByRole('button', { name: 'I have stored it' }).click();
  await page.locator(`[data-user="${name}"]`).getByText('$20').waitFor();
}

async function sendAndFind(page, world) {
  const { base, key, name, upstream } = world;
  const response = await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 16, stream: true, messages: [{ role: 'user', content: 'ping' }] }),
  });
  await response.text();
  if (upstream) assert.equal(response.status, 200);
  const id = response.headers.get('x-request-id');
  await page.goto(`${base}/logs?q=${id}`);
  await page.locator('[data-log]').first().click();
  const drawer = page.getByRole('complementary', { name: 'Request details' });
  await drawer.getByText(id).first().waitFor();
  const sentence = await drawer.getByRole('tabpanel').locator('p').first().textContent();
  assert.match(sentence ?? '', upstream ? /answered 200/ : new RegExp(`The client got ${response.status}|Refused`), 'the sentence tells the end');
  if (upstream) assert.ok(sentence?.includes(name), 'the sentence names the provider');
  await drawer.getByRole('tab', { name: 'Route' }).click();
  assert.match(page.url(), /tab=route/, 'the tab is part of the address');
  assert.ok((await drawer.locator('ol li').count()) > 0, 'the steps are listed');
  await page.goBack(); // closes what opened last
  await page.goto(`${base}/logs/${id}`);
  await page.getByRole('heading', { name: 'claude-haiku-4-5' }).waitFor();
}

async function filtersAreTheAddress(page, { base }) {
  await page.goto(`${base}/logs`);
  await settle(page);
  await page.getByRole('button', { name: 'Errors', exact: true }).click();
  await page.waitForURL(/errors=1/);
  await page.getByRole('button', { name: 'Last 24 h' }).click();
  await page.getByRole('menuitem', { name: 'Last 7 days' }).click();
  await page.waitForURL(/range=7d/);
  await page.goBack();
  await page.getByRole('button', { name: 'Last 24 h' }).waitFor(); // Back undoes a filter
  assert.match(page.url(), /errors=1/);
}

/** Sends requests to a failing provider until its breaker opens, sees it and resets it. */
async function breakerOpensAndResets(page, world) {
  const { base, token, upstream, name, key } = world;
  if (!upstream) return;
  const api = (method, path, body) =>
    fetch(`${base}/api/v1${path}`, { method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then((r) => r.json());
  const broken = await api('POST', '/providers', {
    name: `${name}-broken`, type: 'claude', url: `${upstream}/fault/529`, key: 'sk-upstream-key-for-tests-0002', groups: [`${name}-group`], maxAttempts: 1,
    circuitBreaker: { failureThreshold: 1, openDurationMs: 600_000, halfOpenSuccessThreshold: 1 },
  });
  const { user } = await api('POST', '/users', { name: `${name}-broken`, groups: [`${name}-group`] });
  const { secret } = await api('POST', `/users/${user.id}/keys`, { name: 'k' });
  assert.ok(broken.id && secret && key);
  await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'm', max_tokens: 16, messages: [{ role: 'user', content: 'x' }] }),
  }).then((r) => r.text());
  await page.goto(`${base}/providers?q=${name}-broken`);
  const row = page.locator(`[data-provider="${name}-broken"]`);
  await row.getByText(/^open/).waitFor();
  await row.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Reset breaker' }).click();
  await page.getByRole('status').getByText('Breaker reset').waitFor();
  await row.getByText(/^closed/).waitFor();
}

async function themeAndLayout(page, { base }) {
  await page.goto(`${base}/dashboard`);
  await settle(page);
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.setViewportSize(sizes.phone);
  await page.getByRole('navigation', { name: 'Main' }).last().getByRole('link', { name: 'Requests' }).click();
  await page.waitForURL(/\/logs$/);
}

async function oldBookmarksAndUnknownPages(page, { base }) {
  await page.goto(`${base}/settings/providers`);
  await page.waitForURL(/\/providers$/);
  await page.goto(`${base}/nowhere`);
  await page.getByText('There is no such page').waitFor();
}

/** The menu changes the words at once; the choice outlives a reload. */
async function chooseLanguage(page, { base }) {
  const choose = async (account, language) => {
    await page.getByRole('button', { name: account }).first().click();
    await page.getByRole('menuitemcheckbox', { name: language }).or(page.getByRole('menuitemradio', { name: language })).or(page.getByRole('menuitem', { name: language })).first().click();
  };
  await page.goto(`${base}/providers`);
  await choose(/^Account:/, '简体中文');
  await page.getByRole('heading', { name: '供应商' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: '供应商' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await choose(/^账户：/, 'English');
  await page.getByRole('heading', { name: 'Providers' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
}

async function deleteUser(page, { base, name }) {
  await page.goto(`${base}/users?q=${name}`);
  await page.locator(`[data-user="${name}"]`).getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Delete user' }).click();
  const dialog = page.getByRole('dialog');
  assert.ok(await dialog.getByRole('button', { name: 'Delete user' }).isDisabled(), 'the name must be typed');
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: 'Delete user' }).click();
  await page.getByRole('status').getByText('User deleted').waitFor();
}

export const journeys = [
  ['a wrong token is refused with a reason', { anonymous: true }, wrongToken],
  ['the right token leads back to where one wanted to go', { anonymous: true }, rightToken],
  ['signing out ends the session', { anonymous: true }, signOut],
  ['a fresh hub: demo upstream, first request, its route', {}, firstRequestWithDemo],
  ['add a provider: validation, save', {}, addProvider],
  ['test a provider', {}, testProvider],
  ['edit a provider: dirty guard, save, reload', {}, editProvider],
  ['create a user with a limit and a key, shown once', {}, createUserAndKey],
  ['send a request and find it with its route', {}, sendAndFind],
  ['filters live in the address and Back undoes them', {}, filtersAreTheAddress],
  ['a breaker opens under faults and is reset', {}, breakerOpensAndResets],
  ['leaderboard: rank, step, open a row, save a file', {}, readLeaderboard],
  ['leaderboard: a user sees the own row', { fresh: true }, ownLeaderboard],
  ['prices: change one, and back to the built-in one', {}, editPrice],
  ['prices: upload a list', {}, uploadPrices],
  ['prices: what would it cost', {}, calculatePrice],
  ['request filters: refused, tried, created', {}, createFilter],
  ['request filters: another kind, another binding', {}, changeFilter],
  ['request filters: deleted', {}, deleteFilter],
  ['prices: order and filters live in the address', {}, sortPrices],
  ['choose another language and back', {}, chooseLanguage],
  ['theme and phone layout', {}, themeAndLayout],
  ['old bookmarks and unknown pages', {}, oldBookmarksAndUnknownPages],
  ['my usage: a key without web access sees its own and nothing else', { fresh: true }, readerUsage],
  ['my usage: all keys of a user, and one of them', { fresh: true }, webUsage],
  ['delete a user by typing the name', {}, deleteUser],
];
