// What people do on the leaderboard.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { axeViolations, settle } from './browser.mjs';

const rows = (page) => page.locator('[data-rank]');
const rowOf = (page, name) => rows(page).filter({ has: page.getByTitle(name, { exact: true }) });

/** An answer is kept for a minute, and the page asks once a minute. */
const RENEWED = 130_000;

/** Metric, scope and period live in the address; Back undoes them. */
async function chooseWhatIsRanked(page, { base }) {
  await page.goto(`${base}/dashboard/leaderboard`); // an old bookmark
  await page.waitForURL(/\/leaderboard$/);
  await settle(page);
  await page.getByRole('group', { name: 'Rank by' }).getByRole('button', { name: 'Requests' }).click();
  await page.waitForURL(/metric=requests/);
  await page.getByRole('group', { name: 'What is ranked' }).getByRole('button', { name: 'Models' }).click();
  await page.waitForURL(/scope=model/);
  await page.goBack();
  await page.goBack();
  await page.waitForURL(/\/leaderboard$/);
}

/** A day back there is nothing, and the way forward leads to the present. */
async function stepThroughDays(page) {
  assert.ok(await page.getByRole('button', { name: 'Later' }).isDisabled(), 'tomorrow has not begun');
  await page.getByRole('button', { name: 'Earlier' }).click();
  await page.waitForURL(/at=/);
  await page.getByText('Nothing was used in this time').waitFor();
  await page.getByRole('button', { name: 'Later' }).click();
  await page.waitForURL((url) => !url.search.includes('at='));
}

async function chooseDays(page) {
  await page.getByRole('group', { name: 'Period' }).getByRole('button', { name: 'Custom' }).click();
  await page.getByLabel('First day').fill('2031-01-02');
  await page.getByText('The first day is later than the last.').waitFor();
  await page.getByRole('group', { name: 'Period' }).getByRole('button', { name: 'Day', exact: true }).click();
  await page.waitForURL((url) => !url.search.includes('from='));
}

/** By the keyboard: the row shows its models, and the address says so. */
async function openRow(page, name) {
  const row = rowOf(page, name);
  await row.waitFor({ timeout: RENEWED });
  await row.getByRole('button', { name: `Details of ${name}` }).focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-part]').getByText('claude-haiku-4-5').first().waitFor();
  await page.waitForURL(/open=/);
  assert.deepEqual(await axeViolations(page), []);
}

async function saveFile(page, name) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  assert.match(file.suggestedFilename(), /^leaderboard-user-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(await file.path(), 'utf8');
  assert.match(text, /^\uFEFFRank,User,Requests,/);
  assert.ok(text.includes(name), 'the file has the row');
}

export async function readLeaderboard(page, { base, name, upstream }) {
  await chooseWhatIsRanked(page, { base });
  await stepThroughDays(page);
  await chooseDays(page);
  if (!upstream) return 'rows need an upstream that answers';
  await openRow(page, name);
  await saveFile(page, name);
  await page.getByRole('link', { name: 'See requests' }).click();
  await page.waitForURL(/\/logs\?user=\d+/);
  await page.locator('[data-log]').first().waitFor();
  return undefined;
}

/** A user sees the own row, and none of the others. */
export async function ownLeaderboard(page, { base, token, name, upstream }) {
  if (!upstream) return 'rows need an upstream that answers';
  const api = (path, body) => fetch(`${base}/api/v1${path}`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then((r) => r.json());
  const { user } = await api('/users', { name: `${name}-web` });
  const { secret } = await api(`/users/${user.id}/keys`, { name: 'k', canLoginWebUi: true });
  await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 16, messages: [{ role: 'user', content: 'ping' }] }),
  }).then((r) => r.text());
  await page.goto(`${base}/login`);
  await page.getByLabel('Key or token').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).first().getByRole('link', { name: 'Leaderboard' }).click();
  await rowOf(page, `${name}-web`).waitFor({ timeout: RENEWED });
  assert.equal(await rows(page).count(), 1);
  await page.getByText('Only your own rows are shown').waitFor();
  return undefined;
}
