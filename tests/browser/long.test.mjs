// A conversation of a thousand messages: read back to its beginning and written on at its end, with
// no task that holds the page for long. Opening it is not part of that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startModel } from './mock-model.mjs';
import { PERSON, setUp } from './support/api.mjs';
import { assertQuiet, loggedIn, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { quickTests } from './support/tasks.mjs';
import { sleep, until } from './support/wait.mjs';

const MESSAGES = 1_000;
const AT_ONCE = 20;

const ANSWER = `Here is what was found about **the staging database**, in three points:

1. It is called \`heron\` and listens on port 5432.
2. Its backups run at 03:00; the last one took *4 minutes*.
3. Nothing else uses it.

\`\`\`sh
psql --host heron --port 5432 --command 'select count(*) from orders'
\`\`\`
`;

test('a thousand messages scroll and stream without a task that holds the page', async (t) => {
  const model = await startModel(t, {
    pauseMs: (words) => (words.includes('slowly') ? 20 : 0),
    reply: (words) => (words.includes('slowly') ? ANSWER.repeat(4) : words),
  });
  const [server, browser] = await Promise.all([startServer(t, model), startBrowser(t)]);
  const api = await setUp(server);
  const conversation = await fill(api);
  const page = await openPage(browser, server.url, { storageState: await loggedIn(browser, server, PERSON) });
  await openAtEnd(page, conversation);

  const quick = quickTests(t, browser, page);
  await quick('streams while only its end is shown', () => stream(page));
  await quick('is read back to its first message', () => readBack(page), () => openAtEnd(page, conversation));
  await quick('scrolls from end to beginning and back', () => scrollThrough(page));
  await quick('streams while all of it is shown', () => stream(page));
  assertQuiet(page);
});

// Says and answers until the conversation has its thousand messages.
async function fill(api) {
  const conversation = await api.converse('A long conversation');
  for (let said = 0; said < MESSAGES / 2; said += AT_ONCE) {
    const sent = Array.from({ length: AT_ONCE }, (_, n) => api.send(conversation, `/ask code Number ${said + n}. ${ANSWER}`));
    const wanted = (await Promise.all(sent)).map((accepted) => accepted.answer_id);
    await until(60_000, 'the answers', () => allStored(api, conversation, wanted));
  }
  const record = await api.messages(conversation);
  assert.equal(record.length, MESSAGES);
  return conversation;
}

async function allStored(api, conversation, wanted) {
  const page = await api.call('GET', `/api/conversations/${conversation}/messages?limit=100`);
  const stored = new Set(page.messages.map((message) => message.id));
  return wanted.every((id) => stored.has(id));
}

async function openAtEnd(page, conversation) {
  await portal.open(page, `/c/${conversation}`);
  await portal.newest(page).waitFor();
  await page.waitForLoadState('networkidle');
  await sleep(1_000);
}

// Asks for earlier messages until there are none, as somebody does who looks for the beginning. Runs
// in the page, as everything does that is measured: finding a thing by its role costs the page more
// than anything it does itself.
function readBack(page) {
  return page.evaluate(async (most) => {
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const log = document.querySelector('[role="log"]');
    for (let step = 0; step < most; step += 1) {
      log.scrollTop = 0;
      const earlier = [...log.querySelectorAll('button')].find((one) => one.textContent.includes('Show earlier messages'));
      if (!earlier && log.querySelectorAll('article').length >= most) return;
      earlier?.click();
      await pause(100);
    }
    throw new Error('the first message is not reached');
  }, MESSAGES);
}

// A wheel turned steadily from end to beginning and back.
async function scrollThrough(page) {
  const box = await page.evaluate(() => document.querySelector('[role="log"]').getBoundingClientRect().toJSON());
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (const direction of [-1, 1]) {
    for (let turn = 0; turn < 2_000 && !(await isAtEdge(page, direction)); turn += 1) await page.mouse.wheel(0, direction * 2_000);
    assert.ok(await isAtEdge(page, direction), 'the wheel reaches the end');
  }
}

function isAtEdge(page, direction) {
  return page.evaluate((way) => {
    const log = document.querySelector('[role="log"]');
    return way < 0 ? log.scrollTop <= 1 : log.scrollTop + log.clientHeight >= log.scrollHeight - 2;
  }, direction);
}

async function stream(page) {
  const before = await last(page);
  await page.evaluate(() => document.querySelector('#composer').focus());
  await page.keyboard.type('/ask code Say it slowly.');
  await page.keyboard.press('Enter');
  await until(30_000, 'the next answer to be stored', async () => {
    const now = await last(page);
    return now.id !== before.id && now.state === 'stored';
  });
}

// The newest answer.
function last(page) {
  return page.evaluate(() => {
    const { message: id, state } = [...document.querySelectorAll('article[data-agent]')].at(-1).dataset;
    return { id, state };
  });
}
