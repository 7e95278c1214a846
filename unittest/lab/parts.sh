# SPDX-License-Identifier: Apache-2.0
# What stands around gateways in the lab and the demo, as operator and factory would write it: the
# configuration of a relay, of the wallet manager and of gateways, and what a device is provisioned
# with; sourced after chains.sh.
#
#   work=<scratch folder>            must be set; chains_id and chains_own, as chains_up sets them
#   registry=$(parts_registry FILE)  the section [registry.lab], empty until there are contracts

registry=

parts_hex() { # BYTES, at random
    head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# Configuration of a coturn that checks permissions: parts_relay NAME ADDRESS SECRET [LINE...]
parts_relay() {
    cat <<CONF
listening-ip=$2
relay-ip=$2
realm=relay.example
use-auth-secret
static-auth-secret=$3
no-cli
no-dtls
no-rfc5780
pidfile=$work/$1.pid
userdb=$work/$1.db
log-file=stdout
simple-log
CONF
    shift 3
    printf '%s\n' "$@"
}

# The contracts, from what deploy.mjs printed.
parts_registry() { # FILE
    printf '[registry.lab]\nchain = lab\n'
    grep -e '_registry *=' -e '^release_index *=' "$1"
}

# The wallet manager's: parts_manager LISTEN ORG [FILE WITH THE SECRET OF THE RELAYS]
parts_manager() {
    cat <<CONF
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $chains_own
$registry
[manager]
listen = $1
org = $2
key_file = manager.key
devices_dir = devices
ledger_file = ledger
CONF
    [ $# -lt 3 ] || echo "relay_secret_file = $3"
}

# What the factory puts into a device, as PREFIXwallet.psk and PREFIXwallet.token, and tells the
# manager: parts_provision NAME PREFIX FOLDER-OF-DEVICES
parts_provision() {
    parts_psk=$(parts_hex 32)
    parts_token=$(parts_hex 16)
    printf '%s\n' "$parts_psk" >"$2wallet.psk"
    printf '%s\n' "$parts_token" >"$2wallet.token"
    printf '{"name":"%s","psk":"0x%s","token":"%s"}\n' "$1" "$parts_psk" "$parts_token" >"$3/$1"
}

# A gateway's, whose files begin with PREFIX; its chain comes on standard input:
# parts_gateway NAME PREFIX ADDRESS-OF-THE-MANAGER
parts_gateway() {
    cat <<CONF
[identity]
name = $1
wallet_key_file = $2wallet.key
device_key_file = $2device.key
store_dir = $2store
CONF
    cat
    cat <<CONF
$registry
[wallet]
address = $3
psk_identity = $1
psk_file = $2wallet.psk
token_file = $2wallet.token
CONF
}
