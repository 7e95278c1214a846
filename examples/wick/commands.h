/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_COMMANDS_H
#define WICK_EXAMPLES_COMMANDS_H
/*
 * The commands of `wick`, one file per group. Each takes the arguments from its own name on, as
 * main() would, and returns the exit code.
 */
#include "cli.h"
#include "conf.h"

int cmd_keccak(cli *c, int argc, char **argv);
int cmd_rlp_decode(cli *c, int argc, char **argv);
int cmd_header_hash(cli *c, int argc, char **argv);
int cmd_header_verify(cli *c, int argc, char **argv);
int cmd_proof_verify(cli *c, int argc, char **argv);
int cmd_tx_decode(cli *c, int argc, char **argv);
int cmd_path_status(cli *c, int argc, char **argv);
int cmd_status(cli *c, int argc, char **argv);
int cmd_tx_sign(cli *c, int argc, char **argv);
int cmd_tx_send(cli *c, int argc, char **argv);
int cmd_store_erase(cli *c, int argc, char **argv);
int cmd_store_export(cli *c, int argc, char **argv);
int cmd_store_import(cli *c, int argc, char **argv);
int cmd_pcp_announce(cli *c, int argc, char **argv);
int cmd_pcp_decode(cli *c, int argc, char **argv);
int cmd_pcp_delete(cli *c, int argc, char **argv);
int cmd_pcp_map(cli *c, int argc, char **argv);
int cmd_pcp_peer(cli *c, int argc, char **argv);
int cmd_pcp_watch(cli *c, int argc, char **argv);
int cmd_stun_decode(cli *c, int argc, char **argv);
int cmd_id_new(cli *c, int argc, char **argv);
int cmd_id_show(cli *c, int argc, char **argv);
int cmd_id_check(cli *c, int argc, char **argv);
int cmd_id_tls(cli *c, int argc, char **argv);
int cmd_challenge(cli *c, int argc, char **argv);
int cmd_cid_add(cli *c, int argc, char **argv);
int cmd_cid_verify(cli *c, int argc, char **argv);
int cmd_beacon_sync(cli *c, int argc, char **argv);
int cmd_beacon_verify(cli *c, int argc, char **argv);
int cmd_bundle_make(cli *c, int argc, char **argv);
int cmd_bundle_show(cli *c, int argc, char **argv);
int cmd_bundle_verify(cli *c, int argc, char **argv);
int cmd_delta_make(cli *c, int argc, char **argv);
int cmd_delta_apply(cli *c, int argc, char **argv);
int cmd_delta_info(cli *c, int argc, char **argv);
int cmd_doctor(cli *c, int argc, char **argv);
/** A key for a peer, by the daemon or an agent of our own, into a file: cmd_keys.c. */
int keys_hand_out(cli *c, const conf *f, const char *name, const char *protocol, const char *out,
                  uint64_t timeout_ms);
