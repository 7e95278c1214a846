/* SPDX-License-Identifier: Apache-2.0 */
/* hal/selftest on the stub port: its world keeps the same contracts, in virtual time. */
#include "wick/hal/selftest.h"

#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/port/stub.h"

static wick_stub_world world;
static wick_stub_store stub_store;
static wick_selftest t;

static void report(void *ctx, const char *rule, bool kept)
{
    (void)ctx;
    tap_checks++;
    if (!kept) {
        tap_fail(__FILE__, __LINE__, rule);
    }
}

static void wait_virtual(void *ctx, uint32_t ms)
{
    (void)wick_stub_run((wick_stub_world *)ctx, ms, NULL);
}

TEST(stub_port)
{
    static wick_crypto_ctx cc;
    static wick_ram_keystore ks;
    wick_hal_clock clock;
    wick_hal_entropy entropy;
    wick_hal_crypto crypto;
    wick_hal_store store;
    wick_hal_net net;
    wick_hal_keystore keys;
    wick_stub_net host_net;
    memset(&t, 0, sizeof t);
    wick_stub_init(&world, 7);
    t.self = wick_addr_v4(192, 0, 2, 10, 0);
    host_net.w = &world;
    host_net.host = wick_stub_host(&world, -1, t.self);
    host_net.actor = -1;
    wick_stub_hal_clock(&clock, &world);
    wick_stub_hal_entropy(&entropy, &world);
    wick_stub_hal_net(&net, &host_net);
    wick_stub_store_init(&stub_store);
    wick_stub_hal_store(&store, &stub_store);
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keys, &ks, &cc);
    REQUIRE_STATUS(wick_ram_keystore_generate(&t.key_a, &ks, &entropy), WICK_OK);
    REQUIRE_STATUS(wick_ram_keystore_generate(&t.key_b, &ks, &entropy), WICK_OK);
    t.clock = &clock;
    t.entropy = &entropy;
    t.crypto = &crypto;
    t.store = &store;
    t.net = &net;
    t.keystore = &keys;
    t.wait = wait_virtual;
    t.wait_ctx = &world;
    t.report = report;
    CHECK_INT(wick_hal_selftest(&t), 0);
    CHECK(t.checked >= 55);
}

TAP_MAIN("hal.stub", CASE(stub_port))
