/* SPDX-License-Identifier: Apache-2.0 */
/* wick.conf is strict: every key that is not understood is an error with its line (design.md
 * section 11). */
#include "conf.h"

#include <stdio.h>

#include "tap.h"

static conf c;
static conf_error e;

static wick_status parse(const char *text)
{
    return conf_parse(&c, &e, text, strlen(text), "/etc/wick/");
}

static const char whole[] = "# a gateway\n"
                            "[identity]\n"
                            "name = gw-a\n"
                            "wallet_key_file=wallet.key\n"
                            "device_key_file = /var/lib/wick/device.key\r\n"
                            "tls_key_file = tls.key\n"
                            "\n"
                            "; the chain\n"
                            "[chain.lab]\n"
                            "chain_id = 31337\n"
                            "rule = own_node\n"
                            "[rpc]\n"
                            "chain = lab\n"
                            "url = http://192.0.2.20:8545\n"
                            "[registry.lab]\n"
                            "chain = lab\n"
                            "device_registry = 0x00112233445566778899aAbBcCdDeEfF00112233\n"
                            "[relay]\n"
                            "server = 192.0.2.10:3478\n"
                            "[service.default]\n"
                            "name = default";

TEST(all_sections)
{
    REQUIRE_STATUS(parse(whole), WICK_OK);
    CHECK(strcmp(c.identity.name, "gw-a") == 0);
    CHECK(strcmp(c.identity.wallet_key_file, "/etc/wick/wallet.key") == 0);
    CHECK(strcmp(c.identity.device_key_file, "/var/lib/wick/device.key") == 0);
    CHECK(strcmp(c.identity.tls_key_file, "/etc/wick/tls.key") == 0);
    CHECK_INT(c.rpcs[0].timeout_ms, 5000);
    CHECK(strcmp(c.rpcs[0].url, "http://192.0.2.20:8545") == 0);
    CHECK_INT(c.relay.server.port, 3478);
    CHECK(c.relay.check);
    CHECK(!c.relay.allow_private);
    CHECK_INT(c.relay.over, WICK_GW_OVER_AUTO);
    CHECK(c.relay.mobile && !c.path_in.private);
    const conf_registry *r = conf_find_registry(&c, NULL);
    REQUIRE(r != NULL);
    CHECK_INT(r->device_registry[10], 0xaa);
    const conf_chain *chain = conf_find_chain(&c, r->chain);
    REQUIRE(chain != NULL);
    CHECK_INT(chain->chain_id, 31337);
    CHECK(chain->rule == CONF_RULE_OWN_NODE);
    CHECK_INT(chain->max_age_s, 900);
    CHECK_INT(chain->trusting_days, 30);
    const conf_service *service = conf_find_service(&c, "default");
    REQUIRE(service != NULL);
    CHECK_INT(service->expires_s, 86400);
    CHECK(conf_find_service(&c, "other") == NULL);
    CHECK(conf_find_registry(&c, "other") == NULL);
}

TEST(required_keys)
{
    REQUIRE_STATUS(parse(whole), WICK_OK);
    CHECK_STATUS(conf_require(&c, &e, &c.identity.s, "name wallet_key_file"), WICK_OK);
    CHECK_STATUS(conf_require(&c, &e, &c.identity.s, "name store_dir"), WICK_E_CONFIG);
    CHECK(strcmp(e.text, "[identity]: 'store_dir' is missing") == 0);
    CHECK_STATUS(conf_require(&c, &e, &c.registries[0].s, "relay_registry"), WICK_E_CONFIG);
    CHECK(strcmp(e.text, "[registry.lab]: 'relay_registry' is missing") == 0);
    CHECK_STATUS(conf_require(&c, &e, &c.wallet.s, "address"), WICK_E_CONFIG);
    CHECK(conf_has(&c, &c.relay.s, "server"));
    CHECK(!conf_has(&c, &c.relay.s, "username"));
}

