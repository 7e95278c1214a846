# SPDX-License-Identifier: Apache-2.0
# Places where a gateway may stand, as nftables and miniupnpd make them; sourced after topology.sh,
# inside its namespaces, when lab_wan is there. A place is a namespace lan-ID with its NATs.
#
#   site_up KIND ID N     N 1..99, not given twice: 20.0.0.(100 + N) outside, 10.10.N.0/24 inside
#
#   public   an address of its own
#   cone     all that comes to the external address goes to the host: full cone
#   keep     masquerade: mapping independent of the endpoint, ports kept, filtering by address and port
#   random   masquerade fully-random: a port for each destination, symmetric
#   pcp      keep, and miniupnpd serves PCP
#   double   keep, behind a carrier's NAT with 100.64/10 between

site_kinds="public cone keep random pcp double"

# What miniupnpd writes its rules into, and the daemon itself.
site_miniupnpd() { # ID N MINIUPNPD FOLDER
    lab_in "nat-$1" nft -f - <<RULES
table inet filter {
    chain miniupnpd { }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
    chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority srcnat - 1; policy accept;
        jump postrouting_miniupnpd
    }
}
RULES
    lab_in "nat-$1" nft add rule inet fw forward iifname ext ct status dnat accept
    cat >"$4/upnpd-$1.conf" <<CONF
ext_ifname=ext
listening_ip=int
enable_natpmp=yes
enable_upnp=no
secure_mode=no
min_lifetime=10
max_lifetime=86400
lease_file=$4/upnpd-$1.leases
uuid=00000000-0000-0000-0000-0000000000$2
upnp_table_name=filter
upnp_nat_table_name=filter
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
allow 0-65535 10.10.$2.0/24 0-65535
CONF
    ip netns exec "nat-$1" "$3" -d -f "$4/upnpd-$1.conf" -P "$4/upnpd-$1.pid" \
        >"$4/upnpd-$1.log" 2>&1 </dev/null &
    lab_wait 60 site_serves_pcp "nat-$1"
}
site_serves_pcp() {
    lab_in "$1" ss -Hlun | grep -q ':5351 '
}

# Has miniupnpd opened anything?
site_mapped() { # ID
    lab_in "nat-$1" nft list chain inet filter prerouting_miniupnpd | grep -q 'dnat'
}

# Payload is what is longer than any handshake datagram: counted by where it goes.
site_counters() { # ID
    lab_in "lan-$1" nft -f - <<RULES
table ip count {
    counter relay1 { }
    counter relay2 { }
    counter direct { }
    chain output {
        type filter hook output priority filter; policy accept;
        udp length < $((site_payload + 8)) accept
        ip daddr 20.0.0.10 counter name relay1 accept
        ip daddr 20.0.0.11 counter name relay2 accept
        meta l4proto udp counter name direct
    }
}
RULES
}
site_payload=700

# How many payloads left a place: relay1, relay2 or direct.
site_count() { # ID COUNTER
    lab_in "lan-$1" nft list counter ip count "$2" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

site_up() { # KIND ID N MINIUPNPD FOLDER
    case $1 in
    public)
        lab_host "lan-$2" "20.0.0.$((100 + $3))"
        ;;
    random) lab_nat "$2" "20.0.0.$((100 + $3))" "10.10.$3" fully-random ;;
    double)
        lab_nat "c$2" "20.0.0.$((100 + $3))" "100.64.$3" ""
        lab_behind "lan-$2" "lan-c$2" eth0 "10.10.$3" "" # one more NAT further in
        ;;
    *) lab_nat "$2" "20.0.0.$((100 + $3))" "10.10.$3" "" ;;
    esac || return 1
    case $1 in
    cone)
        lab_in "nat-$2" nft add rule ip nat prerouting iifname ext meta l4proto udp \
            dnat to "10.10.$3.10"
        lab_in "nat-$2" nft add rule inet fw forward iifname ext ct status dnat accept
        ;;
    pcp) site_miniupnpd "$2" "$3" "$4" "$5" ;;
    esac || return 1
    site_counters "$2"
}
