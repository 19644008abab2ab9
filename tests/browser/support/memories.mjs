// Memories in bulk, and the memory page as a person finds it.

import assert from 'node:assert/strict';
import { open } from './portal.mjs';

const AT_ONCE = 1_000;

const THINGS = ['the staging database', 'the nightly backup', 'the wiki', 'the build cache', 'the mail gateway', 'the invoice job', 'the metrics store', 'the ticket queue', 'the video archive', 'the time server'];
const DEEDS = ['listens on port', 'was moved to rack', 'keeps copies for days', 'takes seconds', 'was last restored by worker', 'has users', 'answers under version', 'is watched by rule'];
const PLACES = ['Oslo', 'Lyon', 'Graz', 'Porto', 'Turku', 'Bergen', 'Leeds'];

// The nth of many texts, no two alike.
export function sentence(n) {
  return `In ${PLACES[n % PLACES.length]}, ${THINGS[n % THINGS.length]} ${DEEDS[n % DEEDS.length]} ${n}. Noted while looking after it on round ${Math.floor(n / 70)}.`;
}

// Remembers `count` notes, an hour apart, the last one the newest; returns their ids in order.
export async function remember(api, count) {
  const start = Date.now() - count * 3_600_000;
  const ids = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - first);
    const items = Array.from({ length: size }, (_, n) => ({
      text: sentence(first + n),
      created_at: new Date(start + (first + n) * 3_600_000).toISOString(),
    }));
    const answer = await api.call('POST', '/api/memory', { items });
    ids.push(...answer.ids);
  }
  assert.equal(new Set(ids).size, count, 'every text is a memory of its own');
  return ids;
}

export const search = (page) => page.getByRole('searchbox', { name: 'What are you looking for?' });
export const list = (page) => page.getByRole('list', { name: 'Memories' });
export const rows = (page) => list(page).getByRole('listitem');
export const chosen = (page) => list(page).locator('li:has([aria-current="true"])');
export const details = (page) => page.getByRole('complementary', { name: 'Details' });
export const summary = (page) => page.locator('main p[role="status"]');
export const press = (page, name) => details(page).getByRole('button', { name, exact: true }).click();

// Opens the page and waits for its first rows.
export async function openMemory(page, query = '') {
  await open(page, `/memory${query}`);
  await rows(page).first().waitFor();
}

// Types words and waits until what they find stands on the page.
export async function find(page, words) {
  const answered = page.waitForResponse('**/api/memory/search');
  await search(page).fill(words);
  await answered;
  await page.locator('[data-found="true"]').waitFor();
}
