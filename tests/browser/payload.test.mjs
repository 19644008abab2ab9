// What a visit weighs on the wire, as the browser itself counts it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERSON, setUp } from './support/api.mjs';
import { assertQuiet, loggedIn, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';

const KB = 1_000;
const MOST = { program: 400 * KB, style: 25 * KB };

test('the program is at most 400 KB and the style 25 KB', async (t) => {
  const { page } = await firstVisit(t);
  const sizes = await visit(page);
  const program = sum(sizes, /\.(wasm|js)$/);
  const style = sum(sizes, /\.css$/);
  t.diagnostic(`program ${program} bytes, style ${style} bytes`);
  assert.ok(program > 0 && program <= MOST.program, `wasm and js weigh ${program} bytes`);
  assert.ok(style > 0 && style <= MOST.style, `css weighs ${style} bytes`);
  assertQuiet(page);
});

test('a second visit loads no part of the program again', async (t) => {
  const { page } = await firstVisit(t);
  await visit(page);
  const again = sum(await visit(page), /-[0-9a-f]{8,}\.(wasm|js|css)$/);
  assert.equal(again, 0, `${again} bytes came again`);
});

test('the page says something before its program runs', async (t) => {
  const { page } = await firstVisit(t);
  await page.route(/\.wasm$/, () => {});
  await page.goto('/', { waitUntil: 'domcontentloaded' });
  assert.match(await page.locator('body').innerText(), /loading/i);
});

async function firstVisit(t) {
  const [server, browser] = await Promise.all([startServer(t), startBrowser(t)]);
  await setUp(server);
  const page = await openPage(browser, server.url, { storageState: await loggedIn(browser, server, PERSON) });
  return { page };
}

// Opens the chat page; returns the bytes of each file that came over the wire.
async function visit(page) {
  const sizes = new Map();
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  const names = new Map();
  network.on('Network.responseReceived', ({ requestId, response }) => {
    if (!response.fromDiskCache && !response.fromPrefetchCache) names.set(requestId, new URL(response.url).pathname);
  });
  network.on('Network.requestServedFromCache', ({ requestId }) => names.delete(requestId));
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const name = names.get(requestId);
    if (name) sizes.set(name, encodedDataLength);
  });
  await portal.open(page, '/');
  await page.waitForLoadState('networkidle');
  await network.detach();
  return sizes;
}

function sum(sizes, pattern) {
  return [...sizes].filter(([name]) => pattern.test(name)).reduce((total, [, bytes]) => total + bytes, 0);
}
