// nginx, Caddy and HAProxy as docs/proxy.md says to set them up: the very text of that page, with nothing
// put in its place but ports, certificates and where the server listens.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { freePort, isOpen } from './reverse-proxy.mjs';
import { ROOT } from './server.mjs';
import { until } from './wait.mjs';

const START_MS = 30_000;
const PAGE = readFileSync(path.join(ROOT, 'docs/proxy.md'), 'utf8');

// The proxies by their mark in the page: how one is started with its file, and what is put into that.
const KINDS = {
  nginx: { command: (file, home) => ['nginx', '-e', path.join(home, 'nginx.log'), '-c', file], write: nginx },
  caddy: { command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file], write: caddy },
  haproxy: { command: (file) => ['haproxy', '-db', '-f', file], write: haproxy },
};

// A place for a proxy: its public address, and where the server is to listen behind it.
export async function place(kind, base) {
  const [port, behind] = [await freePort(), await freePort()];
  const name = base ? 'example.com' : 'ai.example.com';
  return { kind, base, name, port, target: `127.0.0.1:${behind}`, url: `https://${name}:${port}${base}` };
}

// Starts the proxy of a place; `change` does something to its configuration first.
export async function startDocumented(t, where, change = (text) => text) {
  const home = mkdtempSync('/tmp/bp');
  const { command, write } = KINDS[where.kind];
  certificate(home, where.name);
  const file = path.join(home, 'proxy.conf');
  writeFileSync(file, write(change(documented(where.kind, where.base)), home, where));
  const [program, ...words] = command(file, home);
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: home };
  const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', (error) => {
      output += error;
      resolve();
    });
  });
  let hasEnded = false;
  gone.then(() => (hasEnded = true));
  t.after(async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(late);
    rmSync(home, { recursive: true, force: true });
  });
  await until(START_MS, `${where.kind} to listen`, () => {
    if (hasEnded) throw new Error(`${where.kind} did not start (is its Debian package installed?):\n${output}`);
    return isOpen(where.port);
  });
}

// Asks through the proxy as a program does, whatever the name means elsewhere.
export function ask(where, address, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port: where.port, servername: where.name, rejectUnauthorized: false };
    const host = `${where.name}:${where.port}`;
    const request = https.request({ ...to, method, path: where.base + address, headers: { host, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part)).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on('error', reject).end(body);
  });
}

// The configuration of the page: the first of its kind stands at a name of its own, the second below a path.
function documented(kind, base) {
  const blocks = [...PAGE.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text);
  if (blocks.length !== 2) throw new Error(`docs/proxy.md has ${blocks.length} configurations for ${kind}, not 2`);
  return blocks[base ? 1 : 0];
}

function certificate(home, name) {
  const [key, crt] = [path.join(home, 'key.pem'), path.join(home, 'crt.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', crt];
  execFileSync('openssl', words, { stdio: 'ignore' });
  writeFileSync(path.join(home, 'both.pem'), readFileSync(crt, 'utf8') + readFileSync(key, 'utf8'));
}

// Replaces each text; one that is not there would leave the page's own in force.
function put(text, pairs) {
  return pairs.reduce((all, [old, now]) => {
    if (!all.includes(old)) throw new Error(`the configuration has no ${old}:\n${all}`);
    return all.replaceAll(old, now);
  }, text);
}

function nginx(text, home, { name, port, target }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((it) => `${it}_temp_path ${home}/${it};`);
  const at = `/etc/letsencrypt/live/${name}`;
  const block = put(text, [['listen 443 ssl', `listen 127.0.0.1:${port} ssl`], [`${at}/fullchain.pem`, `${home}/crt.pem`], [`${at}/privkey.pem`, `${home}/key.pem`], ['127.0.0.1:8000', target]]);
  return `daemon off; pid ${home}/pid; events {} http { access_log off; ${temporary.join(' ')}\n${block}}\n`;
}

function caddy(text, home, { name, port, target }) {
  const block = put(text, [[`${name} {`, `https://${name}:${port} {\n    bind 127.0.0.1\n    tls ${home}/crt.pem ${home}/key.pem`], ['127.0.0.1:8000', target]]);
  return `{\n    admin off\n    auto_https off\n}\n${block}`;
}

function haproxy(text, home, { name, port, target }) {
  return put(text, [['bind :443', `bind 127.0.0.1:${port}`], [`/etc/haproxy/${name}.pem`, `${home}/both.pem`], ['127.0.0.1:8000', target]]);
}
