// The real binary in a home of its own: started, killed, started again, and swept up afterwards.
//
// Nothing here knows the portal. Never touches a process that does not carry the home's own path in
// its arguments or environment, so nothing a test did not start is ever ended.

import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from './wait.mjs';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

// A debug build on a busy machine of two cores.
const START_MS = 60_000;
const STOP_MS = 35_000;

// Where packaging/scripts/browser.sh says the binary is; else what plain `cargo build` has made.
export function binary() {
  return process.env.AI_INFRA_BROWSER_BINARY || path.join(ROOT, 'target/x86_64-unknown-linux-gnu/debug/ai-infra');
}

// Starts a server; `environment` is added to a minimal one. Ends when the test `t` does, if given. With a
// `publicUrl` it says that address, and `listen` is where it is reached straight.
export async function startServer(t, { model = 'demo', environment = {}, publicUrl, listen } = {}) {
  const server = new Server(model, environment, publicUrl, listen);
  t?.after(() => server.end());
  await server.start();
  return server;
}

class Server {
  constructor(model, environment, publicUrl, listen = '127.0.0.1:0') {
    // A short path: the length of a unix socket's path ends at about 100 bytes.
    this.home = mkdtempSync('/tmp/b');
    for (const folder of ['run', 'user', 'config']) mkdirSync(path.join(this.home, folder), { mode: 0o700 });
    this.model = model;
    this.environment = { ...environment, ...(publicUrl && { AI_INFRA__SERVER__PUBLIC_URL: publicUrl }) };
    this.publicUrl = publicUrl;
    this.listen = listen;
    this.said = path.join(this.home, 'serve.log');
  }

  async start() {
    const out = openSync(this.said, 'w');
    this.child = spawn(binary(), this.arguments(), { env: this.variables(), stdio: ['ignore', out, out] });
    closeSync(out);
    this.gone = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)));
    this.url = await until(START_MS, 'the server to say its address', () => this.fact(/portal\s+(\S+)/));
    // A restart comes back to the same place, as it does for people.
    if (this.publicUrl) this.url = `http://${this.listen}`;
    this.listen = new URL(this.url).host;
    await until(START_MS, 'the server to be ready', () => this.isReady());
    this.setupLink ??= await this.askForLink();
  }

  // The one-time link, by the command that makes one: the server says it to nobody but a terminal.
  async askForLink() {
    return /http\S+#t=\S+/.exec(await this.command('setup-link'))[0];
  }

  // What a command says that is typed on the server's own machine.
  async command(name, ...words) {
    const all = [name, ...this.places(), ...words];
    return (await promisify(execFile)(binary(), all, { env: this.variables() })).stdout;
  }

  // As a power cut would: no goodbye to anybody.
  async kill() {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  async end() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
      await this.gone;
      clearTimeout(late);
    }
    sweep(this.home);
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  arguments() {
    return ['serve', ...this.places(), '--listen', this.listen, '--model', this.model];
  }

  places() {
    return ['--data', this.data, '--config', path.join(this.home, 'config')];
  }

  get data() {
    return path.join(this.home, 'data');
  }

  variables() {
    const at = (name) => path.join(this.home, name);
    return {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      TERM: 'xterm',
      HOME: at('user'),
      XDG_RUNTIME_DIR: at('run'),
      XDG_CONFIG_HOME: at('user/config'),
      XDG_DATA_HOME: at('user/data'),
      XDG_STATE_HOME: at('user/state'),
      XDG_CACHE_HOME: at('user/cache'),
      ...this.environment,
    };
  }

  fact(pattern) {
    if (this.child.exitCode !== null) throw new Error(`the server ended early:\n${this.log()}`);
    return pattern.exec(this.log())?.[1];
  }

  log() {
    return readFileSync(this.said, 'utf8');
  }

  async isReady() {
    const answer = await fetch(`${this.url}/api/health/ready`).catch(() => undefined);
    return answer?.ok;
  }
}

// Ends what still belongs to a home: agents and their tmux outlive a server that was killed.
function sweep(home) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) !== process.pid && belongs(pid, home)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  }
}

function belongs(pid, home) {
  try {
    const marks = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1'));
    return marks.some((text) => text.includes(`${home}/`));
  } catch {
    return false;
  }
}
