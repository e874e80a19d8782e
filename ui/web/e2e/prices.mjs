// What people do on the page of prices.
import assert from 'node:assert/strict';
import { settle } from './browser.mjs';

const row = (page, name) => page.locator(`[data-price="${name}"]`);

async function endPrice(page, name) {
  await row(page, name).getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'End price' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End price' }).click();
  await page.getByRole('status').getByText('Price ended').waitFor();
}

/** A built-in price becomes one's own, outlives a reload and comes back. */
export async function editPrice(page, { base }) {
  const name = 'claude-haiku-4-5';
  await page.goto(`${base}/prices`);
  await settle(page);
  await page.getByRole('searchbox', { name: 'Model' }).fill('haiku-4-5');
  await page.getByRole('searchbox', { name: 'Model' }).press('Enter');
  await page.waitForURL(/q=haiku-4-5/);
  await row(page, name).getByText('built-in').waitFor();
  await row(page, name).getByRole('button', { name, exact: true }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Input', { exact: true }).fill('cheap');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await sheet.getByText('Enter a number.').waitFor(); // refused with the reason
  await sheet.getByLabel('Input', { exact: true }).fill('1.25');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Price saved').waitFor();
  await page.reload();
  await row(page, name).getByText('manual').waitFor();
  await row(page, name).getByText('$1.25', { exact: true }).first().waitFor();
  await endPrice(page, name);
  await row(page, name).getByText('built-in').waitFor();
}

/** A list is looked at before it is taken, and its prices can be found. */
export async function uploadPrices(page, { base, name }) {
  const list = { schema: 'ai-price-table/v1', models: [{ id: name, vendor: 'acme', mode: 'chat', rates: { input: '3', output: '15' } }] };
  await page.goto(`${base}/prices?q=${name}`);
  await page.getByRole('button', { name: 'Upload' }).click();
  const dialog = page.getByRole('dialog', { name: 'Upload a price list' });
  await dialog.getByLabel('File').setInputFiles({ name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('no list = [') });
  await dialog.getByRole('alert').getByText(/not a price list/).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Upload' }).isDisabled());
  await dialog.getByLabel('File').setInputFiles({ name: 'prices.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(list)) });
  await dialog.locator('[data-report]').getByText(/1 added/).waitFor();
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await page.getByRole('status').getByText('Prices uploaded').waitFor();
  await row(page, name).getByText('$15.00').first().waitFor();
  await endPrice(page, name);
  await page.getByText('No price matches these filters').waitFor();
}

export async function calculatePrice(page, { base }) {
  await page.goto(`${base}/prices`);
  await page.getByRole('button', { name: 'What would it cost' }).click();
  const dialog = page.getByRole('dialog', { name: 'What would it cost' });
  await dialog.getByLabel('Model').fill('claude-sonnet-4-6');
  await dialog.getByRole('button', { name: 'Calculate' }).click();
  await dialog.locator('[data-bill]').getByText('$0.0105').waitFor();
}

/** Filters and order live in the address. */
export async function sortPrices(page, { base }) {
  await page.goto(`${base}/prices?vendor=anthropic`);
  await settle(page);
  const names = () => page.locator('[data-price]').evaluateAll((rows) => rows.map((r) => r.getAttribute('data-price')));
  const before = await names();
  await page.getByRole('columnheader', { name: 'Output' }).getByRole('button').click();
  await page.waitForURL(/sort=output/);
  await page.getByRole('columnheader', { name: 'Output' }).getByRole('button').click();
  await page.waitForURL(/order=desc/);
  await page.waitForFunction((first) => document.querySelector('[data-price]')?.getAttribute('data-price') !== first, before[0]);
  await page.goBack();
  await page.goBack();
  await page.waitForFunction((first) => document.querySelector('[data-price]')?.getAttribute('data-price') === first, before[0]);
  assert.deepEqual(await names(), before);
}
