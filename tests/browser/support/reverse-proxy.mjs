// A reverse proxy as it stands in front of a server in earnest: it has the public name, passes the
// Host header on and says where a request came from. nginx where it is installed, else Node's own.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { until } from './wait.mjs';

const START_MS = 10_000;

// Listens on a free port and passes requests on to `target` (host:port); returns port and kind.
export async function startReverseProxy(t, target) {
  const program = process.env.AI_INFRA_NGINX || 'nginx';
  return isThere(program) ? startNginx(t, program, target) : startNode(t, target);
}

function isThere(program) {
  try {
    execFileSync(program, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function startNginx(t, program, target) {
  const home = mkdtempSync('/tmp/bn');
  const port = await freePort();
  const configuration = path.join(home, 'nginx.conf');
  writeFileSync(configuration, nginxConfiguration(home, port, target));
  const child = spawn(program, ['-e', path.join(home, 'error.log'), '-c', configuration], { stdio: 'ignore' });
  t.after(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    rmSync(home, { recursive: true, force: true });
  });
  await until(START_MS, 'nginx to listen', async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(path.join(home, 'error.log'), 'utf8'));
    return isOpen(port);
  });
  return { port, kind: 'nginx' };
}

function nginxConfiguration(home, port, target) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    pid ${home}/pid;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://${target};
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forwarded-Proto https;
        }
      }
    }`;
}

async function startNode(t, target) {
  const [host, port] = target.split(':');
  const proxy = http.createServer((request, response) => {
    const headers = {
      ...request.headers,
      'x-forwarded-for': request.socket.remoteAddress,
      'x-forwarded-proto': 'https',
    };
    const { method, url } = request;
    const onward = http.request({ host, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { port: proxy.address().port, kind: 'node' };
}

export function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export function isOpen(port) {
  return new Promise((resolve) => {
    const probe = net.connect(port, '127.0.0.1', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}
