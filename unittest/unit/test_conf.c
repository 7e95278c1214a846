/* SPDX-License-Identifier: Apache-2.0 */
/* wick.conf is strict: every key that is not understood is an error with its line (design.md
 * section 11). */
#include "conf.h"
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
                            "\n"
                            "; the chain\n"
                            "[chain.lab]\n"
                            "chain_id = 31337\n"
                            "tier = own_node\n"
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
    CHECK_INT(c.rpc.timeout_ms, 5000);
    CHECK(strcmp(c.rpc.url, "http://192.0.2.20:8545") == 0);
    CHECK_INT(c.relay.server.port, 3478);
    CHECK(c.relay.check);
    CHECK(!c.relay.allow_private);
    const conf_registry *r = conf_find_registry(&c, NULL);
    REQUIRE(r != NULL);
    CHECK_INT(r->device_registry[10], 0xaa);
    const conf_chain *chain = conf_find_chain(&c, r->chain);
    REQUIRE(chain != NULL);
    CHECK_INT(chain->chain_id, 31337);
    CHECK(chain->tier == CONF_TIER_OWN_NODE);
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
        {"[rpc.x]\n", 1, "section [rpc] has no name"},
        {"[rpc\n", 1, "a section is [name] or [kind.name]"},
        {"[identity]\nname = GW\n", 2, "'name' is not a name ([a-z0-9._-]{1,63})"},
        {"[identity]\nname =\n", 2, "'name' is not a name ([a-z0-9._-]{1,63})"},
        {"[rpc]\ntimeout_ms = 5s\n", 2, "'timeout_ms' is not a decimal number"},
        {"[rpc]\ntimeout_ms = 010\n", 2, "'timeout_ms' is not a decimal number"},
        {"[rpc]\ntimeout_ms = 99999999999999999999\n", 2, "'timeout_ms' is not a decimal number"},
        {"[chain.a]\ntier = finalised\n", 2, "'tier' is not own_node or pinned"},
        {"[chain.a]\npinned_hash = 0x00\n", 2, "'pinned_hash' is not 0x and 64 hex digits"},
        {"[chain.a]\ntier = pinned\n", 1, "[chain.a]: tier = pinned needs pinned_hash"},
        {"[registry.a]\nchain = b\n", 1, "[registry.a]: there is no [chain.b]"},
        {"[rpc]\nchain = b\n", 1, "[rpc]: there is no [chain.b]"},
        {"[relay]\nserver = 192.0.2.1\n", 2,
         "'server' is not an address and port, such as 192.0.2.1:3478"},
        {"[relay]\ncheck = true\n", 2, "'check' is not yes or no"},
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

TEST(long_lines)
{
    char text[1200];
    memset(text, 'a', sizeof text);
    CHECK_STATUS(conf_parse(&c, &e, text, sizeof text, ""), WICK_E_CONFIG);
    memcpy(text, "[rpc]\nurl=", 10);
    CHECK_STATUS(conf_parse(&c, &e, text, 10 + 255, ""), WICK_OK);
    CHECK_INT(strlen(c.rpc.url), 255);
    CHECK_STATUS(conf_parse(&c, &e, text, 10 + 256, ""), WICK_E_CONFIG);
    CHECK_STATUS(conf_parse(&c, &e, text, 0, ""), WICK_OK);
}

TAP_MAIN("unit.conf", CASE(all_sections), CASE(required_keys), CASE(refused_with_line),
         CASE(long_lines))
