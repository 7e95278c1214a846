// SPDX-License-Identifier: Apache-2.0
// The chain of the devnet: genesis, one block a slot, and what each block means for light clients.
import * as blst from '@chainsafe/blst';
import { BitArray } from '@chainsafe/ssz';
import { createBeaconConfig, createChainForkConfig } from '@lodestar/config';
import { mainnetChainConfig, minimalChainConfig } from '@lodestar/config/configs';
import * as params from '@lodestar/params';
import * as transition from '@lodestar/state-transition';
import { ssz } from '@lodestar/types';
import { LightClientData, headerOf } from './lightclient.mjs';

export const hex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
const quantity = (n) => '0x' + n.toString(16);
const zero32 = '0x' + '00'.repeat(32);

export class Chain {
  static async start(options) {
    const chain = new Chain();
    Object.assign(chain, options);
    const base = params.ACTIVE_PRESET === 'mainnet' ? mainnetChainConfig : minimalChainConfig;
    chain.config0 = {
      ...base,
      SECONDS_PER_SLOT: options.secondsPerSlot,
      SLOT_DURATION_MS: options.secondsPerSlot * 1000,
      ALTAIR_FORK_EPOCH: 0,
      BELLATRIX_FORK_EPOCH: 0,
      CAPELLA_FORK_EPOCH: 0,
      DENEB_FORK_EPOCH: 0,
      ELECTRA_FORK_EPOCH: 0,
      FULU_FORK_EPOCH: options.fuluEpoch,
      BLOB_SCHEDULE: [],
    };
    await chain.genesis();
    return chain;
  }

  // ---- execution node ----

  // The node ends a connection that was idle for some seconds, maybe just when it is used again: all calls of
  // the engine API may be made twice.
  async ask(request) {
    for (let tries = 0; ; tries++) {
      try {
        const reply = await fetch(this.engine, request);
        return await reply.json();
      } catch (error) {
        if (tries === 3 || error.cause?.code !== 'UND_ERR_SOCKET') {
          throw error;
        }
      }
    }
  }

