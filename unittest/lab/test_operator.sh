#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The operator's side on a real chain: deploy, organisation, provisioning, a device that is vouched for
# by hand and owns no Ether, rotation, revocation, replacement, and the life of a relay on a stock TURN
# server.
# usage: test_operator.sh <wick> <wick-wallet>
set -u
wick=$1
wallet=$2
suite=lab.operator
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
artifacts=$WICK_SOURCE_DIR/contracts/artifacts
field() { # <name>: of the last output
    sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$out" | tail -n 1
}
chain_conf() {
    printf '[chain.lab]\nchain_id = 31337\nrule = own_node\n[rpc]\nchain = lab\nurl = %s\n' "$rpc"
}
account() { # <name>: a wallet with an identity, and Ether for it
    { chain_conf; printf '[identity]\nname = %s\nwallet_key_file = %s.wallet.key\ndevice_key_file = %s.device.key\n' \
        "$1" "$1" "$1"; } >"$dir/$1.conf"
    run "$1" --json id new "$1" >"$out" || exit 1
    eval "$1=\$(field wallet)"
    rich "$(field wallet)"
}
rich() { # <address>: and a block whose state says so
    cast rpc anvil_setBalance "$1" 0x56bc75e2d63100000 >/dev/null &&
        cast rpc evm_mine >/dev/null || exit 1
}
account admin
account stranger

# ---- deploy: what it costs, what it needs, what it says
want 0 '^dry-run  *what=DeviceRegistry .*gas=[0-9]* .*cost_ether=0\.[0-9]' deploy_dry_run \
    run admin deploy --org lab --artifacts "$artifacts" --dry-run
grep -q '^# device_registry = 0x' "$out"
result $? deploy_dry_run_addresses
[ "$(cast nonce "$admin")" = 0 ]
result $? deploy_dry_run_sends_nothing
want 1 'NOT_FOUND\|HAL' deploy_no_artifacts run admin deploy --org lab --artifacts "$dir/nowhere"
want 2 'org NAME' deploy_no_org run admin deploy
want 2 'checksum' deploy_bad_address run admin deploy --org lab --manager 0x1234
want 0 '"event":"deployed"' deploy run admin --json deploy --org lab --artifacts "$artifacts" \
    --manager "$manager"
registry=$(printf '[registry.lab]\nchain = lab\ndevice_registry = %s\nrelay_registry = %s\n' \
    "$(field device_registry)" "$(field relay_registry)")
for who in admin stranger; do
    printf '%s\n' "$registry" >>"$dir/$who.conf"
done
{ parts_manager "127.0.0.1:$wallet_port" lab relay.secret
    printf '[identity]\nname = manager\nwallet_key_file = admin.wallet.key\n'; } >"$dir/manager.conf"

# ---- organisation
want 0 "^manager  *$(echo "$manager" | tr A-F a-f)" org_show run manager org show lab
want 1 'RECORD_ABSENT' org_show_absent run manager org show nobody
want 1 'NOT_OWNER.*NotAdmin()' org_set_manager_stranger run stranger org set-manager lab "$stranger"
[ "$(cast nonce "$stranger")" = 0 ]
result $? refused_before_it_is_sent
want 0 '^dry-run  *what=set-manager' org_dry_run run admin org set-manager lab "$stranger" --dry-run
want 0 '^manager_epoch  *2' org_set_manager run admin org set-manager lab "$stranger"
want 0 '^manager_epoch  *3' org_set_manager_back run admin org set-manager lab "$manager"

want 0 '^attestors  *0' org_no_attestors run manager org show lab
a1=0x1111111111111111111111111111111111111111 a2=0x2222222222222222222222222222222222222222
want 1 'NOT_OWNER.*NotAdmin()' org_attestors_stranger run stranger org set-attestors lab --threshold 1 $a1
want 2 'threshold' org_attestors_no_threshold run admin org set-attestors lab $a1
want 1 'BAD_ARG' org_attestors_too_many run admin org set-attestors lab --threshold 3 $a1 $a2
want 1 'BAD_ARG' org_attestors_twice run admin org set-attestors lab --threshold 1 $a1 $a1
want 0 '^needed  *2' org_attestors run admin org set-attestors lab --threshold 2 $a2 $a1
want 0 '^needed  *1' org_attestors_of_a_class run admin org set-attestors lab --class https --threshold 1 $a2
want 0 '^needed  *2' org_attestors_of_others run manager org show lab
want 0 '^needed  *1' org_attestors_shown run manager org show lab --class https
want 1 'NOT_OWNER.*NotAdmin()' org_admit_stranger \
    run stranger org admit guild --admin "$stranger" --manager "$stranger" --number 7
