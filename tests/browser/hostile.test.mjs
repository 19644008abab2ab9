// Two hundred texts that mean harm, said by a person and by a model: none runs, none calls out, and
// each can still be read. Seen twice, while they are being written and from the record.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE } from './hostile-texts.mjs';
import { startModel } from './mock-model.mjs';
import { PERSON, setUp } from './support/api.mjs';
import { assertQuiet, loggedIn, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

const IN_ONE_CONVERSATION = 10;

// Long enough for the largest texts on a busy machine; nothing here measures speed.
const ANSWERED_MS = 120_000;

test('hostile messages and answers are shown, not obeyed', async (t) => {
  const model = await startModel(t);
  const [server, browser] = await Promise.all([startServer(t, model), startBrowser(t)]);
  const api = await setUp(server);
  const page = await openHostilePage(browser, server);
  assert.ok(HOSTILE.length >= 200);

  for (let at = 0; at < HOSTILE.length; at += IN_ONE_CONVERSATION) {
    const texts = HOSTILE.slice(at, at + IN_ONE_CONVERSATION);
    await t.test(`texts ${at} to ${at + texts.length - 1}`, () => sayAll(page, api, texts));
  }
  await t.test('in the list, the search, the palette and the settings', () => elsewhere(page));
  assertQuiet(page);
});

async function openHostilePage(browser, server) {
  const storageState = await loggedIn(browser, server, PERSON);
  const page = await openPage(browser, server.url, { storageState });
  await page.addInitScript(() => {
    window.executed = 0;
  });
  return page;
}

// Says the texts while the page watches, then looks at them again from the record.
async function sayAll(page, api, texts) {
  const conversation = await api.converse();
  await portal.open(page, `/c/${conversation}`);
  for (const { content } of texts) await api.send(conversation, content);
  await until(ANSWERED_MS, 'all answers', async () => (await stored(page)) === texts.length);
  await assertHarmless(page, texts);

  await page.reload();
  await portal.ready(page);
  await until(ANSWERED_MS, 'the record', async () => (await stored(page)) === texts.length);
  await assertHarmless(page, texts);
  const record = await api.messages(conversation);
  const said = record.filter((message) => message.role === 'user').map((message) => message.content);
  assert.deepEqual(said, texts.map((text) => text.content), 'kept byte for byte');
}

function stored(page) {
  return portal.answers(page).and(page.locator('[data-state="stored"]')).count();
}

async function assertHarmless(page, texts) {
  await assertNothingRan(page);
  const shown = {
    messages: await portal.text(portal.said(page)).evaluateAll(readable),
    answers: await portal.text(portal.answers(page)).evaluateAll(readable),
  };
  for (const [by, all] of Object.entries(shown)) {
    const missing = texts.flatMap((text) => text.shows).filter((mark) => !all.includes(mark));
    assert.deepEqual(missing, [], `readable in ${by}`);
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
}

// The words of elements that are not hidden, those out of sight too. Runs in the page.
function readable(elements) {
  const words = elements.flatMap((element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility()) found.push(walker.currentNode.data);
    return [...found, '\n'];
  });
  return words.join('');
}

async function assertNothingRan(page) {
  assert.equal(await page.evaluate(() => window.executed), 0, 'something was executed');
  assert.deepEqual(await page.evaluate(findForeignParts), [], 'mark-up became part of the page');
  assert.deepEqual(await page.evaluate(findDeceivers), [], 'characters that hide or reorder are shown as they are');
  assertQuiet(page);
}

// Elements and attributes that only hostile mark-up can have brought in. Runs in the page.
function findForeignParts() {
  const tags = 'iframe,object,embed,applet,frame,portal,base,marquee,math,video,audio,picture,img,form[action],'
    + 'body style,body link,body meta,body script,foreignObject,animate,svg set,svg use,svg image,svg a,.log dialog,[role=log] [id=root]';
  const found = [...document.querySelectorAll(tags)].map((element) => element.outerHTML.slice(0, 200));
  for (const element of document.querySelectorAll('body *')) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on') || name === 'srcdoc') found.push(`${element.tagName} ${name}=${value}`);
      if (/^(href|src|xlink:href|action|formaction|poster|ping)$/.test(name) && !isSafe(value)) {
        found.push(`${element.tagName} ${name}=${value}`);
      }
    }
  }
  return found;

  function isSafe(value) {
    const url = new URL(value, document.baseURI);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol);
  }
}

// Places where an invisible or reordering character stands unmarked. Runs in the page.
function findDeceivers() {
  const deceiver = /[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u00ad\u{e0000}-\u{e007f}]/u;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = deceiver.test(document.title) ? ['title'] : [];
  while (walker.nextNode()) {
    const { data, parentElement: parent } = walker.currentNode;
    if (deceiver.test(data)) found.push(parent.outerHTML.slice(0, 150));
  }
  return found;
}

// The same texts are titles, memories and search results too.
async function elsewhere(page) {
  await portal.open(page, '/');
  await page.getByRole('navigation', { name: 'Conversations' }).getByRole('link').first().waitFor();
  await assertNothingRan(page);

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Command' }).fill('begin');
  await assertNothingRan(page);
  await page.keyboard.press('Escape');

  await portal.open(page, '/memory');
  for (const words of ['script alert window', 'svg onload', 'press me', 'backwards']) {
    await page.getByRole('searchbox', { name: 'What are you looking for?' }).fill(words);
    await page.keyboard.press('Enter');
    await page.getByRole('list', { name: 'Memories' }).getByRole('listitem').first().waitFor();
    await assertNothingRan(page);
  }
}
