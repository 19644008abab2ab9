// The server's API as a person's program uses it: the record that the pages are held against.

import assert from 'node:assert/strict';
import { until } from './wait.mjs';

export const PERSON = { display_name: 'Ada Example', email: 'ada@example.com', password: 'four quiet words here' };

const ANSWER_MS = 60_000;

// Sets the first account up and returns a client that is logged in as it.
export async function setUp(server) {
  const token = new URL(server.setupLink).hash.replace('#t=', '');
  const api = new Api(server.url);
  const answer = await api.call('POST', '/api/auth/setup', { token, ...PERSON });
  api.token = answer.token;
  return api;
}

// Logs in with e-mail and password.
export async function logIn(server) {
  const api = new Api(server.url);
  const { email, password } = PERSON;
  api.token = (await api.call('POST', '/api/auth/login', { email, password })).token;
  return api;
}

class Api {
  constructor(url) {
    this.url = url;
  }

  async call(method, path, body) {
    const headers = { ...(this.token && { authorization: `Bearer ${this.token}` }) };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  // Makes a conversation; without a title its first message names it.
  async converse(title) {
    return (await this.call('POST', '/api/conversations', title ? { title } : {})).id;
  }

  send(conversation, content) {
    return this.call('POST', `/api/conversations/${conversation}/messages`, { content });
  }

  conversations() {
    return this.call('GET', '/api/conversations?limit=100');
  }

  // Every message of a conversation, oldest first.
  async messages(conversation) {
    let [all, before] = [[], ''];
    for (;;) {
      const page = await this.call('GET', `/api/conversations/${conversation}/messages?limit=100${before}`);
      all = [...page.messages, ...all];
      if (!page.next_before) return all;
      before = `&before=${page.next_before}`;
    }
  }

  // Waits for the stored answer with this id.
  answer(conversation, id) {
    const find = async () => {
      const page = await this.call('GET', `/api/conversations/${conversation}/messages`);
      return page.messages.find((message) => message.id === id);
    };
    return until(ANSWER_MS, `answer ${id} to be stored`, find);
  }

  // Says something and waits for what is answered.
  async ask(conversation, content) {
    const accepted = await this.send(conversation, content);
    return this.answer(conversation, accepted.answer_id);
  }
}