want 2 'number' org_admit_no_number run admin org admit guild --admin "$stranger" --manager "$stranger"
want 0 '^number  *7' org_admit run admin org admit guild --admin "$admin" --manager "$stranger" --number 7
want 1 'NAME_TAKEN.*OrgTaken()' org_admit_twice \
    run admin org admit guild --admin "$admin" --manager "$stranger" --number 8
want 1 'NOT_OWNER.*NotOffered()' org_take_admin_early run stranger org take-admin guild
want 0 "^offered_to  *$(echo "$stranger" | tr A-F a-f)" org_offer_admin run admin org offer-admin guild "$stranger"
want 0 "^admin  *$(echo "$stranger" | tr A-F a-f)" org_take_admin run stranger org take-admin guild
want 1 'NOT_OWNER.*NotAdmin()' org_former_admin run admin org set-manager guild "$admin"

# ---- provisioning: the device's folder, and the manager's file
want 0 '^provisioned  *name=dev-1' provision run manager provision dev-1 --dir "$dir/dev-1" \
    --wallet "127.0.0.1:$wallet_port"
[ "$(stat -c %a "$dir/dev-1/wallet.psk" "$dir/dev-1/wallet.token" "$dir/devices/dev-1" |
    sort -u)" = 600 ]
result $? provision_modes
grep -q "^device_registry = " "$dir/dev-1/wick.conf" && ! grep -q manager "$dir/dev-1/wick.conf"
result $? provision_conf
want 1 'STATE: .*dev-1' provision_twice run manager provision dev-1 --dir "$dir/dev-2" \
    --wallet "127.0.0.1:$wallet_port"
want 1 'NAME' provision_name run manager provision ../dev --dir "$dir/dev-2" --wallet 127.0.0.1:1
want 1 'MALFORMED' provision_wallet run manager provision dev-2 --dir "$dir/dev-2" --wallet here
dev() {
    "$wick" --config "$dir/dev-1/wick.conf" "$@"
}
want 0 '^wallet ' first_boot dev id new dev-1
want 0 '^device  *state=absent name=dev-1' device_list run manager device list

# ---- a voucher by hand: the device pays nothing, and has nothing
challenge=$(parts_hex 32)
dev voucher request --challenge "$challenge" >"$dir/request" || exit 1
want 1 'AUTH' voucher_other_challenge run manager voucher issue "$dir/request" \
    --challenge "$(parts_hex 32)"
sed 's/"name":"dev-1"/"name":"dev-9"/' "$dir/request" >"$dir/request.other"
want 1 'MALFORMED' voucher_other_name run manager voucher issue "$dir/request.other" \
    --challenge "$challenge"
want 1 'VOUCHER' voucher_no_manager run manager voucher issue "$dir/request" --challenge "$challenge" \
    --key "$dir/stranger.wallet.key"
want 0 '"deadline"' voucher_issue run manager voucher issue "$dir/request" --challenge "$challenge"
cp "$out" "$dir/voucher"
sed 's/"epoch":0/"epoch":1/' "$dir/voucher" >"$dir/voucher.other"
want 1 'VOUCHER' voucher_altered run stranger voucher submit "$dir/voucher.other"
want 0 '^dry-run  *what=register' voucher_dry_run run stranger voucher submit "$dir/voucher" --dry-run
want 0 '^included  *what=register .*outcome=succeeded .*tier=OWN_NODE gas=' voucher_submit \
    run stranger voucher submit "$dir/voucher"
