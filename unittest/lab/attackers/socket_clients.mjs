// SPDX-License-Identifier: Apache-2.0
// Clients of wickd's socket, good and bad ones: prints "<name> ok" or "<name> bad <why>" for each.
//   node socket_clients.mjs SOCKET NAME-THAT-IS-FOUND NAME-THAT-IS-NOT
import net from 'node:net';

const [path, found, absent] = process.argv.slice(2);
const deadline = 240000;
// How long an answer may take; a busy machine says nothing about the daemon.
const atOnce = process.env.WICK_FULL ? 2000 : 60000;

class Client {
  constructor(options = {}) {
    this.lines = [];
    this.waiting = [];
    this.text = '';
    this.closed = new Promise((resolve) => {
      this.socket = net.connect({ path, ...options }, () => {}).on('close', resolve).on('error', () => {});
    });
    this.socket.on('data', (data) => {
      this.text += data;
      for (let end; (end = this.text.indexOf('\n')) >= 0; this.text = this.text.slice(end + 1)) {
        this.lines.push(this.text.slice(0, end));
      }
      this.wake();
    });
    this.closed.then(() => {
      this.over = true;
      this.wake();
    });
  }
  wake() {
    this.waiting.splice(0).forEach((resolve) => resolve());
  }
  say(text) {
    this.socket.write(text);
    return this;
  }
  ask(request) {
    return this.say(JSON.stringify(request) + '\n').next();
  }
  async next() {
    const until = Date.now() + deadline;
    while (this.lines.length === 0) {
      if (this.over) throw new Error('the connection has ended');
      if (Date.now() > until) throw new Error('no answer');
      await Promise.race([
        new Promise((resolve) => this.waiting.push(resolve)),
        new Promise((resolve) => setTimeout(resolve, 1000).unref()),
      ]);
    }
    return JSON.parse(this.lines.shift());
  }
  end() {
    this.socket.destroy();
  }
}

const must = (condition, why) => {
  if (!condition) throw new Error(why);
};
const clients = [];
const client = (options) => {
  const c = new Client(options);
  clients.push(c);
  return c;
};

const cases = {
  async several_at_once() {
    // Eight ask for one record, four for one that is not there: each gets its own answer.
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) =>
      client().ask({ op: 'lookup', name: i < 8 ? found : absent, tag: i })));
    answers.forEach((a, i) => {
      must(a.tag === i && a.op === 'lookup', `answer ${i} is to ${a.tag}`);
      must(i < 8 ? a.ok && a.endpoints.length > 0 : a.code === 'RECORD_ABSENT', JSON.stringify(a));
    });
  },
  async in_order() {
    const c = client();
    for (let i = 0; i < 20; i++) {
      c.say(JSON.stringify(i % 5 === 0 ? { op: 'lookup', name: found, tag: i } : { op: 'version', tag: i }) + '\n');
    }
    for (let i = 0; i < 20; i++) {
      const a = await c.next();
      must(a.ok && a.tag === i, `${i}: ${JSON.stringify(a)}`);
    }
  },
  async malformed() {
    const c = client();
    for (const [line, code] of [['', 'JSON'], ['hello', 'JSON'], ['{}', 'UNSUPPORTED'], ['[]', 'JSON'],
      ['{"op":"lookup"}', 'MALFORMED'], ['{"op":"lookup","name":"GW B"}', 'NAME'],
      ['{"op":"lookup","name":"gw-b@nowhere"}', 'CONFIG'], ['{"op":"status","op":"status"}', 'JSON'],
      ['{"op":"lookup","name":"gw\\u0000"}', 'JSON'], ['\u00ff\u0001', 'JSON'],
      ['{"op":"set_psk","name":"gw-b"}', 'UNSUPPORTED'], ['{"op":"status","force":true}', 'MALFORMED']]) {
      const a = await c.say(line + '\n').next();
      must(!a.ok && a.code === code && a.error && a.remedy !== undefined, `${line}: ${JSON.stringify(a)}`);
    }
    must((await c.ask({ op: 'version' })).ok, 'and it goes on');
  },
  async oversized() {
    const c = client();
    const a = await c.say('x'.repeat(100000)).next();
    must(a.code === 'LIMIT', JSON.stringify(a));
    await c.closed;
    must((await client().ask({ op: 'version' })).ok, 'others go on');
  },
  async deaf() {
    // Clients that ask for the longest answers and read none; others are answered at once meanwhile.
    for (let i = 0; i < 4; i++) {
      const c = client();
      c.socket.pause();
      c.say('{"op":"metrics"}\n'.repeat(2000));
    }
    for (let i = 0; i < 50; i++) {
      const begun = Date.now();
      must((await client().ask({ op: 'status' })).ok, 'status');
      clients.pop().end();
      must(Date.now() - begun < atOnce, `an answer took ${Date.now() - begun} ms`);
    }
  },
  async cut_line() {
    const c = client();
    const begun = Date.now();
    const a = await c.say('{"op":"sta').next();
    must(a.code === 'TIMEOUT', JSON.stringify(a));
    must(Date.now() - begun > 5000, 'too early');
    await c.closed;
  },
  async crowd() {
    // More than there are places: those who have their answer and stay make room for the others.
    const many = Array.from({ length: 40 }, () => client());
    const answers = await Promise.all(many.map((c) => c.ask({ op: 'version' })));
    must(answers.every((a) => a.ok), 'an answer');
  },
  async comes_and_goes() {
    // Clients that leave before their answer: nobody else gets it.
    for (let i = 0; i < 30; i++) {
      client().say(JSON.stringify({ op: 'lookup', name: found, tag: 1000 + i }) + '\n').end();
      clients.pop();
      const a = await client().ask({ op: 'lookup', name: absent, tag: i });
      must(a.tag === i && a.code === 'RECORD_ABSENT', JSON.stringify(a));
      clients.pop().end();
    }
  },
  async events() {
    const c = client();
    must((await c.ask({ op: 'subscribe' })).ok, 'subscribe');
    must((await c.ask({ op: 'status' })).op === 'status', 'answers between events');
    must((await c.ask({ op: 'unsubscribe', tag: 3 })).tag === 3, 'unsubscribe');
  },
};

let bad = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`${name} ok`);
  } catch (e) {
    bad++;
    console.log(`${name} bad ${e.message}`);
  }
  clients.splice(0).forEach((c) => c.end());
  await new Promise((resolve) => setTimeout(resolve, 50)); // the daemon sees them leave
}
process.exit(bad === 0 ? 0 : 1);