TEST(refused_with_line)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } bad[] = {
        {"[identity]\nname = gw\nnmae = gw\n", 3, "unknown key 'nmae' in [identity]"},
        {"[identify]\n", 1, "unknown section [identify]"},
        {"\n\nname = x\n", 3, "a key before the first section"},
        {"[identity]\nname\n", 2, "neither [section] nor key = value"},
        {"[identity]\nname = a\nname = a\n", 3, "key 'name' is given twice"},
        {"[identity]\n[rpc]\n[identity]\n", 3, "section is already there at line 1"},
        {"[chain.a]\n[chain.a]\n", 2, "section is already there at line 1"},
        {"[chain]\n", 1, "section [chain.NAME] needs a name ([a-z0-9._-]{1,63})"},
        {"[chain.A]\n", 1, "section [chain.NAME] needs a name ([a-z0-9._-]{1,63})"},
        {"[relay.x]\n", 1, "section [relay] has no name"},
        {"[rpc.X]\n", 1, "section [rpc.NAME] needs a name ([a-z0-9._-]{1,63})"},
        {"[rpc\n", 1, "a section is [name] or [kind.name]"},
        {"[identity]\nname = GW\n", 2, "'name' is not a name ([a-z0-9._-]{1,63})"},
        {"[identity]\nname =\n", 2, "'name' is not a name ([a-z0-9._-]{1,63})"},
        {"[rpc]\ntimeout_ms = 5s\n", 2, "'timeout_ms' is not a decimal number"},
        {"[rpc]\ntimeout_ms = 010\n", 2, "'timeout_ms' is not a decimal number"},
        {"[rpc]\ntimeout_ms = 99999999999999999999\n", 2, "'timeout_ms' is not a decimal number"},
        {"[chain.a]\ntier = own_node\n", 2, "unknown key 'tier' in [chain]"},
        {"[chain.a]\nrule = finalised\n", 2,
         "'rule' is not own_node, pinned, quorum, qbft, ibft2, ibft1, clique or sync_committee"},
        {"[chain.a]\ntrusted_hash = 0x00\n", 2, "'trusted_hash' is not 0x and 64 hex digits"},
        {"[registry.a]\nchain = b\n", 1, "[registry.a]: there is no [chain.b]"},
        {"[rpc]\nchain = b\n", 1, "[rpc]: there is no [chain.b]"},
        {"[relay]\nserver = 192.0.2.1\n", 2,
         "'server' is not an address and port, such as 192.0.2.1:3478"},
        {"[product]\n", 1, "section [product.NAME] needs a name ([a-z0-9._-]{1,63})"},
        {"[product.p]\nregistry = r\n", 1, "[product.p]: there is no [registry.r]"},
        {"[product.p]\nvendor = 6ba7b810\n", 2,
         "'vendor' is not a UUID, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
        {"[product.p]\nclass_id = 6ba7b8109dad-11d1-80b4-00c04fd430c8-\n", 2,
         "'class_id' is not a UUID, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
        {"[product.p]\nvendor = 6ba7b810-9dad-11d1-80b4-00c04fd430c80\n", 2,
         "'vendor' is not a UUID, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
        {"[product.p]\ncomponent = 256\n", 2, "'component' is 0..255"},
        {"[product.p]\napprovals_min = 0\n", 2, "'approvals_min' is 1..32"},
        {"[product.p]\n\napprovals_min = 33\n", 3, "'approvals_min' is 1..32"},
        {"[product.p]\nmax_age_s = 0\n", 2, "'max_age_s' is 1..2^32-1"},
        {"[relay]\ncheck = true\n", 2, "'check' is not yes or no"},
        {"[relay]\nover = dtls\n", 2, "'over' is not udp, tcp, tls or auto"},
        {"[relay]\nover = udp\nca_file = a.pem\n", 3, "'ca_file' needs over = tls or auto"},
        {"[relay]\nhost = relay.example\nover = tcp\n", 2, "'host' needs over = tls or auto"},
        {"[relay]\ntls_port = 0\n", 2, "'tls_port' is 1..65535"},
        {"[relay]\ntls_port = 65536\n", 2, "'tls_port' is 1..65535"},
        {"[relay]\nca_file = a.pem\npin_sha256 = "
         "0x0000000000000000000000000000000000000000000000000000000000000000\n",
         3, "'pin_sha256' and 'ca_file' are two answers to one question"},
        {"[relay]\npassword = secret\n", 2,
         "secrets are not written here: name a file with password_file"},
        {"[wallet]\npsk = 00\n", 2, "secrets are not written here: name a file with psk_file"},
        {"[rpc]\nurl = a\x01b\n", 2, "a control character"},
        {"[chain.a]\n[chain.b]\n[chain.c]\n[chain.d]\n[chain.e]\n", 5,
         "more than 4 sections [chain.NAME]"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i].text), WICK_E_CONFIG);
        CHECK_INT(e.line, bad[i].line);
        CHECK(strcmp(e.text, bad[i].says) == 0);
    }
}

