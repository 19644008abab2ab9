// What a good chat does beside answering: stop, copy, drafts, names, archive, links, and staying put.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn } from './support/api.mjs';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import { startModel } from './mock-model.mjs';
import { details, press, rows } from './support/memories.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { sleep, until } from './support/wait.mjs';

const SLOW = { environment: { AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND: '30' } };

// Fast enough to fill a screen soon, slow enough to be read meanwhile.
const BRISK = { environment: { AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND: '120' } };

test('stop keeps what was written, and one can go on', async (t) => {
  const { page, server } = await begin(t, SLOW);
  await portal.say(page, '/ask code count to 600');
  await until(20_000, 'some words', async () => (await portal.answers(page).count()) > 0 && (await portal.words(portal.newest(page))).length > 20);
  await portal.message(page).focus();
  await page.keyboard.press('Escape');

  await portal.stop(page).waitFor({ state: 'hidden' });
  const kept = await portal.words(portal.newest(page));
  assert.ok(kept.length > 20 && kept.length < 500, `${kept.length} words are kept`);
  await sleep(1_000);
  assert.deepEqual(await portal.words(portal.newest(page)), kept, 'nothing is added any more');

  await page.reload();
  await portal.ready(page);
  await portal.newest(page).waitFor();
  assert.ok((await portal.words(portal.newest(page))).length >= kept.length - 5, 'a reload still shows them');

  await portal.say(page, 'remember that the lake is called Onega');
  await until(20_000, 'the next answer', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);
  const api = await logIn(server);
  const tasks = await api.call('GET', '/api/tasks?limit=20');
  assert.ok(tasks.items.some((task) => task.status === 'cancelled'), 'the work was called off');
  assertQuiet(page);
});

test('enter sends, shift and enter makes a line, a half-composed character is not sent', async (t) => {
  const { page } = await begin(t);
  const field = portal.message(page);
  await field.focus();
  await page.keyboard.type('remember that one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('and two');
  assert.equal(await field.inputValue(), 'remember that one\nand two');
  await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
  assert.equal(await portal.said(page).count(), 0, 'not sent while composing');
  await page.keyboard.press('Enter');
  await portal.finished(page);
  assert.match(await portal.text(portal.said(page)).innerText(), /one\s*\n\s*and two/);
  assert.equal(await field.inputValue(), '');
  assertQuiet(page);
});

test('a draft waits in its conversation', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  await portal.message(page).fill('half a thought');
  await portal.begin(page);
  assert.equal(await portal.message(page).inputValue(), '', 'a new one is empty');
  await page.goBack();
  await until(5_000, 'the draft', async () => (await portal.message(page).inputValue()) === 'half a thought');
  await page.reload();
  await portal.ready(page);
  await until(5_000, 'the draft after a reload', async () => (await portal.message(page).inputValue()) === 'half a thought');
  assertQuiet(page);
});

test('a message and a code block are copied as they were written', async (t) => {
  const model = await startModel(t);
  const { page } = await begin(t, model, { permissions: ['clipboard-read', 'clipboard-write'] });
  const words = 'Here is **code**:\n\n```sh\nls -l  # two  blanks\n```\n\nDone.';
  await portal.say(page, `/ask code ${words}`);
  await portal.finished(page);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await portal.newest(page).hover();
  await portal.newest(page).getByRole('button', { name: 'Copy code' }).click();
  assert.equal((await clipboard()).trimEnd(), 'ls -l  # two  blanks');
  await portal.newest(page).getByRole('button', { name: 'Copy', exact: true }).click();
  assert.equal(await clipboard(), words);
  assertQuiet(page);
});

test('a conversation is renamed, archived, brought back', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  await page.getByRole('button', { name: 'Rename' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Rename conversation' });
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Colours of things');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Colours of things' }).waitFor();
  await until(5_000, 'the title of the tab', async () => (await page.title()) === 'Colours of things - ai-infra');

  const link = page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: 'Colours of things' });
  await link.waitFor();
  await page.getByRole('button', { name: 'Archive', exact: true }).first().click();
  await link.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await link.waitFor();
  assertQuiet(page);
});

test('a conversation is deleted for good, with what was remembered of it', async (t) => {
  const { page, server } = await begin(t);
  await portal.say(page, 'remember that the vault opens with the word quagga');
  await portal.finished(page);
  const id = portal.conversation(page);
  await press(page, 'Delete for good');
  const dialog = page.getByRole('dialog', { name: 'Delete this conversation for good?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await portal.said(page).count(), 1, 'nothing went');

  await press(page, 'Delete for good');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText(/^The conversation is deleted for good, and \d+ memor(y|ies) with it\.$/).waitFor();
  await page.waitForURL('**/');
  const api = await logIn(server);
  const left = await api.conversations();
  assert.deepEqual(left.items.filter((conversation) => conversation.id === id), []);
  const { results } = await api.call('POST', '/api/memory/search', { query: 'word of the vault' });
  assert.deepEqual(results.filter(({ text }) => text.includes('quagga')), []);
  assertQuiet(page);
});

test('a message whose memory is deleted for good leaves its place, and says so', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the ferry leaves at nine');
  await portal.finished(page);
  await page.getByRole('link', { name: 'Memory' }).first().click();
  await rows(page).filter({ hasText: 'ferry' }).getByRole('button').click();
  await press(page, 'Delete for good');
  await details(page).getByText(/cannot be undone/).waitFor();
  await press(page, 'Delete it for good');
  await page.getByText(/^The memory is deleted for good/).waitFor();
  await page.getByRole('link', { name: 'Chat' }).first().click();
  await portal.said(page).getByText('Deleted for good').waitFor();
  await portal.newest(page).getByText('Deleted for good').waitFor();
  assert.equal(await portal.log(page).getByText('ferry').count(), 0);
  assertQuiet(page);
});

test('a clock far ahead is said on every page until it is confirmed', async (t) => {
  const { page, server } = await begin(t);
  await server.kill();
  server.environment = { AI_INFRA__CLOCK__OFFSET_SECONDS: String(400 * 86_400) };
  await server.start();
  const strip = page.getByRole('status', { name: 'Server' });
  await strip.getByText(/clock is far ahead/).waitFor({ timeout: 60_000 });
  await portal.open(page, '/settings');
  await strip.getByRole('button', { name: 'The clock is right' }).click();
  await page.getByText('The clock is confirmed.', { exact: true }).waitFor();
  await strip.getByText(/clock is far ahead/).waitFor({ state: 'hidden' });
});

test('deep links, the back button and another tab', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const first = page.url();
  await portal.begin(page);
  await portal.say(page, 'remember that the second is blue');
  await portal.finished(page);
  const second = page.url();
  assert.notEqual(first, second);

  const other = await page.context().newPage();
  await other.goto(first);
  await portal.log(other).getByText('the first is red').first().waitFor();

  await page.goBack();
  await page.waitForURL(first);
  await portal.log(page).getByText('the first is red').first().waitFor();
  await portal.say(page, 'remember that the third is green');
  await portal.finished(page);
  await portal.log(other).getByText('the third is green').first().waitFor();
  assertQuiet(page);
});

