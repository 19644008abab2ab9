// The page and its line to the server: where no WebSocket comes through, where a translator changes the
// page, what other programs begin, and what a person is told while something has to be waited for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startProxy } from './support/proxy.mjs';
import { startServer } from './support/server.mjs';
import { sleep, until } from './support/wait.mjs';

const SLOW = { environment: { AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND: '40' } };
const BRISK = { environment: { AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND: '120' } };

test('an answer streams where a proxy blocks sockets, and the socket is taken again', async (t) => {
  const { page, proxy } = await begin(t, SLOW, (proxy) => proxy.blind());
  await page.locator('[data-testid="connection"][data-online="true"]').waitFor({ state: 'attached' });
  await portal.say(page, '/ask code count to 200');
  await until(20_000, 'the answer to stream', async () => (await numbers(page)).length > 10);
  assert.equal(await portal.newest(page).getAttribute('data-state'), 'writing');
  const socket = page.waitForEvent('websocket', { predicate: async (it) => Boolean(await it.waitForEvent('framereceived').catch(() => false)) });
  proxy.blind(false);
  await portal.finished(page);
  assert.deepEqual(await numbers(page), Array.from({ length: 200 }, (_, n) => n + 1));
  await socket;
  await portal.say(page, 'remember that the gate is open');
  await until(20_000, 'the next answer', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);
  assertQuiet(page);
});

test('the bar goes at once when the network is back', async (t) => {
  const { page, proxy } = await begin(t);
  proxy.cut();
  await page.getByText('No connection').waitFor();
  await sleep(5_000);
  proxy.mend();
  const began = Date.now();
  await page.getByText('No connection').waitFor({ state: 'hidden' });
  t.diagnostic(`the line was back after ${Date.now() - began} ms`);
  // Against the pause between two tries, not against the machine.
  assert.ok(Date.now() - began < 5_000);
});

test('an answer goes on while a translator changes the page', async (t) => {
  const { page } = await begin(t, SLOW);
  await page.evaluate(translate);
  await portal.say(page, '/ask code count to 150');
  await portal.finished(page);
  assert.ok((await page.locator('article[data-agent] font').count()) > 0, 'the page was translated');
  assert.deepEqual(await numbers(page), Array.from({ length: 150 }, (_, n) => n + 1));
  await portal.say(page, 'remember that the gate is open');
  await until(20_000, 'the next answer', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);
  assertQuiet(page);
});

test('what the command line begins is in the list of every tab, single questions together', async (t) => {
  const { page, server } = await begin(t);
  const other = await page.context().newPage();
  await portal.open(other, '/memory');
  const shelf = (tab) => tab.getByRole('navigation', { name: 'Conversations' });
  for (const colour of ['red', 'green', 'blue', 'white', 'black']) {
    await server.command('chat', `Please remember that the boat is ${colour}`);
  }
  for (const tab of [page, other]) {
    await shelf(tab).getByRole('link', { name: 'the boat is black' }).waitFor();
    await shelf(tab).getByRole('heading', { name: 'Today, single questions' }).waitFor();
    await shelf(tab).getByText('2 more').click();
    assert.equal(await shelf(tab).getByRole('link').count(), 5);
  }
  await portal.say(page, 'remember that this one is a talk');
  await shelf(other).getByRole('heading', { name: 'Today', exact: true }).waitFor();
  assertQuiet(page);
});

