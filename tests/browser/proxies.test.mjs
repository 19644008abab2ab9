// The portal and its programs behind nginx, Caddy and HAProxy as docs/proxy.md sets them up, at a name of
// their own and below a path: log-in, chat, socket, deep links, MCP. A proxy that is missing fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import { ask, place, startDocumented } from './support/documented-proxy.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

const TOOLS = ['search', 'remember', 'forget', 'recent'];

for (const kind of ['nginx', 'caddy', 'haproxy']) {
  for (const base of ['', '/ai']) {
    test(`everything works behind ${kind} ${base ? `below ${base}` : 'at a name of its own'}`, async (t) => {
      const { page, server, where } = await begin(t, kind, base);
      await chat(page);
      const socket = heard(page, `${where.url.replace('https', 'wss')}/ws`);
      await theLinksStay(page, where);
      await socket;
      await theCookiesStay(page, where);
      await logOutAndIn(page, where);
      await speaksMcp(server, where);
      assertQuiet(page);
    });
  }
}

test('below a path and without a socket an answer comes by long polls', async (t) => {
  const forbid = (text) => text.replace(/^ +location /m, '    location = /ai/ws { return 403; }\n$&');
  const { page, where } = await begin(t, 'nginx', '/ai', forbid);
  const polled = page.waitForResponse(`${where.url}/api/live`);
  await chat(page);
  assert.equal((await polled).status(), 200);
  assertQuiet(page);
});

test('whoever comes past the proxy is served too', async (t) => {
  const { server, where } = await begin(t, 'caddy', '/ai');
  for (const base of ['', '/ai']) {
    const info = await fetch(`${server.url}${base}/api/info`);
    assert.equal(info.status, 200, base);
    const index = await (await fetch(`${server.url}${base}/memory`, { headers: { accept: 'text/html' } })).text();
    assert.match(index, /<html data-base="\/ai" lang="en">[\s\S]*src="\/ai\/boot\.js"/);
  }
  // A neighbour's address begins alike, and is not ours.
  assert.equal((await fetch(`${server.url}/aix/api/info`)).status, 404);
  const twice = await ask(where, '/ai/api/info');
  assert.equal(twice.status, 200, 'the proxy took the path off once, and so did the server');
});

// Says something and reads the answer to its end.
async function chat(page) {
  await page.locator('[data-testid="connection"][data-online="true"]').waitFor({ state: 'attached' });
  await portal.say(page, 'remember that the gate is called heron');
  await portal.finished(page);
}

// A reload of a conversation, the pages, and what is downloaded are below the path.
async function theLinksStay(page, where) {
  const within = (address) => assert.ok(`${address}/`.startsWith(`${where.url}/`), address);
  const deep = page.url();
  assert.match(deep, new RegExp(`^${where.url}/c/[0-9a-f-]+$`));
  await page.reload();
  await portal.ready(page);
  await until(20_000, 'the answer after a reload', async () => (await portal.answers(page).count()) === 1);
  assert.equal(page.url(), deep);
  for (const [name, address] of Object.entries(portal.PAGES).filter(([, it]) => it !== '/')) {
    await page.getByRole('link', { name, exact: true }).first().click();
    await page.waitForURL(where.url + address);
    await page.reload();
    await portal.ready(page);
  }
  for (const link of await page.locator('a[href]').all()) {
    const [href, target] = [await link.evaluate((it) => it.href), await link.getAttribute('target')];
    if (!target) within(href);
  }
  await page.goBack();
  await page.waitForURL(`${where.url}/memory`);
  await portal.begin(page).catch(() => assert.fail(`no new conversation from ${page.url()}`));
  within(page.url());
}

async function theCookiesStay(page, { base }) {
  const cookies = await page.context().cookies();
  assert.equal(cookies.length, 2);
  for (const cookie of cookies) {
    assert.ok(cookie.secure && cookie.httpOnly, cookie.name);
    assert.equal(cookie.path, base || '/');
    assert.ok(cookie.name.startsWith(base ? '__Secure-' : '__Host-'), cookie.name);
  }
}

async function logOutAndIn(page, where) {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(`${where.url}/login`);
  await portal.logIn(page);
  await portal.message(page).waitFor();
}

// A program with a token lists the tools.
async function speaksMcp(server, where) {
  const token = (await server.command('token', 'add', 'editor')).trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const call = async (id, method, params) => {
    const answer = await ask(where, '/mcp', { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id, method, params }) });
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text.replace(/^[\s\S]*?^data: (?=\{)/m, '')).result;
  };
  const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  assert.ok((await call(1, 'initialize', client)).serverInfo.name);
  const { tools } = await call(2, 'tools/list', {});
  assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
  const refused = await ask(where, '/mcp', { method: 'POST', headers: { ...headers, authorization: 'Bearer no' }, body: '{}' });
  assert.equal(refused.status, 401);
}

// Waits for a socket at this address to bring a frame.
function heard(page, address) {
  const brings = async (socket) => socket.url() === address && Boolean(await socket.waitForEvent('framereceived').catch(() => false));
  return page.waitForEvent('websocket', { predicate: brings });
}

// A server behind a proxy of the page, with its first person logged in by the link that it prints.
async function begin(t, kind, base, change) {
  const where = await place(kind, base);
  await startDocumented(t, where, change);
  const environment = { AI_INFRA__SERVER__TRUSTED_PROXIES: '127.0.0.1' };
  const [server, browser] = await Promise.all([
    startServer(t, { environment, publicUrl: where.url, listen: where.target }),
    startBrowser(t),
  ]);
  const page = await openPage(browser, where.url, { ignoreHTTPSErrors: true, expectFailures: Boolean(change) });
  assert.ok(server.setupLink.startsWith(`${where.url}/setup#t=`), server.setupLink);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  return { page, server, where };
}
