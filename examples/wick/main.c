/* SPDX-License-Identifier: Apache-2.0 */
/* wick: look at proofs, make an identity, register it, and reach peers by name. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "send.h"

typedef struct command {
    const char *group;
    const char *verb; /* NULL: the group is the command */
    int (*run)(cli *c, int argc, char **argv);
    const char *usage;
    const char *help;
} command;

static const command commands[] = {
    {"keccak", NULL, cmd_keccak, "keccak [TEXT | @FILE | --hex HEX]",
     "Keccak-256 of text, a file, hex bytes or standard input"},
    {"rlp", "decode", cmd_rlp_decode, "rlp decode [HEX | @FILE]",
     "items of an RLP input; refuses what is not canonical"},
    {"header", "hash", cmd_header_hash, "header hash [FILE] [--expect HASH]",
     "block hash of a header given as JSON or RLP"},
    {"header", "verify", cmd_header_verify,
     "header verify FILE --rule qbft|ibft2|ibft1|clique {--trusted-hash HASH | --trusted FILE} "
     "[--chain-id N] [--trusting-days N] [--now UNIX] [--epoch N --period S]",
     "seals of a series of headers, from a trusted one on; a block hash trusts the first of them"},
    {"proof", "verify", cmd_proof_verify,
     "proof verify FILE {--state-root HEX | --header HEX|@FILE}",
     "an eth_getProof answer: is everything proven, and equal to what it claims?"},
    {"tx", "decode", cmd_tx_decode, "tx decode [HEX | @FILE]",
     "fields, hash and sender of a transaction"},
    {"tx", "sign", cmd_tx_sign,
     "tx sign --key FILE --chain-id N --nonce N --gas N {--to ADDRESS | --create} [--type 0|1|2] "
     "{--max-fee WEI [--max-priority-fee WEI] | --gas-price WEI} [--value WEI] [--data HEX|@FILE] "
     "[--access-list RLP]",
     "a signed transaction, as eth_sendRawTransaction takes it; addresses by EIP-55"},
    {"tx", "send", cmd_tx_send,
     "tx send {HEX | @FILE} [--wait] [--timeout S] [--tier TIER] [--chain NAME]",
     "hand a signed transaction to the chain's nodes; --wait: until it is proven to be included"},
    {"stun", "decode", cmd_stun_decode,
     "stun decode [HEX | @FILE] [--user U --realm R] [--password-file F | --key-file F]",
     "attributes of a STUN or TURN message, and whether its integrity is right"},
    {"id", "new", cmd_id_new, "id new NAME [--dir DIR] [--type rsa|secp256k1]",
     "make the wallet key and the device key, in the files that wick.conf names or below DIR"},
    {"id", "show", cmd_id_show, "id show", "public side of both keys"},
    {"id", "check", cmd_id_check, "id check NAME[@REGISTRY] [--tier TIER] [--timeout S]",
     "is a name free? Proven either way: exit 0 free, 1 taken or not proven"},
    {"id", "tls", cmd_id_tls, "id tls NAME --key FILE [--cert FILE] [--pem FILE]",
     "the TLS key of a device's services, made if the file is not there: SHA-256 of its SPKI, which the "
     "record names; --cert and --pem write certificate and key for stock servers"},
    {"id", "backup", cmd_id_backup,
     "id backup -o FILE {--passphrase-file FILE | --passphrase-fd N}",
     "both keys in one file, encrypted (PBKDF2, ChaCha20-Poly1305)"},
    {"id", "restore", cmd_id_restore,
     "id restore FILE {--passphrase-file FILE | --passphrase-fd N}",
     "both keys out of a backup, into the files that wick.conf names; none is overwritten"},
    {"challenge", "answer", cmd_challenge,
     "challenge answer NAME[/SERVICE] --key FILE --listen ADDR:PORT --n1 HEX [--n2 HEX] "
     "[--index 0|1] [--timeout S] [-- PROGRAM ARGUMENT...]",
     "prove that an endpoint is ours: HTTPS under the TLS key until the answer was fetched; then the "
     "listening socket goes to PROGRAM as descriptor 3 (LISTEN_FDS)"},
    {"cid", "add", cmd_cid_add,
     "cid add FILE [--car CAR] [--profile unixfs-v1-2025|unixfs-v0-2015|kubo-v1] [--chunk BYTES] "
     "[--links N] [--cid-version 0|1] [--raw-leaves yes|no]",
     "the content identifier of a file, computed here; --car writes its blocks for an IPFS node"},
    {"cid", "verify", cmd_cid_verify,
     "cid verify CID {--file FILE | --car CAR | --from URL...} [--output FILE] [--timeout S] "
     "[--ca-file F] [--pin HEX] [layout options of cid add]",
     "is this the file? --from asks trustless gateways in turn, checks every block, and trusts none"},
    {"stun", "bind", cmd_stun_bind,
     "stun bind [--server ADDR:PORT] [--local ADDR:PORT] [--watch S]",
     "the address that a STUN server sees; --watch tells of every change for so many seconds"},
    {"stun", "nat-type", cmd_stun_nat_type,
     "stun nat-type [--server ADDR:PORT] [--local ADDR:PORT] [--lifetime S]",
     "mapping, filtering, hairpinning and fragments of the NAT in between (RFC 5780); --lifetime also "
     "how long a silent mapping lives, up to S seconds"},
    {"turn", "allocate", cmd_turn_allocate,
     "turn allocate [--server ADDR:PORT --user U --password-file F] [--over udp|tcp|tls] "
     "[--ca-file F] [--pin HEX] [--host NAME] [--family ipv4|ipv6|both] [--mobile] "
     "[--require-sha256]",
     "take an address on a TURN server and give it back; shows whether gateways can use it"},
    {"turn", "ping", cmd_turn_ping,
     "turn ping [options of turn allocate] [--count N] [--bytes N]",
     "two allocations there, and datagrams from one to the other and back: round-trip times"},
    {"pcp", "map", cmd_pcp_map,
     "pcp map --port N [--protocol udp|tcp|all|N] [--external [ADDR:]PORT] [--lifetime S] "
     "[--prefer-failure] [--filter ADDR[:PORT][/BITS]]... [--third-party ADDR] [--keep] "
     "[--nonce HEX | --store DIR] [--server ADDR | --interface IF] [--ipv4 | --ipv6] "
     "[--no-natpmp] [--timeout S]",
     "ask the routers of this host (PCP, else NAT-PMP) for an external port, or an IPv6 pinhole; "
     "--keep renews it until a signal or the time, and gives it back"},
    {"pcp", "peer", cmd_pcp_peer,
     "pcp peer --port N --remote ADDR:PORT [--protocol P] [--external [ADDR:]PORT] [--lifetime S] "
     "[--keep] [--nonce HEX | --store DIR] [--server ADDR | --interface IF] [--timeout S]",
     "keep an outgoing mapping alive; where packets leave from is the router's word, unverified"},
    {"pcp", "delete", cmd_pcp_delete,
     "pcp delete --port N [--protocol P] [--nonce HEX | --store DIR] [--third-party ADDR] "
     "[--server ADDR | --interface IF] [--timeout S]",
     "give a mapping back; its nonce comes from the option or from the store of `pcp map`"},
    {"pcp", "announce", cmd_pcp_announce,
     "pcp announce [--server ADDR | --interface IF] [--ipv4 | --ipv6] [--no-natpmp] [--timeout S]",
     "does a router answer, by which protocol, and since when has it known its mappings?"},
    {"pcp", "watch", cmd_pcp_watch, "pcp watch [--interface IF] [--timeout S]",
     "announcements of the routers, and how networks come and go"},
    {"pcp", "decode", cmd_pcp_decode, "pcp decode [HEX | @FILE]",
     "fields and options of a PCP or NAT-PMP message"},
    {"lookup", NULL, cmd_lookup, "lookup NAME[/SERVICE][@REGISTRY] [--tier TIER] [--timeout S]",
     "a peer's record, every word proven under one block header"},
    {"beacon", "verify", cmd_beacon_verify,
     "beacon verify {--network NAME --trusted-root ROOT | --chain NAME} --bootstrap FILE "
     "[--update FILE]... [--finality FILE] [--optimistic FILE] [--header FILE] [--now UNIX]",
     "light client objects in files (SSZ or JSON), by the sync committee, from a trusted root on"},
    {"beacon", "sync", cmd_beacon_sync, "beacon sync [--chain NAME] [--timeout S]",
     "bring the light client of wick.conf up to date and keep it in the store"},
    {"store", "export", cmd_store_export, "store export FILE [--chain NAME]",
     "what the light client of a chain knows, for another device"},
    {"store", "import", cmd_store_import, "store import FILE [--chain NAME]",
     "take what another device knows, checked, and never older than what is known here"},
    {"store", "erase", cmd_store_erase, "store erase [--chain NAME] [--marks]",
     "forget what the light client knows; --marks also how far it was"},
    {"bundle", "make", cmd_bundle_make, "bundle make NAME[/SERVICE][@REGISTRY] -o FILE [--since BLOCK]",
     "a peer's record with its proof, in one file for those who have no node; --since adds what leads "
     "to it for a device whose store is at that block"},
    {"bundle", "verify", cmd_bundle_verify,
     "bundle verify FILE [--trusted-hash HASH | --trusted FILE | --second FILE | --chain NAME] "
     "[--peer NAME[/SERVICE]] [--contract ADDRESS] [--chain-id N] [--trusting-days N] [--now UNIX] "
     "[--epoch N --period S]",
     "its words, proven under a block hash, a header that names validators, a second bundle, or what "
     "the light client of wick.conf knows"},
    {"bundle", "show", cmd_bundle_show, "bundle show FILE", "what is in a bundle, not verified"},
    {"delta", "make", cmd_delta_make,
     "delta make {OLD NEW | --full NEW} -o PATCH [--dict BYTES] [--plain] "
     "[--in-place [--memory BYTES] [--segment BYTES]]",
     "a patch from one firmware image to the next, or with --full one that needs no old image; applied once "
     "before it is written. --dict is what a device must have for it, 4096 unless given"},
    {"delta", "apply", cmd_delta_apply, "delta apply OLD PATCH -o NEW",
     "the new image, by the decoder of the devices; also detools' sequential patches, plain or lzma"},
    {"delta", "info", cmd_delta_info, "delta info PATCH",
     "whether a patch is whole, and the RAM that a device needs for it"},
    {"deploy", NULL, cmd_deploy,
     "deploy --org NAME [--admin ADDRESS] [--manager ADDRESS] [--relay-manager ADDRESS] "
     "[--registrar ADDRESS] [--artifacts DIR] " SEND_USAGE,
     "the contracts on the chain of the first [rpc], read back, as lines for [registry.NAME]; who is not "
     "named is the key that pays"},
    {"org", "show", cmd_org_show, "org show NAME [--class SERVICE] [--timeout S]",
     "an organisation's manager and admin, and how many attestors there are and are needed (of those services "
     "that have some of their own: --class), proven"},
    {"org", "admit", cmd_org_admit, "org admit NAME --admin ADDRESS --manager ADDRESS --number N " SEND_USAGE,
     "another organisation in the registry, for ever; by the admin of the first one"},
    {"org", "offer-admin", cmd_org_offer_admin, "org offer-admin NAME {ADDRESS | none} " SEND_USAGE,
     "another admin, as soon as he takes it; none takes the offer back"},
    {"org", "take-admin", cmd_org_take_admin, "org take-admin NAME " SEND_USAGE,
     "takes over what was offered to this key"},
    {"org", "set-attestors", cmd_org_attestors,
     "org set-attestors NAME [--threshold K ADDRESS...] [--class SERVICE] " SEND_USAGE,
     "who attests endpoints, and how many of them are needed; none: nobody. By the admin"},
    {"org", "recover", cmd_org_recover, "org recover DEVICE ADDRESS " SEND_USAGE,
     "offers a record of the organisation to another owner, who may claim it after two days unless its "
     "owner objects; by the admin"},
    {"org", "set-manager", cmd_org_manager, "org set-manager NAME ADDRESS " SEND_USAGE,
     "another manager, by the admin; unused vouchers of the former one are void"},
    {"relay", "list", cmd_relay_list, "relay list [--timeout S]", "relays of the registry, proven"},
    {"relay", "register", cmd_relay_register,
     "relay register ADDR:PORT [--protocol udp|tcp] [--stake WEI|auto] " SEND_USAGE,
     "a TURN server, by whoever runs it and was invited, or pays a stake (auto: what the registry demands), "
     "which `relay collect` gives back 30 days later; it waits for approval"},
    {"relay", "invite", cmd_relay_invite, "relay invite ADDRESS [--count N] " SEND_USAGE,
     "lets an operator register N more relays (1; 0 withdraws it); by the manager"},
    {"relay", "approve", cmd_relay_approve, "relay approve INDEX " SEND_USAGE,
     "approves a relay after two allocations there and datagrams between them; by the manager"},
    {"relay", "suspend", cmd_relay_suspend, "relay suspend INDEX " SEND_USAGE,
     "takes a relay out of use; by the manager, or by its operator with --key"},
    {"relay", "vacate", cmd_relay_vacate, "relay vacate INDEX " SEND_USAGE,
     "frees the place of a relay that is not approved, for the next one that is registered; by the manager, "
     "by its operator with --key, or 30 days after its registration and suspension by anybody"},
    {"relay", "collect", cmd_relay_collect, "relay collect " SEND_USAGE,
     "the stakes that vacated places left their operator, when they are due; by him"},
    {"relay", "set-manager", cmd_relay_manager, "relay set-manager ADDRESS [--dismiss] " SEND_USAGE,
     "who may invite, approve, suspend and vacate, or no more; by the registry's admin"},
    {"relay", "check", cmd_relay_check, "relay check [--every S] " SEND_USAGE,
     "tests all approved relays again and suspends those that fail twice; by the manager"},
    {"release", "list", cmd_release_list, "release list PRODUCT [--timeout S]",
     "who decides about a product, its newest approved release, and all that were proposed, proven"},
    {"release", "create", cmd_release_create,
     "release create PRODUCT --publisher ADDRESS... --approver ADDRESS... --root ADDRESS... "
     "--approvals M --roots N [--delay S] [--restricted] " SEND_USAGE,
     "a new product in the release index: M approvers activate a release, N roots change the members; "
     "by the registrar"},
    {"release", "roles", cmd_release_roles,
     "release roles PRODUCT [options of release create] " SEND_USAGE,
     "a root's vote for other members; when as many as must have sent the same, it is done"},
    {"release", "allow", cmd_release_allow, "release allow PRODUCT DEVICE [--no] " SEND_USAGE,
     "lets a device install releases of a restricted product, or no more; by a publisher"},
    {"release", "new", cmd_release_new,
     "release new PRODUCT IMAGE --version N --counter N -o FILE [--vendor UUID --class UUID] "
     "[--component N] [--cid CID] [--patch [BASE]=PATCH]... [--mirror URL]... [--expires UNIX] "
     "[--trial-boots N] [--confirm S]",
     "the manifest of an image, of patches from older ones, and of where they are; its digest is what "
     "goes on chain"},
    {"release", "publish", cmd_release_publish,
     "release publish PRODUCT MANIFEST [--floor] " SEND_USAGE,
     "proposes a release; --floor: nothing below its security counter is to run any more; by a publisher"},
    {"release", "approve", cmd_release_approve,
     "release approve PRODUCT INDEX {MANIFEST | --digest HEX --version N --counter N --bytes N} "
     "[--floor] " SEND_USAGE,
     "approves the manifest that was reviewed, if the proposal says of it what it says itself; --floor: "
     "a proposal with it; by an approver"},
    {"release", "sign", cmd_release_sign,
     "release sign PRODUCT INDEX {MANIFEST | --digest HEX --version N --counter N --bytes N} --epoch N "
     "[--floor] --key FILE > APPROVAL",
     "signs the approval of what was reviewed, without a network, for `release relay`; by an approver"},
    {"release", "relay", cmd_release_relay, "release relay APPROVAL " SEND_USAGE,
     "sends an approval that an approver has signed, and pays; by anybody"},
    {"release", "revoke", cmd_release_revoke, "release revoke PRODUCT INDEX " SEND_USAGE,
     "revokes a release for ever; by any approver"},
    {"update", "check", cmd_update_check, "update check PRODUCT",
     "is there a release that may be installed here? The index, proven, and why not"},
    {"update", "run", cmd_update_run, "update run PRODUCT [--stop-after BYTES]",
     "fetches and installs it, or goes on with what was begun; ends when the next start tries the new "
     "image, or there is nothing to do. --stop-after: ends like a power cut"},
    {"update", "start", cmd_update_start, "update start PRODUCT",
     "the boot loader: begins a trial or goes back, and points `running` to the slot that is to run"},
    {"update", "confirm", cmd_update_confirm, "update confirm PRODUCT",
     "what runs on trial is good: it stays"},
    {"update", "reject", cmd_update_reject, "update reject PRODUCT",
     "what runs on trial is not: the next start goes back"},
    {"update", "init", cmd_update_init, "update init PRODUCT IMAGE [--slot BYTES] [--staging BYTES]",
     "slots, staging and journal in [product.NAME] dir, with the image that runs"},
    {"provision", NULL, cmd_provision, "provision NAME --dir DIR --wallet ADDR:PORT [--like FILE]",
     "a new device's first-boot folder (wick.conf, PSK, token), and its file in [manager] devices_dir; "
     "--like: a wick.conf with its chains, nodes, registries and relay"},
    {"device", "list", cmd_device_list, "device list [NAME...] [--timeout S]",
     "state of each device of [manager] devices_dir, or of those named, proven"},
    {"device", "show", cmd_device_show, "device show NAME [--timeout S]",
     "a device's record, proven: exit 0 live, 1 absent, revoked or expired"},
    {"device", "rotate", cmd_device_rotate, "device rotate [--type rsa|secp256k1] " SEND_USAGE,
     "a new device key for the identity of wick.conf, in the record and then in its file; one that was "
     "cut short is taken up again; a wickd that runs takes the new key"},
    {"device", "tls-key", cmd_device_tls_key,
     "device tls-key SERVICE {--tls-key FILE | --hash HEX | --none} " SEND_USAGE,
     "the TLS key of a service in the record of the identity of wick.conf: what its callers pin"},
    {"device", "leaf-root", cmd_device_leaf_root, "device leaf-root HEX " SEND_USAGE,
     "the Merkle root of the leaves behind it; zero: none"},
    {"device", "revoke", cmd_device_revoke, "device revoke NAME [--as-org] " SEND_USAGE,
     "voids a device's key; by the record's owner, or by the manager of its organisation. A lost device may "
     "come back with its PSK and token until its file in [manager] devices_dir has gone too"},
    {"device", "replace", cmd_device_replace,
     "device replace NAME --dir DIR --wallet ADDR:PORT [--like FILE] " SEND_USAGE,
     "a lost device's name for a new one: provisions the name anew, which ends what wick-wallet gives the "
     "lost one, and revokes the record by the key of [manager] (or the owner's, with --key)"},
    {"voucher", "request", cmd_voucher_request, "voucher request --challenge HEX [--days N]",
     "proof that this device holds its key, for a manager who gave the challenge"},
    {"voucher", "issue", cmd_voucher_issue, "voucher issue {FILE | -} --challenge HEX",
     "checks a device's request and vouches for it with the key of [manager]"},
    {"voucher", "submit", cmd_voucher_submit, "voucher submit {FILE | -} " SEND_USAGE,
     "registers what a voucher says, and pays for it; by anybody"},
    {"register", NULL, cmd_register, "register [--timeout S]",
     "make the name belong to this wallet and key; asks the wallet manager where needed"},
    {"sponsor", "register", cmd_sponsor_register, "sponsor register [--timeout S] [--tier TIER]",
     "the same by a transaction that the wallet manager sends and pays for: the device needs no Ether"},
    {"sponsor", "publish", cmd_sponsor_publish,
     "sponsor publish ADDR:PORT [--service NAME] [--tcp] [--kind direct|pcp|relay] [--expires S] "
     "[--timeout S] [--tier TIER]",
     "an endpoint in the record, signed by the wallet key and sent by the wallet manager"},
    {"sponsor", "rotate", cmd_sponsor_rotate, "sponsor rotate [--type rsa|secp256k1] [--timeout S]",
     "wick device rotate, sent by the wallet manager"},
    {"sponsor", "tls-key", cmd_sponsor_tls_key,
     "sponsor tls-key SERVICE {--tls-key FILE | --hash HEX | --none} [--timeout S]",
     "wick device tls-key, sent by the wallet manager"},
    {"sponsor", "leaf-root", cmd_sponsor_leaf_root, "sponsor leaf-root HEX [--timeout S]",
     "wick device leaf-root, sent by the wallet manager"},
    {"sponsor", "revoke", cmd_sponsor_revoke, "sponsor revoke [--timeout S] [--tier TIER]",
     "voids the key of the identity of wick.conf for good, sent by the wallet manager"},
    {"attest", NULL, cmd_attest,
     "attest SERVICE ADDR:PORT --tls-key FILE [--listen ADDR:PORT] [--pcp] [--expires S] [--sponsored] "
     SEND_USAGE,
     "a service on TCP in the record, with the word of the organisation's attestors that it is reached "
     "there: they fetch what proves it from its own port, which must be free meanwhile"},
    {"watch", NULL, cmd_watch, "watch [NAME...] [--from BLOCK] [--for S] [--timeout S]",
     "what happens in the registry: registrations, rotations, revocations, endpoints, each proven; none "
     "that the chain has is left out"},
    {"publish", NULL, cmd_publish, "publish [--timeout S]",
     "register, take an address on a relay, and write it to the record"},
    {"listen", NULL, cmd_listen,
     "listen [--over dtls|tls|tls12|raw] [--once | --count N] [--suite rsa|secp256k1] "
     "[tls: --port N [--address ADDR:PORT] [--service NAME]] [raw: --out FOLDER|- [--protocol P]]",
     "publish, then serve: answer handshakes and send back what peers send. Over tls it listens at a TCP "
     "port and publishes it as service NAME, 'tls' unless named: the port must be reachable at a public "
     "address, by a mapping at the router, or at --address. Raw: callers' keys go into FOLDER, a file for "
     "each identity, mode 0600"},
    {"connect", NULL, cmd_connect,
     "connect NAME[/SERVICE][@REGISTRY] [--over dtls|tls|tls12|raw] [--send TEXT] [--timeout S] [--for S] "
     "[--publish] [--fresh] [--suite rsa|secp256k1] [tls: --to ADDR:PORT] [raw: --out FILE|- [--protocol P]]",
     "look a peer up, handshake, DTLS; send a text and wait until it comes back. Over tls the text goes "
     "over TCP, with the session's own key for TLS, to a SERVICE that the peer has published with protocol "
     "TCP, or to --to; the peer must be able to tell whose key it is: `wick listen --over tls`, or a server "
     "that asks `wick psk find`. Raw: handshake alone, key and identity for --protocol dtls, tls12, tls13 "
     "or psk16 go into FILE, mode 0600. A wickd that runs with this wick.conf does the work; --fresh: it "
     "reads the record anew"},
    {"leaf", "add", cmd_leaf_add, "leaf add NAME -o FILE",
     "a key for a new leaf, and the section for wick.conf"},
    {"leaf", "enrol", cmd_leaf_enrol,
     "leaf enrol --gateway ADDR --name NAME --psk-file FILE [--identity TEXT|key] [-o FILE] "
     "[--timeout S]",
     "ask a gateway who it is, as a leaf; with -o the leaf's key changes. --identity key: the key of "
     "the file is one that was changed"},
    {"leaf", "key", cmd_leaf_key, "leaf key PEER [options of leaf enrol]",
     "a peer's public key, as the gateway has proven it"},
    {"leaf", "ticket", cmd_leaf_ticket, "leaf ticket PEER [options of leaf enrol]",
     "a ticket for a peer; with -o its DTLS key goes into a file"},
    {"leaf", "upload", cmd_leaf_upload,
     "leaf upload PEER --to ADDR:PORT | --via GATEWAY/SERVICE [--bits 128|256] [options of leaf enrol]",
     "a ticket that goes ahead of its session: its short identity works from then on; with -o its key "
     "into a file; --bits 128: the key for stacks that take 16 bytes, with its psk16_identity"},
    {"leaf", "proof", cmd_leaf_proof, "leaf proof PEER [options of leaf enrol]",
     "a peer's record as a proof bundle; with -o into a file, for `wick bundle verify`"},
    {"leaf", "release", cmd_leaf_release, "leaf release PRODUCT [options of leaf enrol]",
     "the newest release of a product, as the gateway has proven it"},
    {"leaf", "block", cmd_leaf_block, "leaf block CID -o FILE [options of leaf enrol]",
     "a block of firmware that the gateway has or fetches, held against its CID"},
    {"leaf", "send", cmd_leaf_send, "leaf send PEER [--send TEXT] [options of leaf enrol]",
     "carry a payload to a peer's service through both gateways, and its answer back"},
    {"key", "get", cmd_key_get, "key get NAME[@REGISTRY] [--timeout S]",
     "a peer's public key, from its proven record"},
    {"psk", "get", cmd_psk_get,
     "psk get NAME[@REGISTRY] --out FILE|- [--protocol dtls|tls12|tls13|psk16|srtp] [--bits 128|256] "
     "[--media N, with srtp] [--next] [--timeout S]",
     "a fresh key shared with a peer, for a client of any protocol: handshake alone; --next: the "
     "successor of the last one"},
    {"psk", "find", cmd_psk_find,
     "psk find IDENTITY --out FILE|- [--protocol P] [--media N] [--timeout S]",
     "the key that an identity names, for the server that a peer's client has shown it to, and who that "
     "is"},
    {"service", "publish", cmd_service_publish,
     "service publish NAME [--tcp] [--port N | --address ADDR:PORT] [--expires S] [--timeout S | "
     "--no-wait]",
     "an endpoint of a local application in the record of the wickd that runs with this wick.conf"},
    {"service", "unpublish", cmd_service_unpublish, "service unpublish NAME", "take it back"},
    {"service", "list", cmd_service_list, "service list", "services, and where they lead"},
    {"ticket", "make", cmd_ticket_make,
     "ticket make PEER[@REGISTRY] --leaf NAME [--life S] [--scope N] [--audience-key HEX]",
     "a key for a leaf of this gateway and the ticket that introduces it to a peer; the peer's key "
     "comes from its record, or from --audience-key"},
    {"ticket", "open", cmd_ticket_open,
     "ticket open {TEXT | @FILE} [--issuer-key HEX] [--now UNIX]",
     "a ticket for this gateway: its claims and key; the issuer's key comes from its record, or from "
     "--issuer-key"},
    {"ticket", "show", cmd_ticket_show, "ticket show {TEXT | @FILE}",
     "what a ticket says in clear: nothing of it is verified"},
    {"path", "status", cmd_path_status, "path status",
     "how peers get in to the wickd of this wick.conf: endpoint and standby, router, relays, trials"},
    {"status", NULL, cmd_status, "status [--light | --sessions | --prometheus | --watch]",
     "state of the wickd that runs with this wick.conf, or its events as they come"},
    {"doctor", NULL, cmd_doctor, "doctor",
     "is all in order? Clock, files, store, nodes, contracts, balance, relay: ok, warn or FAIL"},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(FILE *file)
{
    fputs("usage: wick [--config FILE] [--json] [-v] COMMAND ...\n"
          "       wick COMMAND --help | wick --version\n\n", file);
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(file, "  wick %s\n      %s\n", commands[i].usage, commands[i].help);
    }
    fputs("\n--json: one object a line, errors too. -v, -vv: tells more.\n"
          "Exit codes: 0 good, 1 refused or invalid input, 2 usage, 3 network or time-out.\n"
          "Configuration: --config, $WICK_CONFIG, ./wick.conf, /etc/wick/wick.conf.\n",
          file);
}

