// Tokens for programs on the settings page: made, copied, used, revoked; and what clients are given.

import assert from 'node:assert/strict';
import { before, after, beforeEach, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { bringAxe, findings } from './support/axe.mjs';
import { PERSON, setUp } from './support/api.mjs';
import { assertQuiet, loggedIn, openPage, startBrowser } from './support/browser.mjs';
import { open } from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

let [server, api, browser, storageState, page] = [];

before(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  api = await setUp(server);
  storageState = await loggedIn(browser, server, PERSON);
});

after(async () => {
  await browser?.close();
  await server?.end();
});

beforeEach(async (t) => {
  for (const { id } of (await api.call('GET', '/api/tokens')).items) await api.call('DELETE', `/api/tokens/${id}`);
  page = await openPage(browser, server.url, { storageState, permissions: ['clipboard-read', 'clipboard-write'], viewport: { width: 1440, height: 900 } });
  await bringAxe(page);
  t.after?.(() => page.context().close());
  await open(page, '/settings');
});

const panel = () => page.getByRole('region', { name: 'Tokens for programs' });
const rows = () => panel().getByRole('list').getByRole('listitem');
const secret = () => page.getByTestId('secret');
const dialog = (name) => page.getByRole('dialog', { name });
const pasted = () => panel().locator('figure pre');
const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

async function make(name, { preset, expiry } = {}) {
  await panel().getByRole('button', { name: 'New token' }).click();
  const form = dialog('New token');
  await form.getByLabel('Name').fill(name);
  if (preset) await form.getByRole('button', { name: preset }).click();
  if (expiry) await form.getByLabel('Works for').selectOption({ label: expiry });
  await form.getByRole('button', { name: 'Make token' }).click();
}

async function made(name, options) {
  await make(name, options);
  await secret().waitFor();
  return secret().textContent();
}

const read = (token, path = '/api/memory') => fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });

describe('tokens', () => {
  test('one is made, copied, used over MCP, and refused once it is revoked', async () => {
    await panel().getByText('No program has a token yet.').waitFor();
    const token = await made('my editor');
    assert.match(token, /^aiinfra_/);
    await panel().getByRole('button', { name: 'Copy token' }).click();
    await until(5_000, 'the token on the clipboard', async () => (await clipboard()) === token);

    assert.equal((await read(token)).status, 200);
    const client = new Client({ name: 'browser test', version: '1.0.0' });
    const requestInit = { headers: { Authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit }));
    const kept = await client.callTool({ name: 'remember', arguments: { text: 'the heron nests at dawn' } });
    assert.notEqual(kept.isError, true, JSON.stringify(kept));
    await client.close();

    await until(10_000, 'the use to be written', async () => (await api.call('GET', '/api/tokens')).items[0].last_used_at);
    await page.reload();
    await rows().first().getByText('used just now').waitFor();
    assert.equal(await secret().count(), 0, 'shown once');
    assert.ok(!(await page.content()).includes(token));

    await rows().first().getByRole('button', { name: 'Revoke my editor' }).click();
    await dialog('Revoke this token?').getByText('my editor').waitFor();
    await page.keyboard.press('Escape');
    assert.equal((await read(token)).status, 200, 'nothing is revoked by looking away');
    await rows().first().getByRole('button', { name: 'Revoke my editor' }).click();
    await dialog('Revoke this token?').getByRole('button', { name: 'Revoke' }).click();
    await panel().getByText('No program has a token yet.').waitFor();
    assert.equal((await read(token)).status, 401);
    assertQuiet(page);
  });

  test('the read-only preset opens reading alone, and says so', async () => {
    const token = await made('dashboard', { preset: 'Read-only', expiry: 'for good' });
    await rows().first().getByText('read-only: read whatever you may read').waitFor();
    await rows().first().getByText('never expires').waitFor();
    assert.equal((await read(token)).status, 200);
    const write = await fetch(`${server.url}/api/memory`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ text: 'the heron nests' }] }),
    });
    assert.equal(write.status, 403);
    assertQuiet(page);
  });

  test('clients are given what they paste, with the address and the token', async () => {
    const choose = (label) => panel().getByLabel('Client', { exact: true }).selectOption({ label });
    await choose('Cursor');
    const parsed = async () => JSON.parse(await pasted().first().textContent());
    assert.equal((await parsed()).mcpServers['ai-infra'].headers.Authorization, 'Bearer YOUR_TOKEN');
    const token = await made('cursor');
    const cursor = (await parsed()).mcpServers['ai-infra'];
    assert.deepEqual(cursor, { url: `${server.url}/mcp`, headers: { Authorization: `Bearer ${token}` } });
    await choose('Claude Code');
    const [shell, command] = await pasted().allTextContents();
    assert.ok(shell.includes(token) && !command.includes(token), command);
    await panel().getByRole('button', { name: 'Copy what goes once, in a shell' }).click();
    await until(5_000, 'the command on the clipboard', async () => (await clipboard()) === command);
    const printed = await server.command('token', 'config', 'codex');
    await choose('Codex');
    assert.ok(printed.includes(await pasted().last().textContent()), 'the command line prints the same');
    await panel().getByRole('button', { name: 'I have it' }).click();
    await choose('Cursor');
    assert.equal((await parsed()).mcpServers['ai-infra'].headers.Authorization, 'Bearer YOUR_TOKEN');
    assertQuiet(page);
  });

  test('what is wrong stands beside its field and the dialog stays open', async () => {
    page.watch.length = 0;
    await made('editor');
    await make('editor');
    const form = dialog('New token');
    await form.getByText('has this name').waitFor();
    for (const box of await form.getByRole('checkbox').all()) await box.uncheck();
    await form.getByLabel('Name').fill('another');
    await form.getByRole('button', { name: 'Make token' }).click();
    await form.getByText('one scope at least').waitFor();
    await form.getByLabel(/^chat/).check();
    await page.keyboard.press('Enter');
    await rows().nth(1).getByText('another').waitFor();
    const bad = page.watch.filter((line) => !/Failed to load resource/.test(line));
    assert.deepEqual(bad, []);
  });

  test('axe finds nothing in the panel and its dialogs', async () => {
    await made('editor');
    assert.deepEqual(await findings(page), []);
    await panel().getByRole('button', { name: 'New token' }).click();
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press('Escape');
    await rows().first().getByRole('button', { name: /^Revoke/ }).click();
    assert.deepEqual(await findings(page), []);
  });
});
