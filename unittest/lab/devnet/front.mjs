// SPDX-License-Identifier: Apache-2.0
// What the devnet's execution node lacks and other nodes have: blocks named by their hash (EIP-1898),
// the tag "pending", dry runs without a price and refusals of them. Everything else goes through as it is.
import { RpcError, ask, blockParameter, quantity, serve, unknownBlock } from '../jsonrpc.mjs';

export function front(listen, node) {
  const numbers = new Map(); // of blocks, by hash: this chain is never reorganised
  async function numberOf(hash) {
    const key = hash.toLowerCase();
    if (!numbers.has(key)) {
      const block = await ask(node, 'eth_getBlockByHash', [key, false]);
      if (!block) {
        throw unknownBlock();
      }
      numbers.set(key, block.number);
    }
    return numbers.get(key);
  }
  async function blockOf(which, method) {
    if (which && typeof which === 'object') {
      return which.blockHash ? numberOf(which.blockHash) : blockOf(which.blockNumber, method);
    }
    if (/^0x[0-9a-f]{64}$/i.test(which)) {
      return numberOf(which);
    }
    return which === 'pending' && method !== 'eth_getTransactionCount' ? 'latest' : which;
  }
  return serve(listen, async (method, params) => {
    const args = [...params];
    const at = blockParameter[method];
    if (at !== undefined && args[at] !== undefined) {
      args[at] = await blockOf(args[at], method);
    }
    if (method === 'eth_getBlockByNumber') {
      args[0] = await blockOf(args[0], method);
    }
    if (method === 'eth_getTransactionCount') {
      args[0] = args[0].toLowerCase();
    }
    if (method === 'eth_call' || method === 'eth_estimateGas') {
      // A dry run at no price is refused there.
      const price = ['gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'type'];
      args[0] = Object.fromEntries(Object.entries(args[0])
        .filter(([name, value]) => value !== null && !price.includes(name)));
    }
    if (method === 'eth_call' || method === 'eth_estimateGas') {
      // It gives back what a contract has refused a call with like any other answer: these are words of 32
      // octets, and a custom error is a selector and words. What a creation leaves is code, of any length.
      const told = args[0].to ? await ask(node, 'eth_call', [args[0], args[1] ?? 'latest']) : '0x';
      if ((told.length / 2 - 1) % 32 === 4) {
        throw new RpcError({ code: 3, message: 'execution reverted', data: told });
      }
      if (method === 'eth_call' && args[0].to) {
        return told;
      }
    }
    // It cannot look further back than there are blocks.
    if (method === 'eth_feeHistory') {
      const blocks = Number(await ask(node, 'eth_blockNumber', [])) + 1;
      args[0] = quantity(Math.min(Number(args[0]), blocks));
    }
    return ask(node, method, args);
  });
}