test('the page follows its end, and stays put under a reader', async (t) => {
  const { page } = await begin(t, BRISK);
  await page.setViewportSize({ width: 1000, height: 500 });
  await portal.say(page, '/ask code count to 1000');
  const log = portal.log(page);
  await until(30_000, 'more than a screen', () => log.evaluate((element) => element.scrollHeight > element.clientHeight + 300));
  const atEnd = () => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 80);
  await until(2_000, 'the end to be followed', atEnd);

  await log.hover();
  await page.mouse.wheel(0, -250);
  await sleep(300);
  const place = await log.evaluate((element) => element.scrollTop);
  await sleep(1_500);
  assert.equal(await log.evaluate((element) => element.scrollTop), place, 'nothing moves under a reader');
  await page.getByRole('button', { name: 'New messages' }).click();
  await until(2_000, 'the end again', atEnd);
  assertQuiet(page);
});

test('a screen reader hears who writes, then the answer, and not each word', async (t) => {
  const { page } = await begin(t, SLOW);
  const heard = page.getByTestId('announcer');
  await page.evaluate(() => {
    window.heard = [];
    const announcer = document.querySelector('[data-testid="announcer"]');
    new MutationObserver(() => window.heard.push(announcer.textContent)).observe(announcer, { subtree: true, childList: true, characterData: true });
  });
  await portal.say(page, '/ask code count to 60');
  await portal.log(page).and(page.locator('[aria-busy="true"]')).waitFor();
  await portal.finished(page);
  await heard.getByText(/1 2 3/).waitFor();
  const all = await page.evaluate(() => window.heard.filter(Boolean));
  assert.match(all[0], /is (replying|writing)/i);
  assert.ok(all.length <= 4, `heard ${all.length} things: ${all.join(' | ')}`);
  assert.equal(await portal.log(page).getAttribute('aria-live'), 'off');
  assert.equal(await portal.log(page).getAttribute('aria-busy'), 'false');
  assertQuiet(page);
});

test('an agent is stopped, started and restarted', async (t) => {
  const { page, server } = await begin(t);
  const api = await logIn(server);
  const process = async () => (await api.call('GET', '/api/agents/research')).pid;
  await page.getByRole('link', { name: 'Agents' }).first().click();
  const card = page.getByRole('article', { name: 'Research' });
  await card.getByText('idle').first().waitFor();
  await card.getByRole('button', { name: /^Stop/ }).click();
  await card.getByText('stopped').first().waitFor();
  await card.getByRole('button', { name: /^Start/ }).click();
  await card.getByText('idle').first().waitFor();
  const before = await process();
  await card.getByRole('button', { name: /^Restart/ }).click();
  await until(20_000, 'another process', async () => ![before, null, undefined].includes(await process()));
  await card.getByText('idle').first().waitFor();
  await card.getByText('Recent log').click();
  await card.getByTestId('log').filter({ hasText: /\w/ }).waitFor();
  assertQuiet(page);
});

test('what was said is found again, with the reason', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the staging database is called heron');
  await portal.finished(page);
  await page.getByRole('link', { name: 'Memory' }).first().click();
  await page.getByRole('searchbox', { name: 'What are you looking for?' }).fill('name of the staging database');
  await page.keyboard.press('Enter');
  const hit = page.getByRole('list', { name: 'Memories' }).getByRole('listitem').first();
  await hit.getByText(/heron/).first().waitFor();
  await hit.getByRole('meter').waitFor();
  assertQuiet(page);
});

test('a theme that was chosen stays', async (t) => {
  const { page } = await begin(t);
  await page.emulateMedia({ colorScheme: 'light' });
  await portal.open(page, '/settings');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('radio', { name: 'Dark' }).check();
  assert.notEqual(await ground(), light);
  const dark = await ground();
  await page.reload();
  await portal.ready(page);
  assert.equal(await ground(), dark);
  await page.getByRole('radio', { name: 'System' }).check();
  assert.equal(await ground(), light);
  assertQuiet(page);
});

// A server with its first person logged in, on the chat page.
async function begin(t, plan = {}, options = {}) {
  const [server, browser] = await Promise.all([startServer(t, plan), startBrowser(t)]);
  const page = await openPage(browser, server.url, options);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  return { page, server };
}
