// A wire between browser and server that a test can cut: whole connections, WebSockets too.
//
// A browser's own offline switch leaves open WebSockets and the loopback alone, so it proves nothing.

import net from 'node:net';

const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

// Listens on a free port and passes everything on to `target` (host:port).
export async function startProxy(t, target) {
  const proxy = new Proxy(target);
  t.after(() => proxy.end());
  await new Promise((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
  return proxy;
}

class Proxy {
  constructor(target) {
    const [host, port] = target.split(':');
    this.target = { host, port: Number(port) };
    this.pairs = new Set();
    this.isCut = false;
    this.isBlind = false;
    this.listener = net.createServer((near) => this.join(near));
  }

  get url() {
    return `http://127.0.0.1:${this.listener.address().port}`;
  }

  // Breaks every connection and refuses new ones.
  cut() {
    this.isCut = true;
    for (const pair of this.pairs) pair.forEach((end) => end.destroy());
  }

  mend() {
    this.isCut = false;
  }

  // Refuses WebSockets and lets everything else through, as some proxies do; `false` ends that.
  blind(isBlind = true) {
    this.isBlind = isBlind;
  }

  end() {
    this.cut();
    this.listener.close();
  }

  join(near) {
    if (this.isCut) return near.resetAndDestroy();
    const pair = [near];
    this.pairs.add(pair);
    const part = () => {
      this.pairs.delete(pair);
      pair.forEach((end) => end.destroy());
    };
    const watch = (end) => end.on('error', part).on('close', part);
    watch(near);
    near.once('data', (first) => {
      if (this.isBlind && /^upgrade: *websocket/im.test(first.toString('latin1'))) return near.end(REFUSAL);
      const far = net.connect(this.target);
      pair.push(far);
      watch(far).write(first);
      near.pipe(far).pipe(near);
      return undefined;
    });
    return undefined;
  }
}
