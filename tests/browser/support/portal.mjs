// The portal as a person finds it: by role and accessible name. The one place that knows them.

import { PERSON } from './api.mjs';

// Every page of somebody who is logged in, by its link in the navigation.
export const PAGES = { Chat: '/', Agents: '/agents', Memory: '/memory', Settings: '/settings' };

export const AGENTS = ['Supervisor', 'Code', 'Data', 'Infra', 'Research', 'QA'];

const TEXT = '[data-testid="text"]';

// Waits until the portal has mounted.
export async function ready(page) {
  await page.locator('html[data-ready="true"]').waitFor();
}

export async function open(page, path) {
  await page.goto(path);
  await ready(page);
}

export const message = (page) => page.getByRole('textbox', { name: 'Message', exact: true });
export const send = (page) => page.getByRole('button', { name: 'Send', exact: true });
export const stop = (page) => page.getByRole('button', { name: 'Stop', exact: true });
export const log = (page) => page.getByRole('log', { name: 'Conversation' });
export const said = (page) => log(page).getByRole('article', { name: 'You', exact: true });
export const answers = (page) => log(page).locator('article[data-agent]');
export const newest = (page) => answers(page).last();
export const text = (article) => article.locator(TEXT);
export const citations = (article) => article.getByRole('list', { name: 'From memory' });
export const connection = (page) => page.getByTestId('connection');

// Fills the page behind the one-time link.
export async function setUp(page, person = PERSON) {
  await page.getByLabel('Your name').fill(person.display_name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Set up and begin' }).click();
  await message(page).waitFor();
}

export async function logIn(page, person = PERSON) {
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await message(page).waitFor();
}

// Types a message and sends it; does not wait for the answer.
export async function say(page, words) {
  await message(page).fill(words);
  await message(page).press('Enter');
}

// Waits for the newest answer to be a record.
export async function finished(page) {
  await newest(page).and(page.locator('[data-state="stored"]')).waitFor({ timeout: 60_000 });
}

// The words of a message as they stand on the page, its mark-up left out.
export async function words(article) {
  const shown = await text(article).innerText();
  return shown.split(/\s+/).filter(Boolean);
}

// The id of the conversation in the address, which is its deep link.
export function conversation(page) {
  return new URL(page.url()).pathname.replace('/c/', '');
}

// Opens a new conversation by its link.
export async function begin(page) {
  await page.getByRole('link', { name: 'New conversation' }).first().click();
  await page.waitForURL('**/');
}
