// Nothing that was typed is lost: when the login ends, when the server is gone, between two tabs, and
// between two servers on one host.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERSON, logIn, setUp } from './support/api.mjs';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { sleep, until } from './support/wait.mjs';

const LONG = `remember that ${'the harbour has a lamp and '.repeat(74)}a bell`;
const ENDED = /Your log-in has ended/;

test('a text of two thousand characters outlives the login it was typed in', async (t) => {
  const { page } = await begin(t, { expectFailures: true });
  // Sent with a login that has ended, and typed in one that ends before it is sent.
  for (const sends of [true, false]) {
    await portal.begin(page);
    await portal.message(page).fill(LONG);
    await page.evaluate(() => fetch('/api/auth/logout', { method: 'POST' }));
    if (sends) await portal.message(page).press('Enter').catch(() => {});
    await page.getByText(ENDED).waitFor();
    await portal.logIn(page);
    await holds(page, LONG);
  }
  assert.equal(await page.getByText(ENDED).count(), 0);
  await portal.message(page).press('Enter');
  await portal.finished(page);
  assert.equal(await portal.text(portal.said(page)).innerText(), LONG);
  assert.equal(await portal.message(page).inputValue(), '');
  assertQuiet(page);
});

test('whoever logs out leaves nothing of what was typed, and is not told of a lost login', async (t) => {
  const { page } = await begin(t);
  await portal.message(page).fill('half a secret');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(await page.getByText(ENDED).count(), 0);
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify({ ...localStorage })), /half a secret/);
  await portal.logIn(page);
  await holds(page, '');
  assertQuiet(page);
});

test('each tab has drafts of its own, and what a closed one has left is found', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const address = page.url();
  const other = await page.context().newPage();
  await portal.open(other, address);
  await portal.message(page).fill('of the one');
  await portal.message(other).fill('of the other');
  for (const tab of [page, other]) {
    await tab.reload();
    await portal.ready(tab);
  }
  await holds(page, 'of the one');
  await holds(other, 'of the other');
  // What is kept is named by the server, so that another one at this place finds none of it.
  const { instance } = await page.evaluate(() => fetch('/api/auth/session').then((answer) => answer.json()));
  const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('draft.')));
  assert.ok(instance && kept.length === 2 && kept.every((key) => key.includes(instance)), `${kept}`);

  await portal.message(page).fill('');
  await other.close();
  const third = await page.context().newPage();
  await portal.open(third, address);
  await holds(third, 'of the other');
  assertQuiet(page);
});

test('a copy of a tab has drafts of its own', async (t) => {
  const { page } = await begin(t);
  const [copy] = await Promise.all([page.context().waitForEvent('page'), page.evaluate(() => { window.open(location.href); })]);
  await portal.message(copy).waitFor();
  await portal.message(page).fill('of the one');
  await portal.message(copy).fill('of the copy');
  for (const tab of [page, copy]) {
    await tab.reload();
    await portal.ready(tab);
  }
  await holds(page, 'of the one');
  await holds(copy, 'of the copy');
  assertQuiet(page);
});

test('what a reload cuts off on its way arrives once', async (t) => {
  const { page, server } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  // The server has it, and the page never hears of it.
  const taken = new Promise((told) => {
    page.route('**/messages', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      await route.fetch();
      return told();
    });
  });
  await portal.say(page, 'remember that the second is blue');
  await taken;
  await page.unroute('**/messages');
  await page.reload();
  await portal.ready(page);
  await until(20_000, 'both answers', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);
  await until(10_000, 'it to be there once', async () => (await portal.said(page).count()) === 2);
  assert.equal(await failed(page).count(), 0);
  const record = await (await logIn(server)).messages(portal.conversation(page));
  assert.equal(record.filter(({ role }) => role === 'user').length, 2);
});

test('two messages that begin a conversation begin one', async (t) => {
  const { page, server } = await begin(t);
  await page.route('**/api/conversations', async (route) => {
    await sleep(route.request().method() === 'POST' ? 500 : 0);
    return route.continue();
  });
  await portal.say(page, 'remember that the first is red');
  await portal.say(page, 'remember that the second is blue');
  await until(30_000, 'both answers', async () => (await portal.answers(page).count()) === 2);
  await until(30_000, 'both to be stored', async () => (await portal.answers(page).and(page.locator('[data-state="stored"]')).count()) === 2);
  const { items } = await (await logIn(server)).conversations();
  assert.equal(items.length, 1);
  assertQuiet(page);
});