#define HASH "trusted_hash = 0x0101010101010101010101010101010101010101010101010101010101010101\n"
#define ROOT "genesis_validators_root = 0x020202020202020202020202020202020202020202020202020202020202" \
             "0202\n"
#define RPC_A "[rpc.a]\nchain = c\nurl = https://a.example\noperator = a\n"
#define RPC_B "[rpc.b]\nchain = c\nurl = http://b.example:8545/key\noperator = b\n"
#define RPC_C "[rpc.c]\nchain = c\nurl = http://c.example\noperator = c\n"
#define BEACON "beacon_url = https://x.example, http://y.example:5052\n"

TEST(every_rule)
{
    static const char *const good[] = {
        "[chain.c]\nrule = own_node\ndepth = 2\nmax_age_s = 60\ngrace_s = 0\n",
        "[chain.c]\nrule = pinned\n" HASH,
        "[chain.c]\nrule = quorum\nquorum = 2\ndepth = 1\n" RPC_A RPC_B RPC_C,
        "[chain.c]\nrule = qbft\ntrusting_days = 3\n" HASH,
        "[chain.c]\nrule = ibft2\n" HASH,
        "[chain.c]\nrule = ibft1\n" HASH,
        "[chain.c]\nrule = clique\nperiod_s = 15\nepoch = 1024\ndepth = 4\n" HASH,
        "[chain.c]\nrule = sync_committee\nchain_id = 1\nnetwork = mainnet\n" BEACON HASH,
        "[chain.c]\nrule = sync_committee\nchain_id = 11155111\nnetwork = sepolia\n" BEACON HASH,
        "[chain.c]\nrule = sync_committee\nchain_id = 100\nnetwork = gnosis\n" BEACON HASH,
        "[chain.c]\nrule = sync_committee\nchain_id = 7\nnetwork = devnet\ngenesis_time = 1\n"
        "preset = minimal\nseconds_per_slot = 6\nmax_blobs = 12\n"
        "forks = electra:0x06000001@0, fulu:0x07000001@10\n" ROOT BEACON HASH,
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_STATUS(parse(good[i]), WICK_OK);
        CHECK(i == 0 || c.chains[0].rule != CONF_RULE_OWN_NODE);
    }
    const conf_chain *x = &c.chains[0]; /* the devnet */
    char url[CONF_TEXT_MAX];
    CHECK(x->network == CONF_NETWORK_DEVNET && x->preset == CONF_PRESET_MINIMAL);
    CHECK(strcmp(x->forks[1].name, "fulu") == 0 && x->forks[1].epoch == 10);
    CHECK(x->forks[1].version[0] == 7 && x->forks[1].version[3] == 1);
    CHECK(x->forks[2].name[0] == '\0');
    CHECK_INT(x->max_blobs, 12);
    CHECK(x->genesis_validators_root[31] == 2 && x->trusted_hash[0] == 1);
    CHECK(conf_list_at(url, sizeof url, x->beacon_url, 1));
    CHECK(strcmp(url, "http://y.example:5052") == 0);
    CHECK(!conf_list_at(url, sizeof url, x->beacon_url, 2));
    CHECK(strcmp(conf_rule_str(x->rule), "sync_committee") == 0);
}

TEST(several_endpoints)
{
    REQUIRE_STATUS(parse("[chain.c]\n[chain.d]\n[rpc]\nchain = d\nurl = http://h\n" RPC_A
                         "timeout_ms = 7\n" RPC_B),
                   WICK_OK);
    CHECK(strcmp(conf_find_rpc(&c, NULL, 0)->chain, "d") == 0);
    CHECK(strcmp(conf_find_rpc(&c, "c", 0)->operator, "a") == 0);
    CHECK_INT(conf_find_rpc(&c, "c", 0)->timeout_ms, 7);
    CHECK(strcmp(conf_find_rpc(&c, "c", 1)->url, "http://b.example:8545/key") == 0);
    CHECK_INT(conf_find_rpc(&c, "c", 1)->timeout_ms, 5000);
    CHECK(conf_find_rpc(&c, "c", 2) == NULL);
    CHECK(conf_find_rpc(&c, "e", 0) == NULL);
}