int cmd_key_get(cli *c, int argc, char **argv);
int cmd_psk_find(cli *c, int argc, char **argv);
int cmd_psk_get(cli *c, int argc, char **argv);
int cmd_service_list(cli *c, int argc, char **argv);
int cmd_service_publish(cli *c, int argc, char **argv);
int cmd_service_unpublish(cli *c, int argc, char **argv);
int cmd_lookup(cli *c, int argc, char **argv);
int cmd_turn_allocate(cli *c, int argc, char **argv);
int cmd_turn_ping(cli *c, int argc, char **argv);
int cmd_stun_bind(cli *c, int argc, char **argv);
int cmd_stun_nat_type(cli *c, int argc, char **argv);
int cmd_register(cli *c, int argc, char **argv);
int cmd_publish(cli *c, int argc, char **argv);
int cmd_ticket_make(cli *c, int argc, char **argv);
int cmd_ticket_open(cli *c, int argc, char **argv);
int cmd_ticket_show(cli *c, int argc, char **argv);
int cmd_listen(cli *c, int argc, char **argv);
int cmd_connect(cli *c, int argc, char **argv);
int cmd_leaf_add(cli *c, int argc, char **argv);
int cmd_leaf_block(cli *c, int argc, char **argv);
int cmd_leaf_release(cli *c, int argc, char **argv);
int cmd_leaf_enrol(cli *c, int argc, char **argv);
int cmd_leaf_key(cli *c, int argc, char **argv);
int cmd_leaf_proof(cli *c, int argc, char **argv);
int cmd_leaf_send(cli *c, int argc, char **argv);
int cmd_leaf_ticket(cli *c, int argc, char **argv);
int cmd_leaf_upload(cli *c, int argc, char **argv);
int cmd_deploy(cli *c, int argc, char **argv);
int cmd_org_show(cli *c, int argc, char **argv);
int cmd_org_admit(cli *c, int argc, char **argv);
int cmd_org_attestors(cli *c, int argc, char **argv);
int cmd_org_offer_admin(cli *c, int argc, char **argv);
int cmd_org_recover(cli *c, int argc, char **argv);
int cmd_org_take_admin(cli *c, int argc, char **argv);
int cmd_org_manager(cli *c, int argc, char **argv);
int cmd_relay_list(cli *c, int argc, char **argv);
int cmd_relay_register(cli *c, int argc, char **argv);
int cmd_relay_approve(cli *c, int argc, char **argv);
int cmd_relay_suspend(cli *c, int argc, char **argv);
int cmd_relay_check(cli *c, int argc, char **argv);
int cmd_relay_vacate(cli *c, int argc, char **argv);
int cmd_relay_collect(cli *c, int argc, char **argv);
int cmd_relay_manager(cli *c, int argc, char **argv);
int cmd_relay_invite(cli *c, int argc, char **argv);
int cmd_release_allow(cli *c, int argc, char **argv);
int cmd_release_approve(cli *c, int argc, char **argv);
int cmd_release_create(cli *c, int argc, char **argv);
int cmd_release_list(cli *c, int argc, char **argv);
int cmd_release_new(cli *c, int argc, char **argv);
int cmd_release_publish(cli *c, int argc, char **argv);
int cmd_release_relay(cli *c, int argc, char **argv);
int cmd_release_revoke(cli *c, int argc, char **argv);
int cmd_release_roles(cli *c, int argc, char **argv);
int cmd_release_sign(cli *c, int argc, char **argv);
int cmd_voucher_request(cli *c, int argc, char **argv);
int cmd_voucher_issue(cli *c, int argc, char **argv);
int cmd_voucher_submit(cli *c, int argc, char **argv);
int cmd_device_list(cli *c, int argc, char **argv);
int cmd_device_show(cli *c, int argc, char **argv);
int cmd_device_rotate(cli *c, int argc, char **argv);
int cmd_device_revoke(cli *c, int argc, char **argv);
int cmd_attest(cli *c, int argc, char **argv);
int cmd_device_tls_key(cli *c, int argc, char **argv);
int cmd_device_leaf_root(cli *c, int argc, char **argv);
int cmd_sponsor_tls_key(cli *c, int argc, char **argv);
int cmd_sponsor_leaf_root(cli *c, int argc, char **argv);
int cmd_sponsor_rotate(cli *c, int argc, char **argv);
int cmd_device_replace(cli *c, int argc, char **argv);
int cmd_provision(cli *c, int argc, char **argv);
int cmd_id_backup(cli *c, int argc, char **argv);
int cmd_id_restore(cli *c, int argc, char **argv);
int cmd_sponsor_publish(cli *c, int argc, char **argv);
int cmd_sponsor_register(cli *c, int argc, char **argv);
int cmd_sponsor_revoke(cli *c, int argc, char **argv);
int cmd_update_check(cli *c, int argc, char **argv);
int cmd_update_confirm(cli *c, int argc, char **argv);
int cmd_update_init(cli *c, int argc, char **argv);
int cmd_update_reject(cli *c, int argc, char **argv);
int cmd_update_run(cli *c, int argc, char **argv);
int cmd_update_start(cli *c, int argc, char **argv);
int cmd_watch(cli *c, int argc, char **argv);

#endif
