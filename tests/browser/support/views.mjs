// Every page in every state a person can meet it in: what the checks and the pictures go through.
//
// A view opens itself on a page that is logged in (or not, where it says `visitor`). `world` makes
// what the loaded states show.

import { PERSON } from './api.mjs';
import * as portal from './portal.mjs';

const MARKDOWN = `# A heading

Some **bold** and *quiet* words with \`code\`, a [link](https://example.com/) and a list:

1. first
2. second
   - inner

> A quotation.

| Name | Port |
|---|---|
| heron | 5432 |

\`\`\`rust
fn main() {
    println!("a line of code that is rather long, so that it has to scroll on a narrow window");
}
\`\`\`
`;

// Fills an account with what the loaded states show; returns the ids of its conversations.
export async function furnish(api) {
  const [memory, long, silent] = [await api.converse(), await api.converse('Mark-up of all kinds'), await api.converse('Nothing said yet')];
  await api.ask(memory, 'remember that the staging database is called heron');
  await api.ask(memory, 'What is the staging database called?');
  await api.ask(long, MARKDOWN);
  return { memory, long, silent };
}

// Every request for data fails inside the server; who is logged in is still known.
export async function failInside(page) {
  const body = JSON.stringify({
    type: 'urn:ai-infra:problem:internal', title: 'something went wrong inside', status: 500,
    detail: 'the records cannot be read', code: 'internal', hint: 'look for the request id in `ai-infra logs`', request_id: 'r1',
  });
  await page.route(/\/api\/(?!auth\/|info)/, (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body }));
}

