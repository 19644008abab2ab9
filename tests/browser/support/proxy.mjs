// A wire between browser and server that a test can cut: whole connections, WebSockets too.
//
// A browser's own offline switch leaves open WebSockets and the loopback alone, so it proves nothing.

import net from 'node:net';

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

  end() {
    this.cut();
    this.listener.close();
  }

  join(near) {
    if (this.isCut) return near.resetAndDestroy();
    const far = net.connect(this.target);
    const pair = [near, far];
    this.pairs.add(pair);
    const part = () => {
      this.pairs.delete(pair);
      pair.forEach((end) => end.destroy());
    };
    pair.forEach((end) => end.on('error', part).on('close', part));
    near.pipe(far).pipe(near);
    return undefined;
  }
}
