// SPDX-License-Identifier: Apache-2.0
// What a full node keeps for light clients (consensus specs, altair/light-client/full-node.md): a
// bootstrap of each block, the best update of each period, the newest finality and optimistic update.
import { Tree } from '@chainsafe/persistent-merkle-tree';
import * as params from '@lodestar/params';
import * as transition from '@lodestar/state-transition';
import { isBetterUpdate, toLightClientUpdateSummary } from '@lodestar/state-transition/light-client';
import { ssz } from '@lodestar/types';

// Generalised indices of Electra and Fulu.
const FINALIZED_ROOT = 169n;
const CURRENT_COMMITTEE = 86n;
const NEXT_COMMITTEE = 87n;
const EXECUTION_PAYLOAD = 25n; // of the block body

const HISTORY = 4096; // blocks whose bootstraps are kept

const hex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');
const branch = (node, gindex) => new Tree(node).getSingleProof(gindex);

export const periodOf = (slot) =>
  Math.floor(slot / (params.SLOTS_PER_EPOCH * params.EPOCHS_PER_SYNC_COMMITTEE_PERIOD));

export function headerOf(config, fork, block) {
  return {
    beacon: transition.blockToHeader(config, block),
    execution: transition.executionPayloadToPayloadHeader(config.getForkSeq(block.slot),
      block.body.executionPayload),
    executionBranch: branch(ssz[fork].BeaconBlockBody.toView(block.body).node, EXECUTION_PAYLOAD),
  };
}

export class LightClientData {
  constructor(config) {
    this.config = config;
    this.headers = new Map(); // block root: header
    this.bootstraps = new Map(); // block root: {slot, fork, ssz}
    this.best = new Map(); // period: {fork, value}
    this.finality = null;
    this.optimistic = null;
    this.parent = null;
  }

  block(slot, fork, root, header, state, syncAggregate) {
    this.headers.set(root, header);
    const bootstrap = {
      header,
      currentSyncCommittee: state.currentSyncCommittee.toValue(),
      currentSyncCommitteeBranch: branch(state.node, CURRENT_COMMITTEE),
    };
    this.bootstraps.set(root, { slot, fork, ssz: ssz[fork].LightClientBootstrap.serialize(bootstrap) });
    if (this.bootstraps.size > HISTORY) {
      const oldest = this.bootstraps.keys().next().value;
      this.bootstraps.delete(oldest);
      this.headers.delete(oldest);
    }
    if (this.parent) {
      this.signed(slot, syncAggregate, this.parent);
    }
    this.parent = { slot, fork, root, header, state };
  }

  // [root, beacon header] of "head", "finalized" or a slot with a block.
  headerAt(which) {
    if (!this.parent) {
      return undefined;
    }
    const finalized = hex(this.parent.state.finalizedCheckpoint.root);
    const root = which === 'head' ? this.parent.root : which === 'finalized' ? finalized
      : [...this.bootstraps].find(([, entry]) => entry.slot === Number(which))?.[0];
    const header = this.headers.get(root);
    return header && [root, header.beacon];
  }

  // `syncAggregate` is the signature under the parent block.
  signed(slot, syncAggregate, { slot: attestedSlot, fork, header, state }) {
    const update = { attestedHeader: header, syncAggregate, signatureSlot: slot };
    this.optimistic = { fork, value: update };
    const finalized = this.headers.get(hex(state.finalizedCheckpoint.root));
    const finality = finalized && {
      finalizedHeader: finalized,
      finalityBranch: branch(state.node, FINALIZED_ROOT),
    };
    const enough = syncAggregate.syncCommitteeBits.getTrueBitIndexes().length * 3 >=
      params.SYNC_COMMITTEE_SIZE * 2;
    if (finality && enough) {
      this.finality = { fork, value: { ...update, ...finality } };
    }
    const period = periodOf(attestedSlot);
    if (period !== periodOf(slot)) {
      return;
    }
    const value = {
      ...ssz[fork].LightClientUpdate.defaultValue(),
      ...update,
      nextSyncCommittee: state.nextSyncCommittee.toValue(),
      nextSyncCommitteeBranch: branch(state.node, NEXT_COMMITTEE),
      ...finality,
    };
    const summary = toLightClientUpdateSummary(value);
    const best = this.best.get(period);
    if (!best || isBetterUpdate(summary, best.summary)) {
      this.best.set(period, { fork, value, summary });
    }
  }
}
