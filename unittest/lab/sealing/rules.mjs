// SPDX-License-Identifier: Apache-2.0
// How each kind of consortium chain seals: QBFT and IBFT 2.0 as Besu does (BftExtraDataCodec), IBFT 1
// as Quorum does (EIP-650), Clique (EIP-225). A rule turns a block of anvil and a plan {set, proposer,
// sealers, round, vote} into a sealed one.
import { bytes, headerRlp, hex, integer, keccak, rlp } from './header.mjs';

const VANITY = Buffer.from('wick lab: sealing proxy'.padEnd(32, '\0'));
const ISTANBUL_MIX = '0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365';
const ZERO_SEAL = Buffer.alloc(65);
const zeroes = (n) => '0x' + '00'.repeat(n);

const addresses = (set) => set.map((key) => key.address);
export const quorum = (n) => Math.ceil((2 * n) / 3);

function istanbul(block, plan) {
  return { ...block, difficulty: '0x1', mixHash: ISTANBUL_MIX, nonce: zeroes(8),
    miner: plan.proposer ? hex(plan.proposer.address) : zeroes(20) };
}

// [vanity, validators, vote, round, seals]; which parts are hashed depends on what for.
function besu(block, plan, encoding) {
  const head = istanbul(block, plan);
  const kept = [VANITY, addresses(plan.set), encoding.vote(plan.vote)];
  const round = encoding.round(plan.round);
  const commit = keccak(headerRlp(head, rlp(encoding.commit(kept, round))));
  const seals = plan.sealers.map((key) => key.sign(commit));
  const extra = rlp([...kept, round, seals]);
  const own = plan.genesis ? extra : rlp(encoding.block(kept));
  return { ...head, extraData: hex(extra), hash: hex(keccak(headerRlp(head, own))) };
}

const qbft = {
  vote: (v) => (v ? [v.key.address, v.add ? Buffer.from([0xff]) : Buffer.alloc(0)] : []),
  round: (n) => integer(n),
  commit: (kept, round) => [...kept, round, []],
  block: (kept) => [...kept, integer(0), []],
};
const ibft2 = {
  vote: (v) => (v ? [v.key.address, Buffer.from([v.add ? 0xff : 0])] : Buffer.alloc(0)),
  round: (n) => Buffer.from([n >>> 24, n >>> 16, n >>> 8, n]),
  commit: (kept, round) => [...kept, round],
  block: (kept) => kept,
};

// vanity | [validators, proposer's seal, commit seals]
function ibft1(block, plan) {
  const head = { ...istanbul(block, plan), miner: plan.vote ? hex(plan.vote.key.address) : zeroes(20),
    nonce: plan.vote?.add ? '0x' + 'ff'.repeat(8) : zeroes(8) };
  const extra = (seal, seals) => Buffer.concat([VANITY, rlp([addresses(plan.set), seal, seals])]);
  const none = Buffer.alloc(0);
  const proposerSeal = plan.genesis ? none
    : plan.proposer.sign(keccak(keccak(headerRlp(head, extra(none, [])))));
  const hash = keccak(headerRlp(head, extra(proposerSeal, [])));
  const commit = keccak(Buffer.concat([hash, Buffer.from([2])])); // message code of COMMIT
  const whole = extra(proposerSeal, plan.sealers.map((key) => key.sign(commit)));
  return { ...head, extraData: hex(whole), hash: hex(plan.genesis ? keccak(headerRlp(head, whole)) : hash) };
}

// vanity | signers, at an epoch | seal; `proposer` is the one signer
function clique(block, plan) {
  const turn = Number(block.number) % plan.set.length;
  const inTurn = plan.proposer === plan.set[turn];
  const head = {
    ...block,
    difficulty: plan.genesis ? '0x1' : inTurn === !plan.wrongTurn ? '0x2' : '0x1',
    mixHash: zeroes(32),
    miner: plan.vote ? hex(plan.vote.key.address) : zeroes(20),
    nonce: plan.vote?.add ? '0x' + 'ff'.repeat(8) : zeroes(8),
  };
  const kept = Buffer.concat([VANITY, ...(plan.list ? addresses(plan.set) : [])]);
  const seal = plan.genesis ? ZERO_SEAL : plan.proposer.sign(keccak(headerRlp(head, kept)));
  const whole = Buffer.concat([kept, seal]);
  return { ...head, extraData: hex(whole), hash: hex(keccak(headerRlp(head, whole))) };
}

export const rules = {
  qbft: (block, plan) => besu(block, plan, qbft),
  ibft2: (block, plan) => besu(block, plan, ibft2),
  ibft1,
  clique,
};
