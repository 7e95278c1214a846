// SPDX-License-Identifier: Apache-2.0
// Writes the execution genesis of the devnet: post-merge from block 0, Prague rules, the system
// contracts that these rules call, and funded accounts.
//   node genesis.mjs UNIX_SECONDS CHAIN_ID [ADDRESS ...]   each address gets 1000 ether
import { pathToFileURL } from 'node:url';

// Runtime code, as in each proposal's section "Bytecode" or "Deployment".
const system = {
  // EIP-4788: beacon block roots
  '000f3df6d732807ef1319fb7b8bb8522d0beac02':
    '3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001f' +
    'ff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff' +
    '015500',
  // EIP-2935: block hashes
  '0000f90827f1c53a10cb7a02335b175320002935':
    '3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff' +
    '81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500',
  // EIP-7002: withdrawal requests
  '00000961ef480eb55e80d19ad83579a64c007002':
    '3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffffffffffffff' +
    'ffffffffffffffffffffffffffffffffff146101f457600182026001905f5b5f82111560685781019083028483029004' +
    '916001019190604d565b909390049250505036603814608857366101f457346101f4575f5260205ff35b34106101f457' +
    '600154600101600155600354806003026004013381556001015f35815560010160203590553360601b5f5260385f6014' +
    '37604c5fa0600101600355005b6003546002548082038060101160df575060105b5f5b8181146101835782810160030260' +
    '040181604c02815460601b8152601401816001015481526020019060020154807fffffffffffffffffffffffffffffff' +
    'ff00000000000000000000000000000000168252906010019060401c908160381c81600701538160301c81600601538160' +
    '281c81600501538160201c81600401538160181c81600301538160101c81600201538160081c81600101535360010160e1' +
    '565b910180921461019557906002556101a0565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffff' +
    'ffffffffffffffffffffffffffffffffffffff14156101cd57505f5b6001546002828201116101e25750505f6101e856' +
    '5b01600290035b5f555f600155604c025ff35b5f5ffd',
  // EIP-7251: consolidation requests
  '0000bbddc7ce488642fb579f8b00f3a590007251':
    '3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffffffffffffff' +
    'ffffffffffffffffffffffffffffffffff1461019a57600182026001905f5b5f82111560685781019083028483029004' +
    '916001019190604d565b9093900492505050366060146088573661019a573461019a575f5260205ff35b341061019a57' +
    '600154600101600155600354806004026004013381556001015f358155600101602035815560010160403590553360601b' +
    '5f5260605f60143760745fa0600101600355005b6003546002548082038060021160e7575060025b5f5b81811461012957' +
    '82810160040260040181607402815460601b815260140181600101548152602001816002015481526020019060030154' +
    '905260010160e9565b910180921461013b5790600255610146565b90505f6002555f6003555b5f54807fffffffffffff' +
    'ffffffffffffffffffffffffffffffffffffffffffffffffffff141561017357505f5b60015460018282011161018857' +
    '50505f61018e565b01600190035b5f555f6001556074025ff35b5f5ffd',
};

const zero32 = '0x' + '00'.repeat(32);

export function genesis(time, chainId, funded) {
  const blocks = ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople',
    'petersburg', 'istanbul', 'muirGlacier', 'berlin', 'london', 'mergeNetsplit'];
  const alloc = {};
  for (const [address, code] of Object.entries(system)) {
    alloc['0x' + address] = { nonce: '0x1', balance: '0x0', code: '0x' + code };
  }
  for (const address of funded) {
    alloc[address.toLowerCase()] = { balance: '0x' + (1000n * 10n ** 18n).toString(16) };
  }
  return {
    config: {
      chainId,
      ...Object.fromEntries(blocks.map((name) => [name + 'Block', 0])),
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      depositContractAddress: '0x' + '12'.repeat(20), // nobody deposits
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
        prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
      },
    },
    number: '0x0',
    nonce: '0x0',
    timestamp: '0x' + time.toString(16),
    extraData: '0x',
    gasLimit: '0x1c9c380',
    gasUsed: '0x0',
    difficulty: '0x0',
    mixHash: zero32,
    parentHash: zero32,
    coinbase: '0x' + '00'.repeat(20),
    baseFeePerGas: '0x3b9aca00',
    blobGasUsed: '0x0',
    excessBlobGas: '0x0',
    alloc,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [time, chainId, ...funded] = process.argv.slice(2);
  console.log(JSON.stringify(genesis(Number(time), Number(chainId), funded), null, 1));
}