TEST(combinations_refused_with_line)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } bad[] = {
        {"\n[chain.a]\nrule = pinned\n", 2, "[chain.a]: rule = pinned needs 'trusted_hash'"},
        {"[chain.a]\nrule = qbft\n", 1, "[chain.a]: rule = qbft needs 'trusted_hash'"},
        {"[chain.a]\nrule = clique\n" HASH, 1, "[chain.a]: rule = clique needs 'period_s'"},
        {"[chain.a]\nrule = quorum\n", 1, "[chain.a]: rule = quorum needs 'quorum'"},
        {"[chain.a]\nrule = sync_committee\n" HASH, 1,
         "[chain.a]: rule = sync_committee needs 'network'"},
        {"[chain.a]\nrule = own_node\nchain_id = 5\n" HASH, 4,
         "'trusted_hash' means nothing to rule = own_node"},
        {"[chain.a]\nrule = qbft\nperiod_s = 5\n" HASH, 3,
         "'period_s' means nothing to rule = qbft"},
        {"[chain.a]\nrule = qbft\ndepth = 5\n" HASH, 3, "'depth' means nothing to rule = qbft"},
        {"[chain.a]\nrule = clique\nquorum = 2\nperiod_s = 1\n" HASH, 3,
         "'quorum' means nothing to rule = clique"},
        {"[chain.a]\n" HASH, 2, "'trusted_hash' means nothing without 'rule'"},
        {"[chain.c]\nrule = quorum\nquorum = 1\n" RPC_A, 2,
         "rule = quorum needs two or more operators in [rpc.NAME] with chain = c"},
        {"[chain.c]\nrule = quorum\nquorum = 1\n" RPC_A RPC_B, 3,
         "'quorum' must be more than half of the 2 operators, and not more than there are"},
        {"[chain.c]\nrule = quorum\nquorum = 3\n" RPC_A RPC_B, 3,
         "'quorum' must be more than half of the 2 operators, and not more than there are"},
        {"[chain.c]\nrule = quorum\nquorum = 2\n" RPC_A "[rpc.b]\nchain = c\noperator = a\n", 2,
         "rule = quorum needs two or more operators in [rpc.NAME] with chain = c"},
        {"[chain.c]\nrule = quorum\nquorum = 2\n" RPC_A "[rpc.b]\nchain = c\n", 8,
         "[rpc.b]: rule = quorum needs 'operator'"},
        {"[chain.a]\nrule = sync_committee\nnetwork = mainnet\npreset = minimal\n" BEACON HASH, 4,
         "'preset' is for network = devnet: that of a known one is built in"},
        {"[chain.a]\nrule = sync_committee\nnetwork = devnet\ngenesis_time = 4\n" BEACON HASH, 1,
         "[chain.a]: network = devnet needs 'genesis_validators_root'"},
        {"[chain.a]\nrule = sync_committee\nnetwork = mainnet\nchain_id = 2\n" BEACON HASH, 4,
         "'chain_id' of this network is 1"},
        {"[chain.a]\nrule = sync_committee\nnetwork = main\n", 3,
         "'network' is not mainnet, sepolia, gnosis or devnet"},
        {"[chain.a]\nforks = electra:0x06000001\n", 2,
         "'forks' is not at most 8 forks in ascending order, such as "
         "electra:0x06000001@0,fulu:0x07000001@10"},
        {"[chain.a]\nforks = fulu:0x07000001@10,electra:0x06000001@0\n", 2,
         "'forks' is not at most 8 forks in ascending order, such as "
         "electra:0x06000001@0,fulu:0x07000001@10"},
        {"[chain.a]\nforks = electra:0x06000001@0,\n", 2,
         "'forks' is not at most 8 forks in ascending order, such as "
         "electra:0x06000001@0,fulu:0x07000001@10"},
        {"[chain.a]\nbeacon_url = http://a,,http://b\n", 2,
         "'beacon_url' is not http:// or https:// URLs with commas between"},
        {"[chain.a]\nbeacon_url = http://a,\n", 2,
         "'beacon_url' is not http:// or https:// URLs with commas between"},
        {"[chain.a]\nchain_id = 0\n", 2, "'chain_id' is not between 1 and 9223372036854775807"},
        {"[chain.a]\nrule = qbft\ntrusting_days = 0\n" HASH, 3,
         "'trusting_days' is not between 1 and 3650"},
        {"[chain.a]\nrule = clique\nperiod_s = 1\nepoch = 0\n" HASH, 4,
         "'epoch' is not between 1 and 4294967295"},
        {"[chain.a]\nrule = own_node\nmax_age_s = 4294967296\n", 3,
         "'max_age_s' is not between 1 and 4294967295"},
        {"[rpc]\nurl = ftp://x\n", 2,
         "'url' is not an http:// or https:// URL of at most 255 characters"},
        {"[rpc]\nurl = https://\n", 2,
         "'url' is not an http:// or https:// URL of at most 255 characters"},
        {"[rpc]\nurl = http://x\nca_file = ca.pem\n", 3, "'ca_file' needs an https:// url"},
        {"[rpc]\nurl = http://x\npin_sha256 = "
         "0x0101010101010101010101010101010101010101010101010101010101010101\n",
         3, "'pin_sha256' needs an https:// url"},
        {"[rpc]\nurl = https://x\nca_file = ca.pem\npin_sha256 = "
         "0x0101010101010101010101010101010101010101010101010101010101010101\n",
         4, "'pin_sha256' and 'ca_file' are two answers to one question"},
        {"[rpc]\n[rpc.a]\n[rpc.b]\n[rpc.a]\n", 4, "section is already there at line 2"},
        {"[rpc]\n[rpc]\n", 2, "section is already there at line 1"},
        {"[chain.c]\n[rpc.x]\nchain = d\n", 2, "[rpc.x]: there is no [chain.d]"},
        {"\n[leaf.a]\npsk_file = a.key\n", 2,
         "[leaf.a]: there is no [leaf] that says where leaves come in"},
        {"[leaf]\nlisten = 192.0.2.1:5684\nbundle_max_age_s = 0\n", 3,
         "'bundle_max_age_s' is 1..2^32-1"},
        {"[leaf]\nlisten = 192.0.2.1:5684\n[leaf.a]\npsk_file = a.key\nbundle_max_age_s = 9\n", 5,
         "'bundle_max_age_s' belongs into [leaf]"},
        {"[leaf.a]\n[leaf]\nlisten = 192.0.2.1:5684\n", 1, "[leaf.a]: 'psk_file' is missing"},
        {"[service.a]\nport = 70000\n", 2, "'port' is 1..65535"},
        {"[service.a]\nport = 0\n", 2, "'port' is 1..65535"},
        {"[service.a]\nport = 80\naddress = 192.0.2.1:80\n", 3,
         "'address' and 'port' are two answers to one question"},
        {"[service.a]\ntcp = yes\n", 2, "'tcp' needs a port or an address"},
        {"[service.a]\n[service.b]\nport = 80\nname = a\n", 2,
         "[service.b]: 'a' is published already"},
        {"[service.default]\nport = 80\n", 1, "[service.default]: 'default' is published already"},
        {"[service.a]\nport = 1\n[service.b]\nport = 2\n[service.c]\nport = 3\n"
         "[service.d]\nport = 4\n[service.e]\nport = 5\n",
         9, "[service.e]: more than 4 services beside the agent's own"},
        {"[service.a]\n[service.b]\n[service.c]\n[service.d]\n[service.e]\n[service.f]\n", 6,
         "more than 5 sections [service.NAME]"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i].text), WICK_E_CONFIG);
        CHECK_INT(e.line, bad[i].line);
        CHECK(strcmp(e.text, bad[i].says) == 0);
    }
}

