// How long single tasks hold the page, by the browser's own trace.
//
// What the page itself can observe is time on the wall, in which other programs on the machine have
// their turns too. A trace also says how long a task was on the processor: that is the page's own.

const CATEGORIES = ['disabled-by-default-devtools.timeline'];

// Runs `work` and returns its longest tasks in ms on the processor, longest first.
export async function longestTasks(browser, page, work) {
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
