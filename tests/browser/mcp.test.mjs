// The official MCP inspector's command line against the real binary: it lists the tools and calls
// every one, over standard streams, over HTTP, and over HTTP behind a reverse proxy under a public
// host name. Needs no browser; it stands here because this folder has the Node packages.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setUp } from './support/api.mjs';
import { startReverseProxy } from './support/reverse-proxy.mjs';
import { binary, startServer } from './support/server.mjs';

const PACKAGES = fileURLToPath(new URL('node_modules/', import.meta.url));
const INSPECTOR = laidOut(path.join(PACKAGES, '@modelcontextprotocol/inspector-cli'));
const PUBLIC = 'ai.example.com';
const TOOLS = ['search', 'remember', 'forget', 'recent'];

// The package on its own looks for files at the places they have beside its siblings, and does not
// start; this gives it those places, in a folder of their own.
function laidOut(inspector) {
  const home = mkdtempSync(path.join(tmpdir(), 'bi'));
  after(() => rmSync(home, { recursive: true, force: true }));
  cpSync(path.join(inspector, 'build'), path.join(home, 'cli/build'), { recursive: true });
  cpSync(path.join(inspector, 'package.json'), path.join(home, 'package.json'));
  symlinkSync(PACKAGES, path.join(home, 'node_modules'));
  return path.join(home, 'cli/build/cli.js');
}

// Makes the public name mean this machine, as DNS would, and nothing else.
const NAMES = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns';
  const { lookup } = dns;
  dns.lookup = (name, ...rest) => lookup(name === '${PUBLIC}' ? '127.0.0.1' : name, ...rest);
`)}`;

test('over standard input and output', async (t) => {
  const server = await startServer(t);
  // The command as a client's configuration names it, in the environment of the server's home.
  const environment = Object.entries(server.variables()).map(([name, value]) => `${name}=${value}`);
  await all({ words: ['env', '-i', ...environment, binary(), 'mcp', '--data', server.data] });
});

test('over HTTP, with a login', async (t) => {
  const server = await startServer(t);
  const { token } = await setUp(server);
  await all(over(server.url, token));
  await assert.rejects(inspect(over(server.url), 'tools/list'), /log/i);
});

test('over HTTP behind a reverse proxy, under the public host name', async (t) => {
  const server = await startServer(t, { environment: { API_DOMAIN: PUBLIC } });
  const { token } = await setUp(server);
  const { port, kind } = await startReverseProxy(t, server.listen);
  t.diagnostic(`the proxy is ${kind}`);
  await all(over(`http://${PUBLIC}:${port}`, token));
});

test('another host name is refused behind the proxy too', async (t) => {
  const server = await startServer(t);
  const { token } = await setUp(server);
  const { port } = await startReverseProxy(t, server.listen);
  await assert.rejects(inspect(over(`http://${PUBLIC}:${port}`, token), 'tools/list'), /host/i);
});

// The way to a server's tools over HTTP, with a login or without.
function over(url, token) {
  const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
  return { words: [`${url}/mcp`], options: ['--transport', 'http', ...header] };
}

// Lists the tools and calls every one.
async function all(target) {
  const { tools } = await inspect(target, 'tools/list');
  assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
  for (const tool of tools) {
    assert.equal(tool.inputSchema.type, 'object');
    assert.equal(tool.outputSchema.type, 'object');
    assert.equal(tool.annotations.destructiveHint, tool.name === 'forget');
  }
  const text = 'the staging database is called heron';
  const { id } = await call(target, 'remember', `text=${text}`);
  const found = await call(target, 'search', 'query=what is the staging database called?', 'limit=3');
  assert.equal(found.results[0].id, id);
  const recent = await call(target, 'recent', 'limit=1');
  assert.equal(recent.memories[0].text, text);
  const gone = await call(target, 'forget', `ids=${JSON.stringify([id])}`);
  assert.deepEqual(gone.ids, [id]);
  const nothing = await call(target, 'search', 'query=what is the staging database called?');
  assert.deepEqual(nothing.results, []);
  const wrong = await inspect(target, 'tools/call', 'search', ['query=x', 'from=soon']);
  assert.equal(wrong.isError, true);
  assert.match(wrong.content[0].text, /`from`[\s\S]*what to do/);
}

// Calls a tool that must do its work, and returns its structured answer.
async function call(target, tool, ...pairs) {
  const answer = await inspect(target, 'tools/call', tool, pairs);
  assert.notEqual(answer.isError, true, JSON.stringify(answer));
  assert.ok(answer.content[0].text.length > 0);
  return answer.structuredContent;
}

// Runs the inspector once.
async function inspect({ words, options = [] }, method, tool, pairs = []) {
  const what = tool ? ['--tool-name', tool, ...pairs.flatMap((pair) => ['--tool-arg', pair])] : [];
  const line = [INSPECTOR, '--cli', ...words, ...options, '--method', method, ...what];
  const env = { PATH: process.env.PATH, HOME: tmpdir(), NODE_OPTIONS: `--import=${NAMES}` };
  const { stdout } = await promisify(execFile)(process.execPath, line, { env, timeout: 60_000 });
  return JSON.parse(stdout);
}