// Nothing reaches the server any more, not even the question who is logged in.
export async function loseServer(page) {
  await page.route(/\/api\//, (route) => route.abort('connectionrefused'));
}

// The views; `world` is what `furnish` returned, `server` the running one.
export function views(world) {
  return [
    { name: 'set-up, empty', visitor: true, open: goodLink },
    { name: 'set-up, no link', visitor: true, open: (page) => portal.open(page, '/setup') },
    { name: 'set-up, used link', visitor: true, open: usedLink },
    { name: 'set-up, error', visitor: true, open: refusedLink },
    { name: 'log-in, empty', visitor: true, open: (page) => portal.open(page, '/login') },
    { name: 'log-in, error', visitor: true, open: refusedPassword },
    { name: 'log-in, limited', visitor: true, open: limited },
    { name: 'nothing here', open: (page) => portal.open(page, '/no/such/page') },
    { name: 'chat, empty', open: chat },
    { name: 'chat, empty conversation', open: (page) => conversation(page, world.silent) },
    { name: 'chat, loaded', open: (page) => conversation(page, world.memory, 2) },
    { name: 'chat, mark-up', open: (page) => conversation(page, world.long, 1) },
    { name: 'chat, error', open: (page) => failing(page, `/c/${world.memory}`) },
    { name: 'chat, no server', open: (page) => unreachable(page, '/') },
    { name: 'chat, not sent', open: (page) => notSent(page, world.silent) },
    { name: 'chat, unknown conversation', open: (page) => shown(page, '/c/00000000-0000-7000-8000-000000000000') },
    { name: 'chat, citation', open: (page) => citation(page, world.memory) },
    { name: 'chat, rename', open: (page) => rename(page, world.memory) },
    { name: 'chat, delete', open: (page) => deleting(page, world.memory) },
    { name: 'chat, ailing', open: (page) => ailing(page, `/c/${world.memory}`) },
    { name: 'chat, commands', open: (page) => key(page, 'Control+k', 'Commands') },
    { name: 'chat, shortcuts', open: (page) => key(page, '?', 'Keyboard shortcuts') },
    { name: 'agents, loaded', open: agents },
    { name: 'agents, log', open: agentLog },
    { name: 'agents, error', open: (page) => failing(page, '/agents') },
    { name: 'memory, list', open: (page) => shown(page, '/memory') },
    { name: 'memory, empty', open: (page) => shown(page, '/memory?until=2001-01-01') },
    { name: 'memory, nothing found', open: (page) => search(page, 'zzzzqqqq') },
    { name: 'memory, loaded', open: (page) => search(page, 'staging database') },
    { name: 'memory, opened', open: openedMemory },
    { name: 'memory, correcting', open: correctedMemory },
    { name: 'memory, delete', open: deletedMemory },
    { name: 'memory, ailing', open: (page) => ailing(page, '/memory') },
    { name: 'memory, new note', open: newNote },
    { name: 'memory, error', open: memoryError },
    { name: 'settings, loaded', open: settings },
    { name: 'settings, error', open: (page) => failing(page, '/settings') },
  ];
}

// A link that can be used, whatever has become of the server's own.
async function goodLink(page) {
  await page.route('**/api/auth/setup/check', (route) => route.fulfill({ status: 204 }));
  await portal.open(page, '/setup#t=worn-out');
  await page.getByLabel('Your name').waitFor();
}

async function usedLink(page) {
  await portal.open(page, '/setup#t=worn-out');
  await alert(page);
}

async function refusedLink(page) {
  await goodLink(page);
  await page.getByLabel('Your name').fill(PERSON.display_name);
  await page.getByLabel('E-mail').fill(PERSON.email);
  await page.getByLabel('Password').fill(PERSON.password);
  await page.getByRole('button', { name: 'Set up and begin' }).click();
  await alert(page);
}

function refusedPassword(page) {
  return logIn(page, {
    status: 401, title: 'e-mail or password is wrong', detail: 'e-mail or password is wrong',
    code: 'auth.failed', hint: 'try again, or run `ai-infra setup-link` on the server',
  });
}

function limited(page) {
  return logIn(page, { status: 429, title: 'too many attempts', detail: 'too many attempts for this address', code: 'auth.limited', hint: '' }, { 'retry-after': '3000' });
}

async function notSent(page, id) {
  await page.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await conversation(page, id);
  await portal.say(page, 'remember that the lake is called Onega');
  await page.locator('[data-state="failed"]').waitFor();
}

async function logIn(page, problem, headers = {}) {
  await page.route('**/api/auth/login', (route) => route.fulfill({
    status: problem.status, contentType: 'application/problem+json', headers,
    body: JSON.stringify({ type: `urn:ai-infra:problem:${problem.code}`, request_id: 'r1', ...problem }),
  }));
  await portal.open(page, '/login');
  await page.getByLabel('E-mail').fill(PERSON.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await alert(page);
}

async function alert(page) {
  await page.getByRole('alert').filter({ hasText: /\w/ }).first().waitFor();
}

async function shown(page, path) {
  await portal.open(page, path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
}

async function chat(page) {
  await portal.open(page, '/');
  await portal.message(page).waitFor();
  await page.getByRole('list', { name: 'Examples' }).waitFor();
}

async function conversation(page, id, answered = 0) {
  await portal.open(page, `/c/${id}`);
  await portal.message(page).waitFor();
  if (answered) await portal.answers(page).nth(answered - 1).waitFor();
}

async function failing(page, path) {
  await failInside(page);
  await portal.open(page, path);
  await alert(page);
}

async function unreachable(page, path) {
  await loseServer(page);
  await portal.open(page, path);
  await page.getByText(/cannot be reached|no connection/i).first().waitFor();
}

async function citation(page, id) {
  await conversation(page, id, 2);
  await portal.citations(portal.newest(page)).getByRole('button').first().click();
  await page.getByRole('dialog').waitFor();
}

async function rename(page, id) {
  await conversation(page, id, 2);
  await page.getByRole('button', { name: 'Rename' }).first().click();
  await page.getByRole('dialog', { name: 'Rename conversation' }).waitFor();
}

async function deleting(page, id) {
  await conversation(page, id, 2);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Command' }).fill('delete');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Delete this conversation for good?' }).waitFor();
}

// Everything that a page can say about the server at once.
async function ailing(page, path) {
  const checks = { records: 'full', bus: 'ok', memory: 'ok', agents: 'ok', rows: 'damaged', clock: 'ahead' };
  await page.route('**/api/health/ready', (route) => route.fulfill({ json: { status: 'degraded', checks } }));
  await page.route('**/api/memory/stats', async (route) => {
    const response = await route.fetch();
    const damaged = [{ place: 'cold/00000007.seg, block 3', what: 'its checksum is wrong' }];
    await route.fulfill({ response, json: { ...await response.json(), damaged } });
  });
  await shown(page, path);
  await page.getByRole('status', { name: 'Server' }).getByText(/disk is full/).waitFor();
}

async function key(page, keys, dialog) {
  await chat(page);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press(keys);
  await page.getByRole('dialog', { name: dialog }).waitFor();
}

async function agents(page) {
  await portal.open(page, '/agents');
  await page.getByRole('article', { name: 'QA' }).waitFor();
}

async function agentLog(page) {
  await agents(page);
  const code = page.getByRole('article', { name: 'Code' });
  await code.getByText('Recent log').click();
  await code.getByTestId('log').waitFor();
}

async function search(page, words) {
  await portal.open(page, '/memory');
  const answered = page.waitForResponse('**/api/memory/search');
  await page.getByRole('searchbox', { name: 'What are you looking for?' }).fill(words);
  await answered;
  await page.waitForLoadState('networkidle');
}

async function openedMemory(page) {
  await search(page, 'staging database');
  await page.getByRole('list', { name: 'Memories' }).getByRole('button').first().click();
  await page.getByRole('heading', { name: 'Memory', level: 2 }).waitFor();
}

async function correctedMemory(page) {
  await openedMemory(page);
  await page.getByRole('button', { name: 'Correct', exact: true }).click();
  await page.getByRole('textbox', { name: 'What is so' }).waitFor();
}

async function deletedMemory(page) {
  await openedMemory(page);
  await page.getByRole('button', { name: 'Delete for good', exact: true }).click();
  await page.getByRole('button', { name: 'Delete it for good' }).waitFor();
}

async function newNote(page) {
  await portal.open(page, '/memory');
  await page.getByRole('button', { name: 'New note' }).click();
  await page.getByRole('textbox', { name: 'What shall be remembered?' }).waitFor();
}

async function memoryError(page) {
  await failInside(page);
  await search(page, 'staging database');
  await alert(page);
}

async function settings(page) {
  await portal.open(page, '/settings');
  await page.getByRole('table', { name: 'Configuration' }).getByRole('row').nth(5).waitFor();
}