test('what could not be sent waits across a reload, is sent once, or is edited', async (t) => {
  const { page, server } = await begin(t, { expectFailures: true });
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  await server.kill();
  await portal.say(page, 'remember that the lake is called Onega');
  await portal.say(page, 'a slip of the pen');
  await until(20_000, 'both to fail', async () => (await failed(page).count()) === 2);
  await page.getByText('unknown').first().waitFor();
  await noted(page, 2);
  await server.start();
  await page.reload();
  await portal.ready(page);
  await until(20_000, 'both to be there', async () => (await failed(page).count()) === 2);
  await failed(page).filter({ hasText: 'slip' }).getByRole('button', { name: 'Edit' }).click();
  await holds(page, 'a slip of the pen');
  await portal.message(page).fill('');
  await failed(page).getByRole('button', { name: 'Retry' }).click();
  await until(30_000, 'the answer', async () => (await portal.answers(page).count()) === 2);
  await portal.finished(page);
  await page.reload();
  await portal.ready(page);
  await until(20_000, 'what was said', async () => (await portal.said(page).count()) === 2);
  assert.equal(await failed(page).count(), 0);
  const record = await (await logIn(server)).messages(portal.conversation(page));
  const said = record.filter(({ role }) => role === 'user').map(({ content }) => content);
  assert.deepEqual(said, ['remember that the first is red', 'remember that the lake is called Onega']);
  assertQuiet(page);
});

test('messages that were cut off together arrive in the order they were typed in', async (t) => {
  const { page, server } = await begin(t, { expectFailures: true });
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const words = ['one', 'two', 'three', 'four', 'five'].map((word) => `remember that ${word} was cut off`);
  // None of them reaches the server, and the page does not hear that.
  await page.route('**/messages', (route) => (route.request().method() === 'POST' ? undefined : route.continue()));
  for (const text of words) await portal.say(page, text);
  await page.reload();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await portal.ready(page);
  const client = await logIn(server);
  const said = async () => (await client.messages(portal.conversation(page))).filter(({ role }) => role === 'user').map(({ content }) => content);
  await until(30_000, 'all to arrive', async () => (await said()).length === 6);
  assert.deepEqual((await said()).slice(1), words);
  assert.deepEqual((await portal.said(page).allInnerTexts()).slice(1), words);
});

test('a message goes to the conversation it was typed in, wherever the person has gone', async (t) => {
  const { page, server } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const first = portal.conversation(page);
  await portal.begin(page);
  let let_go;
  const held = new Promise((go) => { let_go = go; });
  await page.route('**/api/conversations', async (route) => {
    if (route.request().method() === 'POST') await held;
    return route.continue();
  });
  await portal.say(page, 'remember that the second is blue');
  await portal.say(page, 'remember that the third is green');
  await page.locator(`a[href="/c/${first}"]`).first().click();
  await page.waitForURL(`**/c/${first}`);
  let_go();
  const client = await logIn(server);
  const all = async () => (await client.conversations()).items;
  await until(30_000, 'the other conversation', async () => (await all()).length === 2);
  const other = (await all()).find(({ id }) => id !== first).id;
  const said = async (id) => (await client.messages(id)).filter(({ role }) => role === 'user').map(({ content }) => content);
  await until(30_000, 'both to arrive', async () => (await said(other)).length === 2);
  assert.deepEqual(await said(other), ['remember that the second is blue', 'remember that the third is green']);
  assert.equal((await said(first)).length, 1);
  assert.equal(portal.conversation(page), first);
  assert.equal((await all()).length, 2);
  assertQuiet(page);
});

test('a message whose key has ended is sent again only if the server does not have it', async (t) => {
  const { page, server } = await begin(t, { expectFailures: true });
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  // Two are kept as not sent: the server has one of them.
  await page.route('**/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    if (route.request().postData().includes('blue')) await route.fetch();
    return route.abort();
  });
  await portal.say(page, 'remember that the second is blue');
  await portal.say(page, 'remember that the third is green');
  await noted(page, 2);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  // Two days later: the server knows neither key any more.
  await page.evaluate(() => {
    for (const name of Object.keys(localStorage).filter((key) => key.startsWith('unsent.'))) {
      const parts = name.split('.');
      parts[4] = `of-before-${parts[4]}`;
      const [times, ...text] = localStorage.getItem(name).split('\n');
      const [sent, since] = times.split(' ');
      localStorage.setItem(parts.join('.'), `${sent} ${Number(since) - 2 * 86_400_000}\n${text.join('\n')}`);
      localStorage.removeItem(name);
    }
  });
  await page.reload();
  await portal.ready(page);
  await until(20_000, 'both to wait', async () => (await failed(page).count()) === 2);
  await failed(page).filter({ hasText: 'blue' }).getByRole('button', { name: 'Retry' }).click();
  await page.getByText('This message had arrived').waitFor();
  await failed(page).getByRole('button', { name: 'Retry' }).click();
  await until(30_000, 'nothing to wait', async () => (await failed(page).count()) === 0);
  const client = await logIn(server);
  const said = async () => (await client.messages(portal.conversation(page))).filter(({ role }) => role === 'user').map(({ content }) => content);
  await until(30_000, 'the third', async () => (await said()).length === 3);
  assert.deepEqual((await said()).map((text) => text.split(' ').pop()), ['red', 'blue', 'green']);
  await page.reload();
  await portal.ready(page);
  await until(20_000, 'each to be there once', async () => (await portal.said(page).count()) === 3);
  assert.equal(await failed(page).count(), 0);
});

