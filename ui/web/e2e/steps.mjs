// What several scripts do on a page.

/** Signs in through the form and answers with the browser's state. */
export async function signIn(page, base, token) {
  await page.goto(`${base}/login`);
  await page.getByLabel('Key or token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/login'));
  return page.context().storageState();
}
