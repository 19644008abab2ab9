// A person without a mouse: chat and agents by keyboard alone, and focus that is always to be seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERSON, setUp } from './support/api.mjs';
import { assertQuiet, openPage, startBrowser } from './support/browser.mjs';
import * as portal from './support/portal.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

// More stops than any page has between two things.
const STOPS = 80;

test('chat and agents by keyboard alone', async (t) => {
  const [server, browser] = await Promise.all([startServer(t), startBrowser(t)]);
  await setUp(server);
  const page = await openPage(browser, server.url);

  await portal.open(page, '/login');
  await tabTo(page, page.getByLabel('E-mail'));
  await page.keyboard.type(PERSON.email);
  await tabTo(page, page.getByLabel('Password'));
  await page.keyboard.type(PERSON.password);
  await page.keyboard.press('Enter');

  await portal.message(page).waitFor();
  await focused(page, portal.message(page));
  await page.keyboard.type('remember that the staging database is called heron');
  await page.keyboard.press('Enter');
  await portal.finished(page);
  await focused(page, portal.message(page));

  await tabTo(page, portal.newest(page).getByRole('button', { name: 'Copy' }).first());

  await tabTo(page, page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Agents' }));
  await page.keyboard.press('Enter');
  await focused(page, page.getByRole('heading', { level: 1 }));
  const code = page.getByRole('article', { name: 'Code' });
  await tabTo(page, code.getByRole('button', { name: /^Stop/ }));
  await page.keyboard.press('Enter');
  await code.getByText(/stopped/i).first().waitFor();
  await tabTo(page, code.getByRole('button', { name: /^Start/ }));
  await page.keyboard.press('Enter');
  await code.getByText(/idle/i).first().waitFor();
  assertQuiet(page);
});

test('the skip link leads past the navigation', async (t) => {
  const page = await loggedInPage(t);
  await page.evaluate(() => document.activeElement.blur());
  await page.evaluate(() => window.getSelection().removeAllRanges());
  await page.reload();
  await portal.ready(page);
  await tabTo(page, page.getByRole('link', { name: /^skip/i }));
  await page.keyboard.press('Enter');
  await until(2_000, 'focus inside the main region', () => page.evaluate(() => document.activeElement.closest('main') !== null));
});

test('every stop of the tabulator can be seen', async (t) => {
  const page = await loggedInPage(t);
  await portal.say(page, 'remember that the staging database is called heron');
  await portal.finished(page);
  for (const colorScheme of ['light', 'dark']) {
    for (const path of [new URL(page.url()).pathname, '/agents', '/memory', '/settings']) {
      await page.emulateMedia({ colorScheme });
      await portal.open(page, path);
      await page.waitForLoadState('networkidle');
      assert.deepEqual(await unseenStops(page), [], `${path} in ${colorScheme}`);
    }
  }
});

test('the palette opens, finds, goes and gives focus back', async (t) => {
  const page = await loggedInPage(t);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await focused(page, palette.getByRole('combobox', { name: 'Command' }));
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'hidden' });
  await focused(page, portal.message(page));

  await page.keyboard.press('Control+k');
  await page.keyboard.type('agents');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/agents');
  await focused(page, page.getByRole('heading', { level: 1 }));

  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  assertQuiet(page);
});

test('single keys can be switched off', async (t) => {
  const page = await loggedInPage(t);
  await portal.open(page, '/settings');
  await page.getByRole('checkbox', { name: 'Single-key shortcuts' }).uncheck();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('?');
  await page.keyboard.press('/');
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.equal(new URL(page.url()).pathname, '/settings');
});

async function loggedInPage(t) {
  const [server, browser] = await Promise.all([startServer(t), startBrowser(t)]);
  const page = await openPage(browser, server.url);
  await portal.open(page, server.setupLink);
  await portal.setUp(page);
  return page;
}

// Presses Tab until `target` has the focus.
async function tabTo(page, target) {
  for (let stop = 0; stop < STOPS; stop += 1) {
    if (await hasFocus(target)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${STOPS} stops of the tabulator do not reach ${target}`);
}

async function focused(page, target) {
  await until(5_000, `focus on ${target}`, () => hasFocus(target));
}

async function hasFocus(target) {
  if (await target.count() === 0) return false;
  return target.first().evaluate((element) => element === document.activeElement);
}

// Stops that look the same with and without focus, or lie under something else.
async function unseenStops(page) {
  const unseen = [];
  await page.evaluate(() => document.activeElement.blur());
  for (let stop = 0; stop < STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(describeFocus);
    if (!at || at.isKnown) break;
    if (at.isCovered) unseen.push(`covered: ${at.html}`);
    if (!(await looksFocused(page, at.box))) unseen.push(`no sign of focus: ${at.html}`);
  }
  return unseen;
}

// What has the focus, where, and whether something else lies on it. Runs in the page.
function describeFocus() {
  const element = document.activeElement;
  if (element === document.body) return undefined;
  const isKnown = 'stop' in element.dataset;
  element.dataset.stop = '';
  const box = element.getBoundingClientRect();
  const [x, y] = [Math.max(0, box.x - 6), Math.max(0, box.y - 6)];
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 10));
  return {
    isKnown,
    isCovered: !top || !(element.contains(top) || top.contains(element)),
    html: element.outerHTML.slice(0, 120),
    box: {
      x, y,
      width: Math.min(box.width + 12, window.innerWidth - x),
      height: Math.min(box.height + 12, window.innerHeight - y),
    },
  };
}

async function looksFocused(page, clip) {
  const shot = () => page.screenshot({ clip, animations: 'disabled' });
  const withFocus = await shot();
  await page.evaluate(() => {
    window.lastFocus = document.activeElement;
    window.lastFocus.blur();
  });
  const without = await shot();
  await page.evaluate(() => window.lastFocus.focus({ focusVisible: true, preventScroll: true }));
  return !withFocus.equals(without);
}
