// What an answer waits for is said where the answer will be, with the button that ends the wait.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn } from './support/api.mjs';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startModel } from './mock-model.mjs';
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

test('a rate limit counts down, passes others, and ends with Stop', async (t) => {
  const model = await startModel(t, { refuse: (words) => words.includes('slow') && { status: 429, retryAfter: 300 } });
  const { page } = await begin(t, model);
  await portal.say(page, '/ask research slow please');
  const wait = page.getByTestId('waits');
  await wait.getByText(/^Research: rate-limited, next try in \d+ s$/).waitFor();
  const first = await seconds(wait);
  await until(10_000, 'the count to go down', async () => (await seconds(wait)) < first);
  const here = page.url();
  await page.reload();
  await portal.ready(page);
  await wait.getByText(/^Research: rate-limited, next try in \d+ s$/).waitFor();

  await portal.begin(page);
  await portal.say(page, '/ask research quick please');
  await portal.finished(page);
  await page.goto(here);
  await portal.ready(page);
  await wait.waitFor();
  await portal.stop(page).click();
  await portal.newest(page).getByText('Stopped before an answer was begun.').waitFor();
  await wait.waitFor({ state: 'hidden' });
  assertQuiet(page);
});

test('an answer that breaks off is kept, marked, and asked again with Retry', async (t) => {
  let broken = false;
  const breakAfter = () => {
    const first = !broken;
    broken = true;
    return first ? 4 : Infinity;
  };
  const words = 'one two three four five six seven eight nine ten';
  const model = await startModel(t, { pauseMs: () => (broken ? 0 : 1_500), breakAfter });
  const { page } = await begin(t, model);
  await portal.say(page, `/ask code ${words}`);
  await portal.finished(page);
  const mark = portal.newest(page).getByTestId('cut-off');
  await mark.getByText(/^Cut off here: /).waitFor();
  const kept = (await portal.words(portal.newest(page))).join(' ');
  assert.ok(kept.length > 0 && words.startsWith(kept), `its text is its own: ${kept}`);
  await page.reload();
  await portal.ready(page);
  await mark.waitFor();
  await portal.newest(page).getByRole('button', { name: 'Retry' }).click();
  await until(60_000, 'another answer', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);
  const whole = (await portal.words(portal.newest(page))).join(' ');
  assert.ok(whole.startsWith(words), `all of it: ${whole}`);
  assert.equal(await portal.newest(page).getByTestId('cut-off').count(), 0);
  assertQuiet(page);
});

async function seconds(wait) {
  return Number(/in (\d+) s/.exec(await wait.innerText())[1]);
}

async function begin(t, plan = {}) {
  const [server, browser] = await Promise.all([startServer(t, plan), startBrowser(t)]);
  const page = await openPage(browser, server.url);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  return { page, server };
}