/* The first one that says nothing of where it leads is the agent's own; the others stand beside it. */
TEST(several_services)
{
    REQUIRE_STATUS(parse("[service.web]\nport = 80\ntcp = yes\n[service.mine]\nname = main\n"
                         "expires_s = 60\n[service.also]\n[service.cam]\naddress = 192.0.2.7:9\n"
                         "[service.d]\nport = 5\n"),
                   WICK_OK);
    const conf_service *own = conf_own_service(&c);
    REQUIRE(own != NULL);
    CHECK(strcmp(conf_service_name(own), "main") == 0);
    CHECK(strcmp(conf_service_name(&c.services[0]), "web") == 0);
    CHECK_INT(c.services[0].port, 80);
    CHECK(c.services[0].tcp && !c.services[3].tcp);
    CHECK_INT(c.services[3].address.port, 9);
    CHECK_INT(own->expires_s, 60);
    REQUIRE_STATUS(parse("[service.web]\nport = 80\n"), WICK_OK);
    CHECK(conf_own_service(&c) == NULL); /* then it is "default" */
}

TEST(ways_to_relays)
{
    static const char *const overs[] = {"udp", "tcp", "tls", "auto"};
    for (unsigned i = 0; i < 4; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "[relay]\nover = %s\nmobile = no\n[path]\nprivate = yes\n",
                       overs[i]);
        REQUIRE_STATUS(parse(text), WICK_OK);
        CHECK_INT(c.relay.over, i);
        CHECK(!c.relay.mobile && c.path_in.private);
    }
    REQUIRE_STATUS(parse("[relay]\nover = tls\ntls_port = 443\nca_file = ca.pem\nhost = relay.example\n"),
                   WICK_OK);
    CHECK_INT(c.relay.tls_port, 443);
    CHECK(strcmp(c.relay.ca_file, "/etc/wick/ca.pem") == 0);
    CHECK(strcmp(c.relay.host, "relay.example") == 0);
}