static int run(cli *c, int argc, char **argv)
{
    bool group_seen = false;
    for (size_t i = 0; i < COMMANDS; i++) {
        const command *k = &commands[i];
        if (strcmp(argv[0], k->group) != 0) {
            continue;
        }
        group_seen = true;
        int words = k->verb == NULL ? 1 : 2;
        if (k->verb != NULL && (argc < 2 || strcmp(argv[1], k->verb) != 0)) {
            continue;
        }
        c->usage = k->usage;
        c->help = k->help;
        optind = 0; /* glibc: start over, with this command's argv */
        return k->run(c, argc - words + 1, argv + words - 1);
    }
    c->usage = "--help";
    if (group_seen && c->json) {
        return cli_usage(c, "'%s' needs a verb, or does not have this one", argv[0]);
    }
    if (group_seen) {
        fprintf(stderr, "wick: '%s' needs a verb, or does not have this one\n", argv[0]);
        for (size_t i = 0; i < COMMANDS; i++) {
            if (strcmp(argv[0], commands[i].group) == 0) {
                fprintf(stderr, "usage: wick %s\n", commands[i].usage);
            }
        }
        return CLI_USAGE;
    }
    return cli_usage(c, "there is no command '%s'", argv[0]);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"version", no_argument, NULL, 'V'},
                                            CLI_COMMON_OPTIONS};
    cli c = {.usage = "[--config FILE] [--json] [-v] COMMAND ..."};
    for (;;) {
        /* '+': stop at the command, whose options are its own. */
        int got = getopt_long(argc, argv, "+v", options, NULL);
        if (got == -1) {
            break;
        }
        switch (got) {
        case CLI_OPT_CONFIG:
            c.config = optarg;
            break;
        case CLI_OPT_JSON:
            c.json = true;
            break;
        case 'v':
            c.verbose++;
            break;
        case 'V':
            puts("wick " WICK_VERSION);
            return CLI_OK;
        case CLI_OPT_HELP:
            print_help(stdout);
            return CLI_OK;
        default:
            print_help(stderr);
            return CLI_USAGE;
        }
    }
    if (optind >= argc) {
        print_help(stderr);
        return CLI_USAGE;
    }
    return run(&c, argc - optind, argv + optind);
}
