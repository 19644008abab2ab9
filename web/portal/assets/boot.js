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

// What is typed is kept by tab. A tab holds its name by a lock for as long as it lives, so that a copy
// of a tab finds the name taken and gets another; what a tab that is gone has left is for any.
const WAIT_MS = 300;

function hold(name) {
  return new Promise((told) => {
    const lives = () => new Promise(() => told(true));
    navigator.locks.request(`tab.${name}`, { signal: AbortSignal.timeout(WAIT_MS) }, lives).catch(() => told(false));
  });
}

async function nameTab() {
  const known = sessionStorage.getItem("tab");
  if (known && (await hold(known))) return;
  const name = crypto.randomUUID();
  sessionStorage.setItem("tab", name);
  await hold(name);
}

// Marks what tabs that are gone have left: `draft.` and `unsent.`, whose, where, and the tab at the end.
async function leave() {
  const { held } = await navigator.locks.query();
  const alive = new Set(held.map(({ name }) => name));
  for (const key of Object.keys(localStorage)) {
    const [kind, tab] = [key.split(".")[0], key.slice(key.lastIndexOf(".") + 1)];
    const isTyped = (kind === "draft" || kind === "unsent") && key.split(".").length >= 5;
    if (!isTyped || tab === "left" || alive.has(`tab.${tab}`)) continue;
    const left = `${key.slice(0, -tab.length)}left`;
    // Of two drafts neither is lost; two of one message are the same.
    const older = kind === "draft" ? [localStorage.getItem(left)] : [];
    const texts = new Set([...older, localStorage.getItem(key)].filter(Boolean));
    localStorage.setItem(left, [...texts].join("\n\n"));
    localStorage.removeItem(key);
  }
}

const look = () => navigator.locks.request("typed", leave).catch(() => {});
const named = nameTab().then(look).catch(() => {});
document.addEventListener("visibilitychange", () => document.hidden || look());

named.then(() => init({ module_or_path: new URL("@WASM@", import.meta.url) })).catch((error) => {
  console.error(error);
  const words = document.getElementById("loading");
  if (words) {
    words.textContent = "The portal did not start: this browser is too old, or the page was cut off. Reload to try again.";
  }
});