/* A daemon that reads its file again says which changes it does not take over. */
TEST(products)
{
    REQUIRE_STATUS(parse("[registry.r]\nrelease_index = 0x00112233445566778899aAbBcCdDeEfF00112233\n"
                         "[product.thermostat]\nregistry = r\ndir = slots\n"
                         "vendor = 6ba7b810-9dad-11d1-80b4-00c04FD430c8\n"
                         "gateways = http://a.example, https://b.example\n"),
                   WICK_OK);
    CHECK_INT(c.registries[0].release_index[19], 0x33);
    const conf_product *p = conf_find_product(&c, "thermostat");
    REQUIRE(p != NULL && p == conf_find_product(&c, NULL));
    CHECK(conf_find_product(&c, "fridge") == NULL);
    CHECK_INT(p->vendor[0], 0x6b);
    CHECK_INT(p->vendor[15], 0xc8);
    CHECK(strcmp(p->dir, "/etc/wick/slots") == 0);
    CHECK(p->approvals_min == 2 && p->max_age_s == 86400 && p->component == 0);
    CHECK(p->manifest_mirrors && !p->leaves);
    REQUIRE_STATUS(parse("[product.p]\nmanifest_mirrors = no\nleaves = yes\n"), WICK_OK);
    p = conf_find_product(&c, "p");
    REQUIRE(p != NULL);
    CHECK(!p->manifest_mirrors && p->leaves);
}

TEST(differences)
{
    static const struct {
        const char *more; /* at the end of the file, besides what `base` has */
        const char *says;
    } rows[] = {
        {"", ""},
        {"# nothing\n\n", ""},
        {"[wickd]\necho = yes\nlog = warn\n", ""},
        {"[manager]\norg = lab\n", ""},
        {"[product.p]\nversion = 1\n", ""},
        {"[wickd]\nserve = yes\n", "[wickd]"},
        {"[wickd]\nsocket = s\n", "[wickd]"},
        {"[leaf]\nlisten = 192.0.2.1:5684\n", "[leaf]"},
        {"[leaf]\nlisten = 192.0.2.1:5684\n[leaf.a]\npsk_file = a.key\n", "[leaf]"},
        {"[tickets]\naccept = gw-b\n", "[tickets]"},
        {"[carry.web]\nto = 127.0.0.1:80\n", "[carry]"},
        {"[path]\nport = 7\n", "[path]"},
        {"[wallet]\npsk_identity = x\n", "[wallet]"},
        {"[path]\npcp = no\n[tickets]\naccept = *\n", "[path], [tickets]"},
    };
    static const char base[] = "[identity]\nname = gw\n[chain.c]\nrule = own_node\ngrace_s = 1\n"
                               "[relay]\nserver = 192.0.2.10:3478\n[service.s]\nname = s\n";
    static conf running;
    char text[512], out[64];
    REQUIRE_STATUS(parse(base), WICK_OK);
    running = c;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "# moved down\n%s%s", base, rows[i].more);
        REQUIRE_STATUS(parse(text), WICK_OK);
        CHECK(conf_differs(out, sizeof out, &running, &c) == (rows[i].says[0] != '\0'));
        CHECK(strcmp(out, rows[i].says) == 0);
    }
    static const char *const changed[][2] = {
        {"[identity]\nname = gw\n[chain.c]\nrule = own_node\ngrace_s = 2\n"
         "[relay]\nserver = 192.0.2.10:3478\n[service.s]\nname = s\n",
         ""},
        {"[identity]\nname = gw\n[chain.c]\nrule = own_node\n"
         "[relay]\nserver = 192.0.2.11:3478\n[service.s]\nname = s\n",
         "[relay]"},
        {"[identity]\nname = gx\n[chain.c]\nrule = own_node\nmax_age_s = 9\n[relay]\nserver = 192.0.2.10:3478\n",
         "[identity], [chain], [service]"}};
    for (size_t i = 0; i < 3; i++) {
        REQUIRE_STATUS(parse(changed[i][0]), WICK_OK);
        CHECK(conf_differs(out, sizeof out, &running, &c) == (i != 0));
        CHECK(strcmp(out, changed[i][1]) == 0);
    }
    CHECK(conf_differs(out, 12, &running, &c)); /* is cut */
    CHECK(strcmp(out, "[identity],") == 0);
}

