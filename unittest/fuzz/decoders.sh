# SPDX-License-Identifier: Apache-2.0
# The decoders of coverage.sh: name, fuzz targets, sources, and what no input reaches.
decoder rlp "rlp" "core/eth/rlp.c"
decoder header "header" "core/eth/header.c"
decoder proof "mpt" "core/eth/mpt.c"
decoder receipt "receipt" "core/eth/receipt.c core/eth/item.c core/eth/rlp_push.c"
decoder seal "seal" "core/eth/seal.c"
decoder transaction "tx" "core/eth/tx.c"
# The hooks of cJSON outside of a parse are for a program that uses cJSON itself beside this.
decoder json "json" "port/linux/json.c port/linux/eth_json.c" ".*if \(arena.ptr == NULL\).*"
decoder ssz "ssz beacon" "core/eth/beacon_ssz.c"
decoder bundle "bundle" "core/eth/bundle.c"
decoder natpmp "natpmp" "core/nat/natpmp.c"
decoder direct "direct" "core/gateway/direct_msg.c"
decoder coap "coap" "core/coap/coap.c core/coap/coap_options.c"
decoder pcp "pcp" "core/nat/pcp.c"
decoder channeldata "channeldata turn_stream" "core/nat/channeldata.c core/nat/turn_stream.c"
decoder stun "stun" "core/nat/stun.c"
decoder record "record" "core/registry/device.c core/registry/endpoint.c"
