// A person's first minutes: the one-time link, a thing remembered, and every way a line can break.
//
// The words on the page are held against the server's record: none may be lost, none doubled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn, setUp } from './support/api.mjs';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startProxy } from './support/proxy.mjs';
import { startServer } from './support/server.mjs';
import { sleep, until } from './support/wait.mjs';

// Slow enough that a test can act while an answer is being written.
const SLOW = { AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND: '30' };

const OUTAGE_MS = 5_000;

test('from the one-time link to an answer from memory', async (t) => {
  const [server, browser] = await Promise.all([startServer(t, { environment: SLOW }), startBrowser(t)]);
  const page = await openPage(browser, server.url);

  await portal.open(page, server.setupLink);
  assert.equal(new URL(page.url()).hash, '', 'the token has left the address bar');
  await portal.setUp(page);

  await portal.say(page, 'remember that the staging database is called heron');
  await portal.finished(page);

  await portal.begin(page);
  await recordGrowth(page);
  await portal.say(page, 'What is the staging database called?');
  await portal.finished(page);

  const answer = portal.newest(page);
  assert.match(await portal.text(answer).innerText(), /heron/);
  assert.notEqual(await answer.getAttribute('data-agent'), 'supervisor', 'a worker answers');
  assert.match(await portal.citations(answer).innerText(), /heron/);
  assert.ok(await growth(page) > 2, 'the answer came in pieces');
  await assertSameWords(page, await logIn(server));
  assertQuiet(page);
});

test('a wrong password is refused and the right one lets in', async (t) => {
  const [server, browser] = await Promise.all([startServer(t), startBrowser(t)]);
  await setUp(server);
  const page = await openPage(browser, server.url, { expectFailures: true });

  await portal.open(page, '/memory');
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').getByText(/password/i).waitFor();

  await page.getByLabel('Password').fill('four quiet words here');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();

  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await portal.open(page, '/memory');
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assertQuiet(page);
});

test('a reload in the middle of an answer loses and doubles no word', async (t) => {
  const { page, api } = await counting(t, 150);

  await page.reload();
  await portal.ready(page);
  await portal.finished(page);

  await assertCounted(page, 150);
  await assertSameWords(page, api);
  assertQuiet(page);
});

test('five seconds without network lose and double no word', async (t) => {
  const { page, api, proxy } = await counting(t, 400);

  proxy.cut();
  await offline(page);
  await sleep(OUTAGE_MS);
  proxy.mend();
  await portal.finished(page);

  await assertCounted(page, 400);
  await assertSameWords(page, api);
  assertQuiet(page);
});

test('what is sent without network is kept, and arrives once', async (t) => {
  const { page, api, proxy } = await counting(t, 3);
  await portal.finished(page);

  proxy.cut();
  await offline(page);
  await portal.say(page, 'remember that the lake is called Onega');
  const mine = portal.said(page).last();
  await mine.and(page.locator('[data-state="failed"]')).waitFor();
  assert.match(await portal.text(mine).innerText(), /Onega/, 'the text is kept');

  proxy.mend();
  await online(page);
  await mine.getByRole('button', { name: 'Retry' }).click();
  await until(20_000, 'the answer to it', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);

  const record = await api.messages(portal.conversation(page));
  assert.equal(record.filter((message) => message.content.includes('Onega') && message.role === 'user').length, 1);
  assert.equal(await portal.said(page).count(), 2);
  assertQuiet(page);
});

test('a server killed in the middle of an answer loses and doubles no word', async (t) => {
  const { page, api, server } = await counting(t, 300);

  await server.kill();
  await offline(page);
  await server.start();
  await portal.newest(page).and(page.locator('[data-state="stored"]')).waitFor({ timeout: 150_000 });

  await assertCounted(page, 300);
  await assertSameWords(page, api);
  assertQuiet(page);
});

// Sets up, asks for a long answer and returns in the middle of it.
async function counting(t, last) {
  const [server, browser] = await Promise.all([startServer(t, { environment: SLOW }), startBrowser(t)]);
  const proxy = await startProxy(t, server.listen);
  const page = await openPage(browser, proxy.url, { expectFailures: true });
  await portal.open(page, server.setupLink.replace(server.url, proxy.url));
  await portal.setUp(page);
  await portal.say(page, `/ask code count to ${last}`);
  const enough = Math.min(20, last);
  await until(20_000, `${enough} numbers`, async () => (await numbers(page)).length >= enough);
  return { page, proxy, server, api: await logIn(server) };
}

async function numbers(page) {
  if (await portal.answers(page).count() === 0) return [];
  return (await portal.words(portal.newest(page))).filter((word) => /^\d+\.?$/.test(word)).map(parseFloat);
}

async function assertCounted(page, last) {
  const wanted = Array.from({ length: last }, (_, n) => n + 1);
  assert.deepEqual(await numbers(page), wanted);
}

// Every message on the page against the record, word for word; marks of citations are no words.
async function assertSameWords(page, api) {
  const record = await api.messages(portal.conversation(page));
  const articles = await portal.log(page).getByRole('article').all();
  assert.equal(articles.length, record.length, 'as many messages as the record has');
  for (const [number, article] of articles.entries()) {
    // A message out of sight may not be laid out, and then has no words to be read.
    await article.scrollIntoViewIfNeeded();
    assert.deepEqual(plain(await portal.text(article).innerText()), plain(record[number].content));
  }
}

function plain(text) {
  return text.replace(/\[\d+\]/g, ' ').replace(/(?<=\D)\s\d\s?(?=[.\s]|$)/g, ' ').replace(/[*`]/g, '').split(/\s+/).filter(Boolean);
}

async function offline(page) {
  await page.locator('[data-testid="connection"][data-online="false"]').waitFor();
}

async function online(page) {
  await page.locator('[data-testid="connection"][data-online="true"]').waitFor({ state: 'attached' });
}

// Counts the different lengths that the newest answer has had.
function recordGrowth(page) {
  return page.evaluate(() => {
    window.lengths = new Set();
    const look = () => {
      const texts = document.querySelectorAll('article[data-agent] [data-testid="text"]');
      window.lengths.add([...texts].at(-1)?.textContent.length ?? 0);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

function growth(page) {
  return page.evaluate(() => window.lengths.size);
}
