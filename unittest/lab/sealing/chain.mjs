// SPDX-License-Identifier: Apache-2.0
// The sealed chain: who validates, whose turn it is, votes under way, and the blocks sealed so far.
import { Key, headerRlp, hex, keccak } from './header.mjs';
import { quorum, rules } from './rules.mjs';

export class SealedChain {
  /** @param options {rule, validators, epoch} */
  constructor(options) {
    this.rule = options.rule;
    this.seal = rules[options.rule];
    this.epoch = options.epoch;
    this.keys = new Map();
    this.set = [];
    for (let i = 0; i < options.validators; i++) {
      this.join(this.key(i));
    }
    this.blocks = []; // sealed, by number
    this.plans = []; // how each was sealed
    this.numberOf = new Map(); // sealed hash: number
    this.wanted = []; // votes that the validators are going to cast: {key, add}
    this.tally = new Map(); // `subject`: Set of voters
    this.removed = []; // keys that have left, newest last
    this.nextSet = null;
  }

  /** Keys by number; those of validators are 0 to 63, others are strangers. */
  key(i) {
    if (!this.keys.has(i)) {
      this.keys.set(i, new Key(`validator ${i}`));
    }
    return this.keys.get(i);
  }

  join(key) {
    this.set = [...this.set, key].sort((a, b) => Buffer.compare(a.address, b.address));
  }

  leave(key) {
    this.set = this.set.filter((k) => k !== key);
    this.removed.push(key);
  }

  get head() {
    return this.blocks.length - 1;
  }

  /** A Clique signer may not be among the last floor(n / 2). */
  mayPropose(key, number) {
    if (this.rule !== 'clique') {
      return true;
    }
    const since = number - Math.floor(this.set.length / 2);
    return !this.plans.slice(Math.max(1, since)).some((plan) => plan.proposer === key);
  }

  proposer(number) {
    const n = this.set.length;
    // Now and then somebody else than the one whose turn it is.
    const first = number % 5 === 4 ? number + 1 : number;
    for (let i = 0; i < n; i++) {
      const key = this.set[(first + i) % n];
      if (this.mayPropose(key, number)) {
        return key;
      }
    }
    throw new Error('nobody may sign');
  }

  /** The vote that a proposer casts next: one it has not cast yet, about what is not so yet. */
  voteOf(proposer) {
    return this.wanted.find(({ key, add }) => this.set.includes(key) !== add &&
      !this.tally.get(hex(key.address))?.has(proposer));
  }

  plan(number) {
    if (number === 0) {
      return { genesis: true, list: true, set: this.set, sealers: [], round: 0 };
    }
    if (this.nextSet) {
      this.set.filter((k) => !this.nextSet.includes(k)).forEach((k) => this.removed.push(k));
      this.set = this.nextSet;
      this.nextSet = null;
    }
    const proposer = this.proposer(number);
    const list = number % this.epoch === 0;
    if (list) {
      this.tally.clear();
    }
    return {
      list, proposer, set: this.set, round: number % 7 === 3 ? 1 : 0,
      vote: list ? undefined : this.voteOf(proposer),
      // One more than needed, if there is one, and never the same ones twice in a row.
      sealers: this.set.map((_, i) => this.set[(number + i) % this.set.length])
        .slice(0, quorum(this.set.length) + 1),
    };
  }

  /** Counts the vote of a block: more than half decides, from the next block on. */
  count({ vote, proposer }) {
    if (!vote) {
      return;
    }
    const subject = hex(vote.key.address);
    const voters = this.tally.get(subject) || new Set();
    this.tally.set(subject, voters.add(proposer));
    if (voters.size * 2 <= this.set.length) {
      return;
    }
    if (vote.add) {
      this.join(vote.key);
    } else {
      this.leave(vote.key);
      this.tally.forEach((others) => others.delete(vote.key));
    }
    this.tally.delete(subject);
    this.wanted = this.wanted.filter((w) => w.key !== vote.key);
  }

  /** Seals the next block of the node behind. */
  append(block) {
    const number = this.blocks.length;
    const plan = this.plan(number);
    const sealed = this.make(number, block, plan);
    this.blocks.push(sealed);
    this.plans.push(plan);
    this.numberOf.set(sealed.hash, number);
    this.count(plan);
    return sealed;
  }

  make(number, block, plan) {
    if (number === 0) {
      return this.seal(block, plan);
    }
    const parent = this.blocks[number - 1];
    // Anvil mines several blocks in one second, which no consensus allows.
    const timestamp = Math.max(Number(block.timestamp), Number(parent.timestamp) + 1);
    return this.seal({ ...block, parentHash: parent.hash, timestamp: '0x' + timestamp.toString(16) }, plan);
  }

  /** Another version of a sealed block, by the fault that is switched on. */
  faulty(number, block, fault) {
    const plan = { ...this.plans[number] };
    const need = quorum(plan.set.length);
    const few = plan.sealers.slice(0, need - 1);
    const twist = {
      // Clique has one seal, the others many: the fault is in what there is.
      quorum: () => ({ sealers: few }),
      duplicate: () => ({ sealers: [...few, few[0]] }),
      foreign: () => ({ sealers: [...few, this.key(100)], proposer: this.key(100) }),
      removed: () => ({ sealers: [...few, this.removed.at(-1)], proposer: this.removed.at(-1) }),
      recent: () => ({ proposer: this.plans[number - 1].proposer }),
      turn: () => ({ wrongTurn: true }),
      strangers: () => {
        const set = plan.set.map((_, i) => this.key(200 + i))
          .sort((a, b) => Buffer.compare(a.address, b.address));
        return { set, sealers: set, proposer: set[number % set.length] };
      },
      twin: () => ({}),
    }[fault];
    if (!twist) {
      throw new Error(`no fault ${fault}`);
    }
    Object.assign(plan, twist());
    // Another block of the same height, as well sealed: its gas limit differs.
    const other = fault === 'twin'
      ? { ...block, gasLimit: '0x' + (BigInt(block.gasLimit) - 1n).toString(16) } : block;
    return this.make(number, other, plan);
  }
}

/** Does a block's JSON hash to its hash? A check of the node behind. */
export function hashes(block) {
  return hex(keccak(headerRlp(block))) === block.hash;
}