#define SIGNER "0x0011223344556677889900112233445566778899"
#define OTHER "0x1011223344556677889900112233445566778899"
#define ONE "[attestor.one]\naddress = 192.0.2.1:5683\nsigner = " SIGNER "\n"
#define TWO "[attestor.two]\naddress = 192.0.2.2:5683\nsigner = " OTHER "\n"

TEST(attestors)
{
    REQUIRE_STATUS(parse(ONE TWO "[attest]\nneeded = 2\n"
                                 "[attestor]\nlisten = 192.0.2.3:5683\nkey_file = k\n"),
                   WICK_OK);
    CHECK_INT(c.attest.needed, 2);
    REQUIRE(conf_find_attestor(&c, "two") != NULL && conf_find_attestor(&c, "") != NULL);
    CHECK_INT(conf_find_attestor(&c, "two")->signer[0], 0x10);
    CHECK_INT(conf_find_attestor(&c, "two")->address.port, 5683);
    CHECK(strcmp(conf_find_attestor(&c, "")->key_file, "/etc/wick/k") == 0);
    CHECK(conf_find_attestor(&c, "three") == NULL);
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {ONE "[attest]\nneeded = 2\n", "'needed' is 1..3, and no more than there are"},
        {ONE "[attest]\nneeded = 0\n", "'needed' is 1..3"},
        {ONE "[attest]\n", "'needed' is 1..3"},
        {ONE "[attestor.two]\naddress = 192.0.2.2:5683\nsigner = " SIGNER "\n",
         "[attestor.one] has the same signer"},
        {"[attestor.one]\naddress = 192.0.2.1:5683\n", "[attestor.one]: 'signer' is missing"},
        {"[attestor]\nsigner = " SIGNER "\n", "'signer' belongs into [attestor.NAME]"},
        {ONE "key_file = k\n", "'key_file' belongs into [attestor]"},
        {ONE "allow_private = yes\n", "'allow_private' belongs into [attestor]"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_STATUS(parse(wrong[i].text), WICK_E_CONFIG);
        CHECK(strstr(e.text, wrong[i].says) != NULL);
    }
}

TEST(long_lines)
{
    char text[1200];
    memset(text, 'a', sizeof text);
    CHECK_STATUS(conf_parse(&c, &e, text, sizeof text, ""), WICK_E_CONFIG);
    memcpy(text, "[rpc]\nurl=http://", 17);
    CHECK_STATUS(conf_parse(&c, &e, text, 10 + 255, ""), WICK_OK);
    CHECK_INT(strlen(c.rpcs[0].url), 255);
    CHECK_STATUS(conf_parse(&c, &e, text, 10 + 256, ""), WICK_E_CONFIG);
    CHECK_STATUS(conf_parse(&c, &e, text, 0, ""), WICK_OK);
}

TAP_MAIN("unit.conf", CASE(all_sections), CASE(required_keys), CASE(refused_with_line),
         CASE(every_rule), CASE(several_endpoints), CASE(combinations_refused_with_line),
         CASE(several_services), CASE(ways_to_relays), CASE(products),
         CASE(differences), CASE(attestors),
         CASE(long_lines))
