// How long single tasks hold the page, by the browser's own trace.
//
// What the page itself can observe is time on the wall, in which other programs on the machine have
// their turns too. A trace also says how long a task was on the processor: that is the page's own.

import assert from 'node:assert/strict';

const CATEGORIES = ['disabled-by-default-devtools.timeline'];
const LONGEST_MS = 50;
const RUNS = 3;

// Returns a function that makes tests of one page: `work` holds it for no more than 50 ms at a time. A
// run over the bound is repeated, after `prepare`: who shares its caches and its clock makes a task
// slower, never faster.
export function quickTests(t, browser, page) {
  return (name, work, prepare = async () => {}) => t.test(name, async (part) => {
    let best = [Infinity];
    for (let run = 0; run < RUNS && best[0] > LONGEST_MS; run += 1) {
      if (run > 0) await prepare();
      const tasks = await longestTasks(browser, page, work);
      assert.ok(tasks.length > 0, 'the trace has tasks');
      const longest = tasks.slice(0, 5).map(Math.round);
      part.diagnostic(`the longest of ${tasks.length} tasks: ${longest.join(', ')} ms`);
      if (tasks[0] < best[0]) best = tasks.slice(0, 5);
    }
    assert.ok(best[0] <= LONGEST_MS, `the longest tasks took ${best.map(Math.round).join(', ')} ms`);
  });
}

// Runs `work` and returns its longest tasks in ms on the processor, longest first.
async function longestTasks(browser, page, work) {
  await browser.startTracing(page, { categories: CATEGORIES });
  const failed = await work().catch((error) => error);
  const trace = await browser.stopTracing();
  if (failed) throw failed;
  const { traceEvents: events } = JSON.parse(trace.toString());
  const isMain = mainThread(events);
  const tasks = events.filter((event) => event.name === 'RunTask' && event.ph === 'X' && isMain(event));
  return tasks.map((task) => (task.tdur ?? task.dur) / 1_000).sort((a, b) => b - a);
}

// Tells the events of the page's main thread: of all such threads the busiest is the page's.
function mainThread(events) {
  const threads = events.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain');
  const load = ({ pid, tid }) => events.filter((event) => event.pid === pid && event.tid === tid).length;
  const [busiest] = threads.sort((a, b) => load(b) - load(a));
  return (event) => event.pid === busiest.pid && event.tid === busiest.tid;
}
