// Debian's Chromium, and a page that keeps watch: every complaint of the browser is written down.
//
// A watched page counts console errors, uncaught exceptions, violations of the content security
// policy and requests that leave the host. `assertQuiet` is what every test ends with.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const CHROMIUM = process.env.CHROME_PATH || '/usr/bin/chromium';

// One background service each that would ask the network; sandboxes need rights that CI lacks.
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// What the browser itself writes when a request fails that a test made fail.
const FAILED_REQUEST = /Failed to load resource|WebSocket connection to .* failed|net::ERR_/;

// Names that stand in the documentation mean this machine, as DNS would have it.
const NAMES = '--host-resolver-rules=MAP example.com 127.0.0.1, MAP *.example.com 127.0.0.1';

export async function startBrowser(t) {
  assert.ok(existsSync(CHROMIUM), `${CHROMIUM} is not there; packaging/scripts/browser.sh installs it`);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, NAMES] });
  t?.after(() => browser.close());
  return browser;
}

// Opens a fresh profile with one page; `expectFailures` allows failed requests, which some tests cause.
export async function openPage(browser, url, { expectFailures = false, ...options } = {}) {
  const context = await browser.newContext({ baseURL: url, ...options });
  await context.addInitScript(reportViolations);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.watch = watch(page, new URL(url).hostname, expectFailures);
  return page;
}

// What went wrong so far; empty when all is well.
export function complaints(page) {
  return page.watch;
}

export function assertQuiet(page) {
  assert.deepEqual(complaints(page), [], 'the browser complained');
}

// A browser state in which `api` is logged in, so that a test need not type a password every time.
export async function loggedIn(browser, server, person) {
  const context = await browser.newContext();
  const { email, password } = person;
  const answer = await context.request.post(`${server.url}/api/auth/login`, { data: { email, password } });
  assert.ok(answer.ok(), `logging in answered ${answer.status()}`);
  const state = await context.storageState();
  await context.close();
  return state;
}

function watch(page, hostname, expectFailures) {
  const found = [];
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    if (expectFailures && FAILED_REQUEST.test(message.text())) return;
    found.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    found.push(`uncaught: ${error.stack}`);
    // Said at once: what a test waits for in vain afterwards is only its echo.
    console.error(`uncaught in the page: ${error.stack}`);
  });
  page.on('request', (request) => noteForeign(request.url(), hostname, found));
  page.on('websocket', (socket) => noteForeign(socket.url(), hostname, found));
  page.on('dialog', (dialog) => {
    found.push(`dialog: ${dialog.type()} ${dialog.message()}`);
    dialog.dismiss();
  });
  return found;
}

function noteForeign(address, hostname, found) {
  const url = new URL(address);
  const isOurs = url.hostname === hostname || ['data:', 'blob:', 'about:'].includes(url.protocol);
  if (!isOurs) found.push(`foreign request: ${address}`);
}

function reportViolations() {
  document.addEventListener('securitypolicyviolation', (event) => {
    console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
}
