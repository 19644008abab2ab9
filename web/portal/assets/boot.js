// Starts the portal. A file of its own because the content security policy forbids inline scripts. What it
// loads stands beside it, below whatever path.
import init from "@JS@";

try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // A browser that keeps nothing shows the system's theme.
}

// What is typed is kept by tab. A tab holds its name for as long as it lives, so that a copy of a tab
// finds the name taken and gets another; what a tab that is gone has left is for any.
const WAIT_MS = 300;

// By the browser's locks.
const byLocks = {
  hold(name) {
    return new Promise((told) => {
      const lives = () => new Promise(() => told(true));
      const signal = AbortSignal.timeout(WAIT_MS);
      navigator.locks.request(`tab.${name}`, { signal }, lives).catch(() => told(false));
    });
  },
  async alive() {
    const { held } = await navigator.locks.query();
    return new Set(held.map(({ name }) => name.slice("tab.".length)));
  },
  alone: (act) => navigator.locks.request("typed", act),
};

// Pages that came by plain HTTP have none: their tabs ask each other. One that does not answer in time
// is taken for gone; what it keeps is then offered to others and lost to nobody.
function byAsking() {
  const air = new BroadcastChannel("tabs");
  const [held, heard] = [new Set(), new Set()];
  let wish;
  air.onmessage = ({ data: { asks, wants, rank, has } }) => {
    if (asks) held.forEach((name) => air.postMessage({ has: name }));
    // Of two that want a name at once one gets it.
    if (held.has(wants) || (wish && wish.wants === wants && wish.rank > rank)) air.postMessage({ has: wants });
    if (has) heard.add(has);
  };
  const answers = async (question) => {
    heard.clear();
    air.postMessage(question);
    await new Promise((over) => { setTimeout(over, WAIT_MS); });
    return heard;
  };
  return {
    async hold(name) {
      wish = { wants: name, rank: Math.random() };
      const isFree = !(await answers(wish)).has(name);
      wish = undefined;
      if (isFree) held.add(name);
      return isFree;
    },
    alive: async () => new Set([...(await answers({ asks: true })), ...held]),
    alone: (act) => act(),
  };
}

// Without either nothing can be named, which `nameTab` meets.
const tabs = navigator.locks || !globalThis.BroadcastChannel ? byLocks : byAsking();

async function nameTab() {
  const known = sessionStorage.getItem("tab");
  if (known && (await tabs.hold(known))) return;
  const name = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");
  sessionStorage.setItem("tab", name);
  await tabs.hold(name);
}

// Marks what tabs that are gone have left: `draft.` and `unsent.`, whose, where, and the tab at the end.
async function leave() {
  const alive = await tabs.alive();
  for (const key of Object.keys(localStorage)) {
    const [kind, tab] = [key.split(".")[0], key.slice(key.lastIndexOf(".") + 1)];
    const isTyped = (kind === "draft" || kind === "unsent") && key.split(".").length >= 5;
    if (!isTyped || tab === "left" || alive.has(tab)) continue;
    const left = `${key.slice(0, -tab.length)}left`;
    // Of two drafts neither is lost; two of one message are the same.
    const older = kind === "draft" ? [localStorage.getItem(left)] : [];
    const texts = new Set([...older, localStorage.getItem(key)].filter(Boolean));
    localStorage.setItem(left, [...texts].join("\n\n"));
    localStorage.removeItem(key);
  }
}

const look = () => Promise.resolve(tabs.alone(leave)).catch(() => {});
const named = nameTab().then(look).catch(() => {});
document.addEventListener("visibilitychange", () => document.hidden || look());

named.then(() => init({ module_or_path: new URL("@WASM@", import.meta.url) })).catch((error) => {
  console.error(error);
  const words = document.getElementById("loading");
  if (words) {
    words.textContent = "The portal did not start: this browser is too old, or the page was cut off. Reload to try again.";
  }
});
