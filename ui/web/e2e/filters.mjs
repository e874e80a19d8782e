// What people do on the page of request filters.
import assert from 'node:assert/strict';
import { axeViolations, settle } from './browser.mjs';

const row = (page, name) => page.locator(`[data-filter="${name}"]`);
const toast = (page, text) => page.getByRole('status').getByText(text).waitFor();

/** Refused by the form, then by the server at the field it is about. */
async function refuse(page, sheet, name) {
  await sheet.getByRole('button', { name: 'Create filter' }).click();
  await sheet.getByText('Needed.').first().waitFor();
  await sheet.getByLabel('Name', { exact: true }).fill(name);
  await sheet.getByLabel('Header', { exact: true }).fill('Authorization');
  await sheet.getByRole('button', { name: 'Create filter' }).click();
  const fault = sheet.getByText('is a header that no filter may change');
  await fault.waitFor();
  assert.equal(await sheet.getByLabel('Header', { exact: true }).getAttribute('aria-describedby'), await fault.locator('..').getAttribute('id'));
  assert.deepEqual(await axeViolations(page), []);
}

/** Before anything is stored one sees what would be sent. */
async function tryUnsaved(page, sheet) {
  await sheet.getByRole('button', { name: 'Try it' }).click();
  const dialog = page.getByRole('dialog', { name: /^Try / });
  await dialog.getByLabel('Headers', { exact: true }).first().fill('no header');
  await dialog.getByText('One "Name: value" a line.').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Try it' }).isDisabled());
  await dialog.getByLabel('Headers', { exact: true }).first().fill('x-team: none');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.locator('[data-verdict="changed"]').waitFor();
  await dialog.locator('ins').getByText('X-Team: core').waitFor();
  await dialog.locator('del').getByText('X-Team: none').waitFor();
  assert.deepEqual(await axeViolations(page), []);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
}

export async function createFilter(page, { base, name }) {
  await page.goto(`${base}/settings/request-filters`);
  await settle(page);
  await page.getByRole('button', { name: 'Create filter' }).first().click();
  const sheet = page.getByRole('dialog');
  await refuse(page, sheet, name);
  await sheet.getByLabel('Header', { exact: true }).fill('X-Team');
  await sheet.getByLabel('Value', { exact: true }).fill('core');
  await tryUnsaved(page, sheet);
  await sheet.getByRole('button', { name: 'Create filter' }).click();
  await toast(page, 'Filter created');
  await row(page, name).getByText('X-Team').waitFor();
  await row(page, name).getByRole('switch', { name: `${name} enabled` }).click();
  await row(page, name).locator('[aria-checked="false"]').waitFor();
  await page.reload();
  await row(page, name).locator('[aria-checked="false"]').waitFor();
}

/** One kind becomes another, bound to a provider; the address names the form. */
export async function changeFilter(page, { base, name }) {
  await page.goto(`${base}/settings/request-filters?q=${name}`);
  await row(page, name).getByRole('button', { name, exact: true }).click();
  await page.waitForURL(/edit=\d+/);
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Change', { exact: true }).selectOption('operations');
  await sheet.getByLabel('Operations', { exact: true }).fill('[{ "op": "set" }');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await sheet.getByText('This is no JSON list of operations.').waitFor();
  await sheet.getByLabel('Operations', { exact: true }).fill('[{ "op": "merge", "path": "metadata" }]');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await sheet.getByText('[0].value is required').waitFor();
  await sheet.getByLabel('Operations', { exact: true }).fill('[{ "op": "merge", "path": "metadata", "value": { "team": "core" } }]');
  await sheet.getByLabel('Requests', { exact: true }).selectOption('providers');
  await sheet.getByRole('group', { name: 'Providers' }).getByRole('checkbox').first().check();
  await sheet.getByRole('button', { name: 'Save' }).click();
  await toast(page, 'Filter saved');
  await row(page, name).getByText('1 operation').waitFor();
}

export async function deleteFilter(page, { base, name }) {
  await page.goto(`${base}/settings/request-filters?q=${name}`);
  await row(page, name).getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Delete filter' }).click();
  await page.getByRole('dialog', { name: `Delete filter ${name}?` }).getByRole('button', { name: 'Delete filter' }).click();
  await toast(page, 'Filter deleted');
  await row(page, name).waitFor({ state: 'detached' });
}
