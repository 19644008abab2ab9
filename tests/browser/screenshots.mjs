// Takes a picture of every page in every state, light and dark, at three widths: target/screenshots.
//
// Not a test: people look at these side by side. `node tests/browser/screenshots.mjs [PART OF A NAME]`.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { PERSON, setUp } from './support/api.mjs';
import { loggedIn, openPage, startBrowser } from './support/browser.mjs';
import { ROOT, startServer } from './support/server.mjs';
import { furnish, views } from './support/views.mjs';

const FOLDER = path.join(ROOT, 'target/screenshots');
const WIDTHS = [360, 768, 1440];

const [server, browser] = await Promise.all([startServer(), startBrowser()]);
try {
  mkdirSync(FOLDER, { recursive: true });
  const world = await furnish(await setUp(server));
  const storageState = await loggedIn(browser, server, PERSON);
  const wanted = views(world).filter(({ name }) => name.includes(process.argv[2] ?? ''));
  for (const view of wanted) await picture(view, storageState);
} finally {
  await browser.close();
  await server.end();
}

// One view in all its forms; a state that cannot be reached is said and left out.
async function picture(view, storageState) {
  for (const width of WIDTHS) {
    const page = await openPage(browser, server.url, {
      storageState: view.visitor ? undefined : storageState,
      viewport: { width: 1440, height: 900 },
    });
    try {
      await view.open(page, server);
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        const name = `${view.name.replace(/\W+/g, '-')}-${colorScheme}-${width}.png`;
        await page.screenshot({ path: path.join(FOLDER, name), animations: 'disabled' });
      }
      console.log(`${view.name} at ${width} px`);
    } catch (error) {
      console.error(`${view.name} at ${width} px cannot be reached: ${error.message.split('\n')[0]}`);
    } finally {
      await page.context().close();
    }
  }
}
