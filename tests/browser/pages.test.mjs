// Every page, in every state, light and dark, narrow and wide: no finding of axe, nothing wider than
// the window, one heading, one main region, a title, and nothing that moves when motion is unwanted.

import assert from 'node:assert/strict';
import { before, after, describe, test } from 'node:test';
import { bringAxe, findings } from './support/axe.mjs';
import { PERSON, setUp } from './support/api.mjs';
import { loggedIn, openPage, startBrowser } from './support/browser.mjs';
import { startServer } from './support/server.mjs';
import { furnish, views } from './support/views.mjs';

const SCHEMES = ['light', 'dark'];
const WIDTHS = [360, 768, 1440];
const HEIGHT = 900;

// 320 px is 400% zoom on a window of 1280 px (WCAG 1.4.10).
const NARROW = [320, 360];

let [server, browser, storageState, world] = [];

before(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  const api = await setUp(server);
  world = await furnish(api);
  storageState = await loggedIn(browser, server, PERSON);
});

after(async () => {
  await browser?.close();
  await server?.end();
});

describe('every page in every state', () => {
  for (const { name } of views({})) {
    test(name, async (t) => {
      const page = await look(t, name);
      await t.test('axe finds nothing', () => assertNoFindings(page));
      await t.test('fits a narrow window', () => assertFits(page));
      await t.test('says what it is', () => assertNamed(page));
      await t.test('keeps still when motion is unwanted', () => assertStill(page));
      await t.test('stands in forced colours', () => assertForced(page));
      assert.deepEqual(page.watch, [], 'the browser complained');
    });
  }
});

// Opens the view `name` in a fresh page.
async function look(t, name) {
  const view = views(world).find((one) => one.name === name);
  const page = await openPage(browser, server.url, {
    expectFailures: true,
    storageState: view.visitor ? undefined : storageState,
    viewport: { width: 1440, height: HEIGHT },
  });
  t.after(() => page.context().close());
  await bringAxe(page);
  await view.open(page, server);
  return page;
}

async function assertNoFindings(page) {
  const found = new Map();
  for (const colorScheme of SCHEMES) {
    for (const width of WIDTHS) {
      await show(page, width, { colorScheme });
      for (const finding of await findings(page)) {
        found.set(finding, [...(found.get(finding) ?? []), `${colorScheme} ${width}`]);
      }
    }
  }
  const lines = [...found].map(([finding, where]) => `${finding} (${where.join(', ')})`);
  assert.deepEqual(lines, []);
}

async function assertFits(page) {
  for (const width of NARROW) {
    await show(page, width);
    const wide = await page.evaluate(findTooWide);
    assert.deepEqual(wide, [], `at ${width} px`);
  }
  await show(page, 1440);
}

// What makes the page scroll sideways; parts that scroll by themselves may. Runs in the page.
function findTooWide() {
  if (document.documentElement.scrollWidth <= window.innerWidth) return [];
  const wide = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1);
  return [`${document.documentElement.scrollWidth} px`, ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
}

async function assertNamed(page) {
  const facts = await page.evaluate(() => ({
    headings: [...document.querySelectorAll('h1')].filter((heading) => heading.checkVisibility()).length,
    mains: document.querySelectorAll('main').length,
    language: document.documentElement.lang,
    title: document.title,
  }));
  assert.deepEqual({ ...facts, title: '' }, { headings: 1, mains: 1, language: 'en', title: '' });
  assert.match(facts.title, /^.+ - ai-infra$/);
}

async function assertStill(page) {
  await show(page, 1440, { reducedMotion: 'reduce' });
  const moving = await page.evaluate(() => document.getAnimations()
    .filter((animation) => animation.playState === 'running' && animation.effect.getComputedTiming().duration > 1)
    .map((animation) => `${animation.animationName ?? animation.transitionProperty} on ${animation.effect.target.outerHTML.slice(0, 100)}`));
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.deepEqual(moving, []);
}

// With the system's colours every field must still have its frame. axe reads the author's text colour
// beside the system's ground, so contrast, which is the system's own then, is left out.
async function assertForced(page) {
  await show(page, 1440, { forcedColors: 'active' });
  const found = await findings(page, { without: ['color-contrast'] });
  const faceless = await page.evaluate(() => [...document.querySelectorAll('input, textarea, select')]
    .filter((field) => field.checkVisibility() && !['radio', 'checkbox'].includes(field.type))
    .filter((field) => {
      const framed = (element) => element && getComputedStyle(element).borderBottomStyle !== 'none';
      return !framed(field) && !framed(field.parentElement) && !framed(field.closest('form'));
    })
    .map((field) => field.outerHTML.slice(0, 100)));
  await page.emulateMedia({ forcedColors: 'none' });
  assert.deepEqual([...found, ...faceless], []);
}

// Sets width and media, and waits until the page has laid itself out and its transitions have ended.
async function show(page, width, media = {}) {
  await page.emulateMedia(media);
  await page.setViewportSize({ width, height: HEIGHT });
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    const ending = document.getAnimations().filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}
