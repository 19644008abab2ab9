// The order of a conversation: each answer stays with its question, while it is written and after a reload,
// in the tab it was asked in and in another.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

const COUNT = 12;

test('twelve quick messages to three agents stand with their answers, live and after a reload', async (t) => {
  const [server, browser] = await Promise.all([startServer(t), startBrowser(t)]);
  const page = await openPage(browser, server.url);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  await portal.say(page, '/ask qa what is number 0?');
  await portal.finished(page);
  const other = await page.context().newPage();
  await portal.open(other, page.url());
  const asked = Array.from({ length: COUNT }, (_, number) => {
    const agent = ['qa', 'code', 'data'][number % 3];
    return `/ask ${agent} what is number ${number + 1}? ${'and tell at length why that is so '.repeat(number % 4)}`.trim();
  });
  for (const text of asked) await portal.say(page, text);
  for (const tab of [page, other]) {
    // Whatever is there at any moment is in order.
    await until(120_000, 'every answer', async () => {
      const seen = await order(tab);
      inOrder(seen);
      return seen.length === 2 * (COUNT + 1) && seen.every(({ state }) => state === 'stored');
    });
  }
  const live = await order(page);
  const texts = live.filter(({ who }) => who === 'You').map(({ text }) => text);
  assert.deepEqual(texts.slice(1), asked);
  assert.deepEqual(await order(other), live);
  for (const tab of [page, other]) {
    await tab.reload();
    await portal.ready(tab);
    await until(20_000, 'the conversation', async () => (await order(tab)).length === live.length);
    assert.deepEqual(await order(tab), live);
  }
  assertQuiet(page);
});

// Every message in the order it stands on the page.
function order(page) {
  return portal.log(page).locator('article').evaluateAll((articles) => articles.map((article) => ({
    who: article.getAttribute('aria-label'),
    state: article.dataset.state,
    text: article.querySelector('[data-testid="text"]')?.textContent ?? '',
  })));
}

// No two answers stand together: each has its question before it.
function inOrder(seen) {
  const doubled = seen.findIndex(({ who }, at) => at > 0 && who !== 'You' && seen[at - 1].who !== 'You');
  assert.equal(doubled, -1, JSON.stringify(seen, null, 1));
}
