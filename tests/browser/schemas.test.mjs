// The tools as strict clients take them: every schema by Ajv's strict mode, every answer by its schema,
// and the official TypeScript SDK with a program's token. Needs no browser.

import assert from 'node:assert/strict';
import { before, after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import Ajv from 'ajv/dist/2020.js';
import { setUp } from './support/api.mjs';
import { startServer } from './support/server.mjs';

const TOOLS = ['search', 'remember', 'forget', 'recent'];
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

let [server, api, secret] = [];

before(async () => {
  server = await startServer();
  api = await setUp(server);
  secret = await tokenFor('strict', ['memory']);
});

after(() => server?.end());

async function tokenFor(name, scopes) {
  return (await api.call('POST', '/api/tokens', { name, scopes })).secret;
}

// Sends a body to /mcp; what is no text is sent as JSON.
function post(body, { token = secret } = {}) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  if (token) headers.authorization = `Bearer ${token}`;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${server.url}/mcp`, { method: 'POST', headers, body: text });
}

async function ask(method, params, options) {
  const answer = await post({ jsonrpc: '2.0', id: 7, method, params }, options);
  assert.equal(answer.status, 200, `${method} answered ${answer.status}`);
  const told = await answer.json();
  assert.equal(told.id, 7);
  return told;
}

const call = async (name, args, options) => (await ask('tools/call', { name, arguments: args }, options)).result;

test('every schema is one of its dialect, and nothing in it is unknown to a strict reader', async () => {
  const { tools } = (await ask('tools/list', {})).result;
  assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
  for (const tool of tools) {
    for (const schema of [tool.inputSchema, tool.outputSchema]) {
      assert.ok([undefined, DIALECT].includes(schema.$schema), `${tool.name}: ${schema.$schema}`);
      const ajv = new Ajv({ strict: true });
      assert.ok(ajv.validateSchema(schema), `${tool.name}: ${ajv.errorsText()}`);
      ajv.compile(schema);
    }
  }
});

test('what a schema allows is taken, what it forbids is refused, and answers keep to theirs', async () => {
  const { tools } = (await ask('tools/list', {})).result;
  const ajv = new Ajv({ strict: true });
  const schemas = new Map(tools.map((tool) => [tool.name, {
    takes: ajv.compile(tool.inputSchema),
    gives: ajv.compile(tool.outputSchema),
  }]));
  const good = [
    ['remember', { text: 'the staging database is called heron' }],
    ['search', { query: 'what is the staging database called?', limit: 3 }],
    ['recent', { limit: 1 }],
  ];
  for (const [name, args] of good) {
    const { takes, gives } = schemas.get(name);
    assert.ok(takes(args), `${name}: ${ajv.errorsText(takes.errors)}`);
    const { isError, structuredContent } = await call(name, args);
    assert.notEqual(isError, true);
    assert.ok(gives(structuredContent), `${name}: ${ajv.errorsText(gives.errors)}`);
  }
  const bad = [
    ['search', { query: 5 }, 'query'],
    ['search', { query: 'x', limit: 'many' }, 'limit'],
    ['remember', {}, 'text'],
    ['remember', { text: ['a'] }, 'text'],
    ['forget', { ids: 'all' }, 'ids'],
    ['recent', { limit: {} }, 'limit'],
  ];
  for (const [name, args, field] of bad) {
    assert.equal(schemas.get(name).takes(args), false, `${name} ${JSON.stringify(args)}`);
    const { isError, content } = await call(name, args);
    assert.equal(isError, true, `${name} ${JSON.stringify(args)}`);
    assert.match(content[0].text, new RegExp(`\`${field}\``), content[0].text);
  }
});

test('what is no JSON, and what is no message, is refused by the protocol', async () => {
  for (const [body, code] of [['{"jsonrpc": "2.0", ', -32700], ['[]', -32600], ['"hello"', -32600], ['{"id": 1}', -32600]]) {
    const answer = await post(body);
    assert.equal(answer.status, 400, body);
    assert.equal((await answer.json()).error.code, code, body);
  }
});

test('nobody is let in without a login, and is told by what', async () => {
  for (const token of [null, 'not.a.token', 'aiinfra_never-made']) {
    const answer = await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate'), /^Bearer realm="ai-infra"/);
    assert.equal((await answer.json()).code, 'auth.required');
  }
});

test('the official SDK lists and calls every tool with a token over HTTP', async (t) => {
  const client = await greet(t, secret);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
  const text = 'the egret lives in the production database';
  const done = async (name, args) => {
    const answer = await client.callTool({ name, arguments: args });
    assert.notEqual(answer.isError, true, JSON.stringify(answer));
    return answer.structuredContent;
  };
  const { id } = await done('remember', { text });
  assert.equal((await done('search', { query: 'where does the egret live?' })).results[0].id, id);
  assert.equal((await done('recent', { limit: 1 })).memories[0].text, text);
  assert.deepEqual((await done('forget', { ids: [id] })).ids, [id]);
});

test('the official SDK reads with a reading token and is told why it changes nothing', async (t) => {
  const client = await greet(t, await tokenFor('reader', ['memory-read']));
  assert.notEqual((await client.callTool({ name: 'recent', arguments: {} })).isError, true);
  const refused = await client.callTool({ name: 'remember', arguments: { text: 'the heron nests' } });
  assert.equal(refused.isError, true);
  assert.match(refused.content[0].text, /memory or full/);
});

async function greet(t, token) {
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const client = new Client({ name: 'strict', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit }));
  t.after(() => client.close());
  return client;
}