test('one\'s own message is in sight, and an arrow leads back to the end', async (t) => {
  const { page } = await begin(t, BRISK);
  await page.setViewportSize({ width: 1000, height: 500 });
  await portal.say(page, '/ask code count to 1200');
  const log = portal.log(page);
  await until(30_000, 'more than a screen', () => log.evaluate((element) => element.scrollHeight > element.clientHeight + 300));
  await log.hover();
  await page.mouse.wheel(0, -250);
  await page.getByRole('button', { name: 'New messages' }).waitFor();
  // The wheel runs out.
  const place = () => log.evaluate((element) => element.scrollTop);
  await until(10_000, 'stillness', async () => {
    const before = await place();
    await sleep(200);
    return (await place()) === before;
  });
  await portal.say(page, 'and this meanwhile');
  await until(5_000, 'the message in sight', () => isInSight(portal.said(page).last()));
  await portal.stop(page).click();
  await until(30_000, 'quiet', async () => (await log.getAttribute('aria-busy')) === 'false');
  const arrow = page.getByRole('button', { name: 'To the end' });
  await log.hover();
  await until(10_000, 'the arrow', async () => {
    await page.mouse.wheel(0, -100);
    await sleep(100);
    return arrow.isVisible();
  });
  await arrow.click();
  await arrow.waitFor({ state: 'hidden' });
  assertQuiet(page);
});

test('the log-in limit counts down, and a link that was used says so when it is opened', async (t) => {
  const { page, server } = await begin(t);
  await portal.open(page, server.setupLink.replace(server.url, new URL(page.url()).origin));
  await page.getByRole('alert').getByText(/cannot be used any more/).waitFor();
  assert.equal(await page.getByLabel('Password').count(), 0, 'there is no form to be filled in for nothing');

  // Ten tries a minute, whoever makes them.
  for (let n = 0; n < 10; n += 1) {
    await fetch(`${server.url}/api/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'eve@example.com', password: 'not the password' }) });
  }
  const stranger = await openPage(page.context().browser(), server.url, { expectFailures: true });
  await portal.open(stranger, '/login');
  await stranger.getByLabel('E-mail').fill('eve@example.com');
  await stranger.getByLabel('Password').fill('not the password');
  await stranger.getByRole('button', { name: 'Log in' }).click();
  const button = stranger.getByRole('button', { name: /^Try again in \d+ s$/ });
  const left = async () => Number(/\d+/.exec(await button.textContent())?.[0]);
  await stranger.getByRole('alert').getByText(/Try again in \d+ seconds?\./).waitFor();
  assert.ok(await button.isDisabled());
  const first = await left();
  await until(10_000, 'a second less', async () => (await left()) < first);
  await stranger.getByRole('button', { name: 'Log in' }).waitFor({ timeout: 70_000 });
  assertQuiet(stranger);
});

async function numbers(page) {
  if (await portal.answers(page).count() === 0) return [];
  return (await portal.words(portal.newest(page))).filter((word) => /^\d+\.?$/.test(word)).map(parseFloat);
}

function isInSight(element) {
  return element.evaluate((it) => {
    // Once the server has it, it is drawn anew.
    const around = it.closest('[role="log"]');
    if (!around) return false;
    const [own, log] = [it.getBoundingClientRect(), around.getBoundingClientRect()];
    return own.top < log.bottom && own.bottom > log.top;
  });
}

// As translators do: every text node gives way to elements with words of theirs; here the same ones, so
// that things keep their names.
function translate() {
  const wrap = (node) => {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent || parent.closest('font, script, style, textarea, title')) return;
    const [outer, inner] = [document.createElement('font'), document.createElement('font')];
    inner.textContent = node.data;
    outer.append(inner);
    node.replaceWith(outer);
  };
  const walk = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return wrap(root);
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    return found.forEach(wrap);
  };
  walk(document.body);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'characterData') wrap(target);
      addedNodes.forEach(walk);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

// A server behind a proxy that a test can change first, with its first person logged in.
async function begin(t, plan = {}, change = () => {}) {
  const [server, browser] = await Promise.all([startServer(t, plan), startBrowser(t)]);
  const proxy = await startProxy(t, server.listen);
  change(proxy);
  const page = await openPage(browser, proxy.url, { expectFailures: true });
  await portal.open(page, server.setupLink.replace(server.url, proxy.url));
  await portal.setUp(page);
  return { page, proxy, server };
}
