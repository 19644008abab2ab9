// How long single tasks hold the page, by the browser's own trace.
//
// What the page itself can observe is time on the wall, in which other programs on the machine have
// their turns too. A trace also says how long a task was on the processor: that is the page's own. A
// machine whose other programs crowd its caches and slow its clock still makes a task longer, so a
// yardstick is taken on an empty page before each run: the bound is in yardsticks, never below
// LONGEST_MS. Where the portal is measured on a quiet machine (quiet.mjs) LONGEST_MS alone counts.

import assert from 'node:assert/strict';
import { isMeasuring } from './quiet.mjs';

const CATEGORIES = ['disabled-by-default-devtools.timeline'];
const LONGEST_MS = 50;
const RUNS = 3;

// Paragraphs that the yardstick lays out at once, and how often; on a quiet machine of 2020 that takes
// about 25 ms each time, half of what a task may take.
const PARAGRAPHS = 600;
const TIMES = 9;
const YARDSTICKS = 2;

// Returns a function that makes tests of one page: `work` holds it for no longer than the bound at a
// time. A run over the bound is repeated, after `prepare`.
export function quickTests(t, browser, page) {
  return (name, work, prepare = async () => {}) => t.test(name, async (part) => {
    let best;
    for (let run = 0; run < RUNS && !(best?.over <= 0); run += 1) {
      if (run > 0) await prepare();
      const bound = await boundNow(browser);
      const tasks = await longestTasks(browser, page, work);
      assert.ok(tasks.length > 0, 'the trace has tasks');
      const longest = tasks.slice(0, 5).map(Math.round);
      part.diagnostic(`the longest of ${tasks.length} tasks: ${longest.join(', ')} ms of ${Math.round(bound)}`);
      if (!best || tasks[0] - bound < best.over) best = { over: tasks[0] - bound, longest, bound };
    }
    assert.ok(best.over <= 0, `the longest tasks took ${best.longest.join(', ')} ms of ${Math.round(best.bound)}`);
  });
}

// Returns how long a task may be now, in ms.
async function boundNow(browser) {
  return isMeasuring ? LONGEST_MS : Math.max(LONGEST_MS, YARDSTICKS * await yardstick(browser));
}

// Returns how long the same piece of layout takes on an empty page, in ms: the median of its tasks.
export async function yardstick(browser) {
  const page = await browser.newPage();
  const tasks = await longestTasks(browser, page, () => page.evaluate(layOut, [PARAGRAPHS, TIMES]));
  await page.close();
  return tasks[Math.floor(TIMES / 2)];
}

// Makes many paragraphs in one task, again and again. Runs in the page.
async function layOut([paragraphs, times]) {
  for (let time = 0; time < times; time += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const block = document.createElement('div');
    for (let n = 0; n < paragraphs; n += 1) {
      const paragraph = document.createElement('p');
      paragraph.textContent = `The ${n}th of many paragraphs, laid out once and thrown away.`;
      block.append(paragraph);
    }
    document.body.append(block);
    block.getBoundingClientRect();
    block.remove();
  }
}

// Runs `work` and returns its longest tasks in ms on the processor, longest first.
async function longestTasks(browser, page, work) {
  await browser.startTracing(page, { categories: CATEGORIES });
  const failed = await work().catch((error) => error);
  const trace = await browser.stopTracing();
  if (failed) throw failed;
  return ofThePage(JSON.parse(trace.toString()).traceEvents);
}

// Returns the tasks of the page's main thread in ms, longest first: of all main threads it is the one
// with the longest tasks, because the others belong to pages that were closed.
function ofThePage(events) {
  const threads = events.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain');
  const tasks = threads.map(({ pid, tid }) => events
    .filter((event) => event.name === 'RunTask' && event.ph === 'X' && event.pid === pid && event.tid === tid)
    .map((task) => (task.tdur ?? task.dur) / 1_000)
    .sort((a, b) => b - a));
  return tasks.sort((a, b) => b[0] - a[0])[0] ?? [];
}