want 1 'RECORD_STALE.*WrongEpoch(1)' voucher_twice run stranger voucher submit "$dir/voucher"
owner=$(dev --json id show | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p')
[ "$(cast balance "$owner")" = 0 ] && [ "$(cast nonce "$owner")" = 0 ]
result $? device_needs_no_ether

# ---- the record
want 0 '^state  *live' device_show run manager device show dev-1
want 1 '^state  *absent' device_show_absent run manager device show dev-7
want 0 '^device  *state=live name=dev-1 epoch=1' device_list_live run manager device list
want 1 'NOT_OWNER.*NotOwner()' device_revoke_stranger run stranger device revoke dev-1
want 1 'NOT_OWNER.*NotAdmin()' org_recover_stranger run stranger org recover dev-1 "$stranger"
want 0 'outcome=succeeded' org_recover run admin org recover dev-1 "$stranger" # its owner objects by what he does next
want 1 'UNFUNDED' device_rotate_unfunded dev device rotate
rich "$owner"
rm -f "$dir/dev-1/device.key.next"
before=$(cat "$dir/dev-1/device.key")
want 0 '^dry-run  *what=rotate' device_rotate_dry_run dev device rotate --dry-run
[ "$(cat "$dir/dev-1/device.key")" = "$before" ] && [ ! -e "$dir/dev-1/device.key.next" ]
result $? device_rotate_dry_run_keeps_the_key
want 0 '^epoch  *2' device_rotate dev device rotate
[ "$(cat "$dir/dev-1/device.key")" != "$before" ] && [ ! -e "$dir/dev-1/device.key.next" ]
result $? device_rotate_file
# Cut short between the transaction and the file: the next one only puts the key in its place.
cp "$dir/dev-1/device.key" "$dir/dev-1/device.key.next"
printf '%s\n' "$before" >"$dir/dev-1/device.key"
want 0 '^epoch  *2' device_rotate_again dev device rotate
[ ! -e "$dir/dev-1/device.key.next" ] && [ "$(cat "$dir/dev-1/device.key")" != "$before" ]
result $? device_rotate_taken_up

# ---- backup and restore
printf 'four words of my own\n' >"$dir/phrase"
printf 'four words of yours\n' >"$dir/phrase2"
printf 'short\n' >"$dir/phrase3"
want 1 'LIMIT' backup_short_phrase dev id backup -o "$dir/b" --passphrase-file "$dir/phrase3"
want 0 '^backup  *name=dev-1' backup dev id backup -o "$dir/b" --passphrase-file "$dir/phrase"
[ "$(stat -c %a "$dir/b")" = 600 ] && ! grep -q "$(cat "$dir/dev-1/wallet.key")" "$dir/b"
result $? backup_file
want 1 'STATE' backup_never_overwrites dev id backup -o "$dir/b" --passphrase-file "$dir/phrase"
want 1 'STATE' restore_never_overwrites dev id restore "$dir/b" --passphrase-file "$dir/phrase"
cp "$dir/dev-1/wallet.key" "$dir/wallet.kept"
cp "$dir/dev-1/device.key" "$dir/device.kept"
rm "$dir/dev-1/wallet.key" "$dir/dev-1/device.key"
want 1 'AUTH' restore_other_phrase dev id restore "$dir/b" --passphrase-file "$dir/phrase2"
want 0 '^restored  *name=dev-1' restore dev id restore "$dir/b" --passphrase-file "$dir/phrase"
cmp -s "$dir/dev-1/wallet.key" "$dir/wallet.kept" && cmp -s "$dir/dev-1/device.key" "$dir/device.kept"
result $? restored_keys

# ---- a lost device: its name for another one, with keys of its own
want 1 'NOT_FOUND' replace_unknown run manager device replace dev-8 --dir "$dir/dev-8" \
    --wallet "127.0.0.1:$wallet_port"
old_psk=$(cat "$dir/dev-1/wallet.psk")
want 0 '^provisioned  *name=dev-1' replace run manager device replace dev-1 --dir "$dir/new-1" \
    --wallet "127.0.0.1:$wallet_port" --key "$dir/dev-1/wallet.key"
grep -q '^included  *what=revoke' "$out" && ! grep -q "$old_psk" "$dir/devices/dev-1"
result $? replace_revokes_and_renews
want 1 '^state  *revoked' replaced_is_revoked run manager device show dev-1
"$wick" --config "$dir/new-1/wick.conf" id new dev-1 >/dev/null || exit 1
"$wick" --config "$dir/new-1/wick.conf" voucher request --challenge "$challenge" >"$dir/request"
run manager voucher issue "$dir/request" --challenge "$challenge" >"$dir/voucher"
want 0 'outcome=succeeded' replacement_registers run stranger voucher submit "$dir/voucher"
want 0 '^epoch  *4' replacement_is_live run manager device show dev-1
want 1 'NOT_OWNER' lost_device_has_no_say dev device revoke dev-1
rich "$("$wick" --config "$dir/new-1/wick.conf" --json id show | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p')"
want 0 'state  *revoked' device_revoke run manager device revoke dev-1 --key "$dir/new-1/wallet.key"

"$wick" --config "$dir/new-1/wick.conf" voucher request --challenge "$challenge" >"$dir/request"
run manager voucher issue "$dir/request" --challenge "$challenge" >"$dir/voucher"
run stranger voucher submit "$dir/voucher" >/dev/null || exit 1
want 1 'NOT_OWNER.*NotManager()' device_revoke_no_org run manager device revoke dev-1 --as-org \
    --key "$dir/stranger.wallet.key"
want 0 'outcome=succeeded' replace_by_org run manager device replace dev-1 --dir "$dir/new-2" \
    --wallet "127.0.0.1:$wallet_port"
want 1 '^state  *revoked' replaced_by_org run manager device show dev-1

# ---- watching: every event of the contract, proven, or of one name
want 0 '^registered  *id=0x.* epoch=1 key=0x' watch run manager watch --from 0 --for 1
[ "$(grep -c '^registered' "$out")" -eq 3 ] && [ "$(grep -c '^rotated' "$out")" -eq 1 ] &&
    [ "$(grep -c '^revoked' "$out")" -eq 3 ] && [ "$(grep -c '^manager ' "$out")" -eq 4 ] # the last: of guild
result $? watch_all
want 0 '^rotated  *name=dev-1 .*epoch=2' watch_name run manager watch dev-1 --from 0 --for 1
! grep -q '^manager ' "$out"
result $? watch_name_alone
want 0 '"event":"revoked"' watch_json run manager --json watch dev-1 --from 0 --for 1
start liar.log node "$WICK_SOURCE_DIR/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 $((base + 3)) \
    "$rpc" header
await 60 . liar.log || exit 1
sed "s,^url = .*,url = http://127.0.0.1:$((base + 3))," "$dir/manager.conf" >"$dir/lied.conf"
want 1 'HEADER_HASH' watch_lied_to run lied watch --from 0 --for 1

# ---- the registry of another organisation, by its name
{ cat "$dir/stranger.conf"; sed 's/registry.lab/registry.other/' <<CONF
[registry.lab]
chain = lab
$(grep '_registry *=' "$dir/addresses")
CONF
} >"$dir/two.conf"
want 0 '^result  *ABSENT' other_registry run two id check dev-1@other
want 1 '^result  *FOUND' home_registry run two id check dev-1@lab
want 1 'no such registry' no_such_registry run two id check dev-1@nobody

# ---- the life of a relay
turn=127.0.0.1:$turn_port
want 1 'NOT_OWNER.*NotInvited()' relay_uninvited run stranger relay register "$turn"
want 0 '^included  *what=invite' relay_invite run manager relay invite "$stranger" --count 3
want 0 '^relay  *index=0 .*status=pending' relay_register run stranger relay register "$turn"
want 1 'NOT_OWNER.*NotManager()' relay_approve_stranger run manager relay approve 0 \
    --key "$dir/stranger.wallet.key"
want 0 '^relay  *.*trial=passed' relay_approve run manager relay approve 0
want 0 '^relay  *index=0 .*status=approved' relay_list run manager relay list
# One where nobody listens for TURN is not approved.
want 0 'index=1 .*status=pending' relay_register_dead run stranger relay register "127.0.0.1:$((base + 9))" \
    --protocol tcp
want 3 'NET: relay 1 failed its trial and is not approved' relay_approve_dead run manager relay approve 1
want 0 '^relay  *index=1 .*status=pending' relay_still_pending run manager relay list
want 0 'trial=passed' relay_check run manager relay check
# One that is not reached any more, which may be this host's own trouble, stays: a person is to say.
forward() { # a TURN server over TCP at the dead one's address; its job in $forward_job
    start forward.log node -e 'const net = require("net");
net.createServer((s) => {
    const t = net.connect(+process.argv[2], "127.0.0.1");
    s.pipe(t).pipe(s);
    s.on("error", () => t.destroy());
    t.on("error", () => s.destroy());
}).listen(+process.argv[1], "127.0.0.1", () => console.log("READY"));' $((base + 9)) "$turn_port"
    forward_job=$started
    await 60 READY forward.log || exit 1
}
forward
want 0 'trial=passed' relay_approve_forwarded run manager relay approve 1
kill "$forward_job"
wait "$forward_job" 2>/dev/null
want 3 'NET: relay 1 was not reached, and stays approved' relay_check_unreached run manager relay check
want 0 '^relay  *index=1 .*status=approved' relay_unreached_stays run manager relay list
want 0 'outcome=succeeded' relay_suspend_by_hand run manager relay suspend 1
# Not reached again and again, while another one is: then it is not this host, and it is suspended.
forward
want 0 'trial=passed' relay_approve_again run manager relay approve 1
kill "$forward_job"
wait "$forward_job" 2>/dev/null
start check.log "$wick" --config "$dir/manager.conf" relay check --every 1
checking=$started
rounds() { # four of them, in which relay 0 passes: but over UDP, and this host may have no TCP
    [ "$(grep -c 'relay 1 was not reached, and stays approved' "$dir/check.log")" -ge 4 ]
}
until_ok 60 rounds && ! grep -q 'is suspended' "$dir/check.log"
result $? relay_check_by_another_way
kill "$checking"
wait "$checking" 2>/dev/null
want 0 'index=2 .*status=pending' relay_register_tcp run stranger relay register "$turn" --protocol tcp
want 0 'trial=passed' relay_approve_tcp run manager relay approve 2
start check.log "$wick" --config "$dir/manager.conf" relay check --every 1
checking=$started
await 60 'relay 1 was not reached 3 times while others were, and is suspended' check.log
result $? relay_check_again_and_again
kill "$checking"
wait "$checking" 2>/dev/null
want 0 '^relay  *index=1 .*status=suspended' relay_dead_is_suspended run manager relay list
want 0 '^relay  *index=0 .*status=approved' relay_alive_is_not run manager relay list
want 1 'STATE.*RelayInUse()' relay_vacate_in_use run manager relay vacate 2
# The relay changes its secret: the next test fails, and it is suspended.
parts_hex 16 >"$dir/relay.secret"
want 1 'is suspended' relay_check_fails run manager relay check
want 0 '^relay  *index=0 .*status=suspended' relay_suspended run manager relay list
want 1 'STATE.*SameStatus()' relay_suspend_again run manager relay suspend 0
want 1 'NOT_FOUND.*UnknownRelay()\|RECORD_ABSENT' relay_suspend_unknown run manager relay suspend 7
# Its place is freed, and the next one takes it; what another operator staked comes back when it is due.
want 2 "'255' is no index" relay_index_beyond run manager relay suspend 255
want 1 'NOT_OWNER.*NotOperator()' relay_vacate_stranger run manager relay vacate 0 --key "$dir/admin.wallet.key"
want 0 'outcome=succeeded' relay_vacate run stranger relay vacate 0 --key "$dir/stranger.wallet.key"
want 0 '^relay  *index=0 .*status=vacant' relay_is_vacant run manager relay list
want 1 'STATE.*SameStatus()' relay_vacate_again run manager relay vacate 0
want 1 'NOT_FOUND: relay 0: its place is vacated' relay_approve_vacant run manager relay approve 0
want 0 '^included  *what=invite' relay_invite_again run manager relay invite "$stranger"
want 0 'index=0 .*status=pending' relay_takes_the_place run stranger relay register "$turn"
relays_at=$(printf '%s\n' "$registry" | sed -n 's/^relay_registry = //p')
staked() { # as whoever pays the stake
    cast send "$relays_at" 'setStake(uint128)' 1000 --private-key "0x$(cat "$dir/admin.wallet.key")" &&
        cast send "$relays_at" 'register(uint256,uint8,bytes2,bytes32)' "$(cast call "$relays_at" \
            'storedWord(bytes32)(bytes32)' "$("$deps/chain/bin/cast" index uint256 2 1)")" 2 0x4445 \
            "$("$deps/chain/bin/cast" format-bytes32-string relay.example)" --value 1000 \
            --private-key "0x$(cat "$dir/admin.wallet.key")"
}
want 1 'STATE: register: this registry takes no stake' relay_takes_no_stake \
    run admin relay register "$turn" --stake auto
staked >"$dir/staked.log" 2>&1
want 0 '^relay  *index=3 .*status=pending .*region=DE .*realm=relay.example' relay_with_a_stake run manager relay list
want 1 'STATE.*StakeHeld()' relay_collect_nothing run admin relay collect
want 0 'outcome=succeeded' relay_vacate_by_the_manager run manager relay vacate 3
want 1 'STATE.*StakeHeld()' relay_collect_early run admin relay collect
grep -q '^owed  *.*wei=0x000000000000000000000000000003e8 from=1' "$out"
result $? relay_collect_says_when
# As if the 30 days were over: the tool believes no block of a time that is ahead.
over() {
    cast rpc anvil_setStorageAt "$relays_at" "$("$deps/chain/bin/cast" index address "$admin" 7)" \
        "0x$(printf '%032x%032x' 1700000000 1000)" >/dev/null && cast rpc evm_mine >/dev/null
}
over
want 0 'outcome=succeeded' relay_collect run admin relay collect

# ---- a relay of who is not invited, by a stake
staked_wei() { # what the contract holds
    cast balance "$relays_at"
}
want 1 'NOT_OWNER.*NotInvited()' relay_without_a_stake run admin relay register "$turn"
want 2 'takes wei' relay_stake_is_no_number run admin relay register "$turn" --stake 1ether
want 2 'takes wei' relay_stake_of_nothing run admin relay register "$turn" --stake 0
want 1 'BAD_ARG.*WrongStake()' relay_small_stake run admin relay register "$turn" --stake 999
grep -q '^stake  *demanded_wei=0x3e8 wei=0x3e7' "$out"
result $? relay_small_stake_says_what_is_demanded
want 1 'UNFUNDED.*may cost 1000000\.0 Ether, and the account has 9' relay_stake_beyond_the_account \
    run admin relay register "$turn" --stake 1000000000000000000000000
want 0 '^dry-run  *what=register .*cost_ether=0\.[0-9]* value_ether=0\.000000000000001$' relay_stake_dry_run \
    run admin relay register "$turn" --stake auto --dry-run
[ "$(staked_wei)" = 0 ]
result $? relay_stake_dry_run_pays_nothing
want 0 'index=3 .*status=pending' relay_register_by_stake run admin relay register "$turn" --stake auto
[ "$(staked_wei)" = 1000 ]
result $? relay_stake_is_held
want 0 'outcome=succeeded' relay_vacate_staked run admin relay vacate 3 --key "$dir/admin.wallet.key"
want 1 'STATE.*StakeHeld()' relay_stake_not_due run admin relay collect
over # the 30 days
want 0 'outcome=succeeded' relay_collect_stake run admin relay collect
[ "$(staked_wei)" = 0 ]
result $? relay_stake_given_back

# Who may do all that is the admin's to say.
want 1 'NOT_OWNER.*NotAdmin()' relay_set_manager_stranger run stranger relay set-manager "$stranger"
want 0 'outcome=succeeded' relay_set_manager run admin relay set-manager "$stranger"
want 0 'outcome=succeeded' relay_manager_of_now run stranger relay invite "$admin" --key "$dir/stranger.wallet.key"
want 0 'outcome=succeeded' relay_dismiss run admin relay set-manager "$stranger" --dismiss
want 1 'NOT_OWNER.*NotManager()' relay_dismissed run stranger relay invite "$admin" --key "$dir/stranger.wallet.key"

tap_end