test('tabs of a page that came by plain HTTP, which has no locks, keep apart too', async (t) => {
  const { page } = await begin(t);
  await page.context().addInitScript(() => {
    Object.defineProperty(navigator, 'locks', { value: undefined });
    delete Object.getPrototypeOf(crypto).randomUUID;
    Object.defineProperty(globalThis, 'isSecureContext', { value: false });
  });
  await page.reload();
  await portal.ready(page);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const address = page.url();
  const [copy] = await Promise.all([page.context().waitForEvent('page'), page.evaluate(() => { window.open(location.href); })]);
  await portal.message(copy).waitFor();
  await portal.message(page).fill('of the one');
  await portal.message(copy).fill('of the copy');
  const name = (tab) => tab.evaluate(() => sessionStorage.getItem('tab'));
  assert.notEqual(await name(page), await name(copy));
  for (const tab of [page, copy]) {
    await tab.reload();
    await portal.ready(tab);
  }
  await holds(page, 'of the one');
  await holds(copy, 'of the copy');
  await portal.message(page).fill('');
  await copy.close();
  const third = await page.context().newPage();
  await portal.open(third, address);
  await holds(third, 'of the copy');
  assertQuiet(page);
});

test('drafts of an earlier version are found and kept as this one does', async (t) => {
  const { page } = await begin(t);
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const talk = portal.conversation(page);
  await page.evaluate((id) => {
    localStorage.setItem(`draft.${id}`, 'half a thought');
    localStorage.setItem('draft.', 'a beginning');
  }, talk);
  await page.reload();
  await portal.ready(page);
  await holds(page, 'half a thought');
  await portal.begin(page);
  await holds(page, 'a beginning');
  const older = await page.evaluate(() => Object.keys(localStorage).filter((key) => /^draft\.[^.]*$/.test(key)));
  assert.deepEqual(older, []);
  assertQuiet(page);
});

test('a conversation that could not be begun waits where it was to begin', async (t) => {
  const { page, server } = await begin(t, { expectFailures: true });
  await server.kill();
  await portal.say(page, 'remember that the lake is called Onega');
  await noted(page, 1);
  await server.start();
  await page.reload();
  await portal.ready(page);
  await failed(page).getByRole('button', { name: 'Retry' }).click();
  await portal.finished(page);
  assert.equal(await portal.said(page).count(), 1);
  assertQuiet(page);
});

test('no page stops when its login ends under it', async (t) => {
  const { page } = await begin(t, { expectFailures: true });
  await portal.say(page, 'remember that the first is red');
  await portal.finished(page);
  const talk = new URL(page.url()).pathname;
  for (const path of [talk, '/', '/agents', '/memory', '/settings', talk]) {
    await portal.open(page, path);
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    if (path === talk) await portal.say(page, '/ask code count to 300');
    if (path === '/agents') await page.getByText('Recent log').first().click();
    if (path === '/memory') await page.getByRole('list', { name: 'Memories' }).getByRole('button').first().click();
    await page.evaluate(() => fetch('/api/auth/logout', { method: 'POST' }));
    await page.getByText(ENDED).waitFor();
    await sleep(300);
    await page.getByLabel('E-mail').fill(PERSON.email);
    await page.getByLabel('Password').fill(PERSON.password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    assert.equal(await page.getByText('The portal has stopped').count(), 0);
  }
  assertQuiet(page);
});

test('two servers on one host leave each other logged in', async (t) => {
  const [one, two, browser] = await Promise.all([startServer(t), startServer(t), startBrowser(t)]);
  await Promise.all([setUp(one), setUp(two)]);
  const page = await openPage(browser, one.url);
  await portal.open(page, '/');
  await portal.logIn(page);
  const other = await page.context().newPage();
  await portal.open(other, two.url);
  await portal.logIn(other);
  for (const tab of [page, other]) {
    await tab.reload();
    await portal.message(tab).waitFor();
    await portal.say(tab, 'remember that both are here');
    await portal.finished(tab);
  }
  assertQuiet(page);
});

function failed(page) {
  return portal.said(page).and(page.locator('[data-state="failed"]'));
}

// Waits until the browser keeps so many messages as failed: before that a reload would send them.
function noted(page, count) {
  const kept = () => Object.keys(localStorage).filter((key) => key.startsWith('unsent.') && localStorage[key].startsWith('0 ')).length;
  return until(20_000, `${count} to be kept as failed`, async () => (await page.evaluate(kept)) === count);
}

function holds(page, text) {
  return until(10_000, `the message field to hold ${text.length} characters`, async () => (await portal.message(page).inputValue()) === text);
}

// A server with its first person logged in, on the chat page.
async function begin(t, options) {
  const [server, browser] = await Promise.all([startServer(t), startBrowser(t)]);
  const page = await openPage(browser, server.url, options);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  return { page, server };
}
