// What an answer waits for is said where the answer will be, with the button that ends the wait.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn } from './support/api.mjs';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

test('a stopped agent is said, and started from where its answer is awaited', async (t) => {
  const { page, server } = await begin(t);
  const api = await logIn(server);
  await api.call('POST', '/api/agents/qa/stop', {});
  await until(20_000, 'qa to stop', async () => (await api.call('GET', '/api/agents/qa')).status === 'stopped');
  await portal.say(page, '/ask qa is the heron a bird?');
  await portal.newest(page).getByText('QA is stopped.').waitFor();
  await portal.newest(page).getByText('waits', { exact: true }).waitFor();
  await page.reload();
  await portal.ready(page);
  await portal.newest(page).getByText('QA is stopped.').waitFor();
  await portal.newest(page).getByRole('button', { name: 'Start QA' }).click();
  await portal.finished(page);
  assert.equal(await portal.newest(page).getByText('QA is stopped.').count(), 0);
  assertQuiet(page);
});

async function begin(t, plan = {}) {
  const [server, browser] = await Promise.all([startServer(t, plan), startBrowser(t)]);
  const page = await openPage(browser, server.url);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  return { page, server };
}
