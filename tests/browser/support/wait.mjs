// Waiting for something to become true, with a limit that names what was waited for.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks again and again until `question` answers something; fails after `ms`.
export async function until(ms, what, question) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await sleep(20);
  }
}