  async call(method, ...args) {
    const { error, result } = await this.ask({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: args }),
    });
    if (error) {
      throw new Error(`${method}: ${JSON.stringify(error)}`);
    }
    return result;
  }

  // Block 0, as soon as the node answers.
  async executionGenesis() {
    for (let tries = 0; ; tries++) {
      let block;
      try {
        block = await this.call('eth_getBlockByNumber', '0x0', false);
      } catch (error) {
        if (tries === 600) {
          throw error;
        }
        await new Promise((done) => setTimeout(done, 100));
        continue;
      }
      if (Number(block.timestamp) !== this.genesisTime) {
        throw new Error('the execution node has another genesis');
      }
      return block;
    }
  }

  forkchoice(attributes) {
    const state = {
      headBlockHash: this.headPayload,
      safeBlockHash: this.justifiedPayload,
      finalizedBlockHash: this.finalizedPayload,
    };
    return this.call('engine_forkchoiceUpdatedV3', state, attributes);
  }

  // A payload on top of the head, built and then imported by the execution node.
  async payload(pre, slot, withdrawals) {
    const attributes = {
      timestamp: quantity(this.genesisTime + slot * this.secondsPerSlot),
      prevRandao: hex(transition.getRandaoMix(pre, Math.floor(slot / params.SLOTS_PER_EPOCH))),
      suggestedFeeRecipient: '0x' + 'fe'.repeat(20),
      withdrawals: withdrawals.map((w) => ({
        index: quantity(w.index),
        validatorIndex: quantity(w.validatorIndex),
        address: hex(w.address),
        amount: quantity(w.amount),
      })),
      parentBeaconBlockRoot: hex(this.headRoot),
    };
    const { payloadId } = await this.forkchoice(attributes);
    if (!payloadId) {
      throw new Error('the execution node builds no payload: is it of another chain?');
    }
    const built = await this.call('engine_getPayloadV4', payloadId);
    const requests = built.executionRequests || [];
    if (requests.length > 0) {
      throw new Error('deposits, withdrawal requests and consolidations are not served here');
    }
    const verdict = await this.call('engine_newPayloadV4', built.executionPayload, [],
      hex(this.headRoot), requests);
    if (verdict.status !== 'VALID') {
      throw new Error(`engine_newPayloadV4: ${JSON.stringify(verdict)}`);
    }
    return built.executionPayload;
  }

  // ---- genesis ----

  async genesis() {
    const count = this.validators;
    this.keys = transition.interopSecretKeys(count);
    const pubkeys = this.keys.map((key) => key.toPublicKey().toBytes());
    this.keyOf = new Map(pubkeys.map((pubkey, i) => [hex(pubkey), this.keys[i]]));
    const block = await this.executionGenesis();
    const state = ssz.electra.BeaconState.defaultValue();
    const { ELECTRA_FORK_VERSION: version } = this.config0;
    state.genesisTime = this.genesisTime;
    state.fork = { previousVersion: version, currentVersion: version, epoch: 0 };
    state.latestBlockHeader.bodyRoot =
      ssz.electra.BeaconBlockBody.hashTreeRoot(ssz.electra.BeaconBlockBody.defaultValue());
    state.eth1Data = {
      depositRoot: ssz.phase0.DepositDataRootList.hashTreeRoot([]),
      depositCount: BigInt(count),
      blockHash: bytes(block.hash),
    };
    state.eth1DepositIndex = count;
    state.depositRequestsStartIndex = params.UNSET_DEPOSIT_REQUESTS_START_INDEX;
    state.randaoMixes = state.randaoMixes.map(() => bytes(block.hash));
    pubkeys.forEach((pubkey, i) => {
      state.validators.push({
        pubkey,
        withdrawalCredentials: Buffer.concat([Buffer.from([1]), Buffer.alloc(11), Buffer.alloc(20, i + 1)]),
        effectiveBalance: 32e9,
        slashed: false,
        activationEligibilityEpoch: 0,
        activationEpoch: 0,
        exitEpoch: Infinity,
        withdrawableEpoch: Infinity,
      });
      state.balances.push(32e9);
      state.previousEpochParticipation.push(0);
      state.currentEpochParticipation.push(0);
      state.inactivityScores.push(0);
    });
    state.genesisValidatorsRoot = ssz.phase0.Validators.hashTreeRoot(state.validators);
    Object.assign(state.latestExecutionPayloadHeader, {
      ...payloadFields({ ...block, blockNumber: block.number, feeRecipient: block.miner,
        prevRandao: block.mixHash, blockHash: block.hash }),
      transactionsRoot: ssz.bellatrix.Transactions.hashTreeRoot([]),
      withdrawalsRoot: ssz.capella.Withdrawals.hashTreeRoot([]),
    });

    this.genesisValidatorsRoot = state.genesisValidatorsRoot;
    this.config = createBeaconConfig(createChainForkConfig(this.config0), state.genesisValidatorsRoot);
    const context = { config: this.config, pubkeyCache: transition.createPubkeyCache() };
    const draft = transition.createCachedBeaconState(ssz.electra.BeaconState.toViewDU(state), context,
      { skipSyncCommitteeCache: true });
    const { syncCommittee } = transition.getNextSyncCommittee(params.ForkSeq.electra, draft,
      Uint32Array.from({ length: count }, (_, i) => i), draft.epochCtx.effectiveBalanceIncrements);
    state.currentSyncCommittee = syncCommittee;
    state.nextSyncCommittee = syncCommittee;
    this.head = transition.createCachedBeaconState(ssz.electra.BeaconState.toViewDU(state), context);
    this.head.commit();

    const header = { ...state.latestBlockHeader, stateRoot: this.head.hashTreeRoot() };
    this.headRoot = ssz.phase0.BeaconBlockHeader.hashTreeRoot(header);
    this.headSlot = 0;
    this.headPayload = block.hash;
    this.justifiedPayload = zero32;
    this.finalizedPayload = zero32;
    this.finalizedEpoch = 0;
    this.payloadOf = new Map([[hex(this.headRoot), block.hash]]);
    this.light = new LightClientData(this.config);
  }

  get finalizedPeriod() {
    return Math.floor(this.finalizedEpoch / params.EPOCHS_PER_SYNC_COMMITTEE_PERIOD);
  }

  // ---- one block ----


  async block(slot) {
    const fork = this.config.getForkName(slot);
    const types = ssz[fork];
    const pre = transition.processSlots(this.head.clone(), slot);
    const epoch = Math.floor(slot / params.SLOTS_PER_EPOCH);
    const proposer = pre.epochCtx.getBeaconProposer(slot);
    const { expectedWithdrawals } = transition.getExpectedWithdrawals(this.config.getForkSeq(slot), pre);
    const payload = await this.payload(pre, slot, expectedWithdrawals);

    const key = this.keys[proposer];
    const body = types.BeaconBlockBody.defaultValue();
    body.randaoReveal = key.sign(transition.computeSigningRoot(ssz.Epoch, epoch,
      this.config.getDomain(slot, params.DOMAIN_RANDAO, slot))).toBytes();
    body.eth1Data = pre.eth1Data.toValue();
    body.executionPayload = {
      ...payloadFields(payload),
      transactions: payload.transactions.map(bytes),
      withdrawals: expectedWithdrawals,
    };
    body.attestations = this.attestations(pre, slot, epoch);
    body.syncAggregate = this.syncAggregate(pre, slot);

    const block = {
      slot, proposerIndex: proposer, parentRoot: this.headRoot, stateRoot: new Uint8Array(32), body,
    };
    const how = { executionPayloadStatus: 'valid', dataAvailabilityStatus: 'Available',
      verifyProposer: false, verifySignatures: false, verifyStateRoot: false };
    let post = transition.stateTransition(this.head, { message: block, signature: new Uint8Array(96) }, how);
    block.stateRoot = post.hashTreeRoot();
    // The first blocks, and those after the fork, go through all checks of the state transition.
    if (slot <= 16 || epoch === this.fuluEpoch) {
      const signature = key.sign(transition.computeSigningRoot(types.BeaconBlock, block,
        this.config.getDomain(slot, params.DOMAIN_BEACON_PROPOSER, slot))).toBytes();
      post = transition.stateTransition(this.head, { message: block, signature },
        { ...how, verifyProposer: true, verifySignatures: true, verifyStateRoot: true });
    }

    const root = types.BeaconBlock.hashTreeRoot(block);
    const header = headerOf(this.config, fork, block);
    this.light.block(slot, fork, hex(root), header, post, body.syncAggregate);
    this.payloadOf.set(hex(root), payload.blockHash);
    Object.assign(this, {
      head: post, headRoot: root, headSlot: slot,
      headPayload: payload.blockHash, finalizedEpoch: post.finalizedCheckpoint.epoch,
    });
    this.finalizedPayload = this.payloadOf.get(hex(post.finalizedCheckpoint.root)) || zero32;
    this.justifiedPayload =
      this.payloadOf.get(hex(post.currentJustifiedCheckpoint.root)) || this.finalizedPayload;
    await this.forkchoice(null);
  }

  // All committees of the slot before have seen the head (EIP-7549: one aggregate for them all).
  attestations(pre, slot, epoch) {
    const seen = slot - 1;
    if (seen < 1) {
      return [];
    }
    const seenEpoch = Math.floor(seen / params.SLOTS_PER_EPOCH);
    const start = seenEpoch * params.SLOTS_PER_EPOCH;
    const source = seenEpoch === epoch ? pre.currentJustifiedCheckpoint : pre.previousJustifiedCheckpoint;
    const target = this.headSlot <= start ? this.headRoot : transition.getBlockRootAtSlot(pre, start);
    const data = {
      slot: seen, index: 0, beaconBlockRoot: this.headRoot,
      source: source.toValue(), target: { epoch: seenEpoch, root: target },
    };
    const root = transition.computeSigningRoot(ssz.phase0.AttestationData, data,
      this.config.getDomain(slot, params.DOMAIN_BEACON_ATTESTER, seen));
    const committees = Array(params.MAX_COMMITTEES_PER_SLOT).fill(false);
    const signatures = [];
    for (let i = 0; i < pre.epochCtx.getCommitteeCountPerSlot(seenEpoch); i++) {
      committees[i] = true;
      for (const validator of pre.epochCtx.getBeaconCommittee(seen, i)) {
        signatures.push(this.keys[validator].sign(root));
      }
    }
    return [{
      aggregationBits: BitArray.fromBoolArray(signatures.map(() => true)),
      data,
      signature: blst.aggregateSignatures(signatures).toBytes(),
      committeeBits: BitArray.fromBoolArray(committees),
    }];
  }

  // The committee signs the head; which members are missing changes from slot to slot.
  syncAggregate(pre, slot) {
    const { pubkeys } = pre.currentSyncCommittee.toValue();
    const root = transition.computeSigningRoot(ssz.Root, this.headRoot,
      this.config.getDomain(slot, params.DOMAIN_SYNC_COMMITTEE, slot - 1));
    const signs = pubkeys.map((_, i) => (i * 7 + slot * 13) % 100 >= this.missing);
    const signatures = pubkeys.filter((_, i) => signs[i]).map((p) => this.keyOf.get(hex(p)).sign(root));
    const none = ssz.altair.SyncAggregate.defaultValue().syncCommitteeSignature;
    return {
      syncCommitteeBits: BitArray.fromBoolArray(signs),
      syncCommitteeSignature: signatures.length ? blst.aggregateSignatures(signatures).toBytes() : none,
    };
  }
}

function payloadFields(p) {
  return {
    parentHash: bytes(p.parentHash),
    feeRecipient: bytes(p.feeRecipient),
    stateRoot: bytes(p.stateRoot),
    receiptsRoot: bytes(p.receiptsRoot),
    logsBloom: bytes(p.logsBloom),
    prevRandao: bytes(p.prevRandao),
    blockNumber: Number(p.blockNumber),
    gasLimit: Number(p.gasLimit),
    gasUsed: Number(p.gasUsed),
    timestamp: Number(p.timestamp),
    extraData: bytes(p.extraData),
    baseFeePerGas: BigInt(p.baseFeePerGas),
    blockHash: bytes(p.blockHash),
    blobGasUsed: BigInt(p.blobGasUsed ?? 0),
    excessBlobGas: BigInt(p.excessBlobGas ?? 0),
  };
}
