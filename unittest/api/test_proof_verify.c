/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `wick proof verify` on recorded eth_getProof answers: right on each, and refuses every mutation of
 * them (nodes cut, dropped, swapped, appended, flipped; another key), with the claims untouched and
 * with the claims changed to "absent". Files are found by content below $WICK_VECTORS_DIR.
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cli.h"
#include "tap.h"

#define FILES_MAX 256
#define EMPTY_CODE "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
#define EMPTY_ROOT "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"

extern char **environ;

static char paths[FILES_MAX][512];
static size_t path_count;
static char temp[] = "/tmp/wick-proof-XXXXXX";
static unsigned refused, accepted;

static const cJSON *json_member(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static const char *json_text(const cJSON *value)
{
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

static cJSON *load(const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    cJSON *json = NULL;
    if (cli_read_file(&text, &len, path) == WICK_OK) {
        json = cJSON_ParseWithLength((const char *)text, len);
    }
    free(text);
    return json;
}

static const cJSON *answer_of(const cJSON *fixture)
{
    const cJSON *a = json_member(fixture, "get_proof");
    a = a != NULL ? a : json_member(fixture, "proof");
    return json_member(a, "accountProof") != NULL && json_member(fixture, "state_root") != NULL ? a
                                                                                               : NULL;
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    size_t len = strlen(path);
    if (kind != FTW_F || len < 5 || strcmp(path + len - 5, ".json") != 0 ||
        len >= sizeof paths[0] || path_count == FILES_MAX) {
        return 0;
    }
    cJSON *json = load(path);
    if (answer_of(json) != NULL) {
        memcpy(paths[path_count++], path, len + 1);
    }
    cJSON_Delete(json);
    return 0;
}

/* Exit code of `wick proof verify` on `answer`; -1 if it did not end by itself. */
static int run(const cJSON *answer, const char *option, const char *root)
{
    char *text = cJSON_PrintUnformatted(answer);
    FILE *f = fopen(temp, "w");
    if (text == NULL || f == NULL) {
        return -1;
    }
    fputs(text, f);
    fclose(f);
    free(text);
    const char *argv[] = {WICK_TOOL, "proof", "verify", temp, option, root, NULL};
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    union {
        const char **in;
        char **out;
    } args = {argv}; /* posix_spawn() does not write to them */
    int error = posix_spawn(&pid, WICK_TOOL, &quiet, NULL, args.out, environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (error != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

static void replace(cJSON *object, const char *key, const char *text)
{
    cJSON_ReplaceItemInObjectCaseSensitive(object, key, cJSON_CreateString(text));
}

static void claim_absent(cJSON *answer, int slot)
{
    if (slot >= 0) {
        replace(cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "storageProof"), slot), "value",
                "0x0");
        return;
    }
    replace(answer, "balance", "0x0");
    replace(answer, "nonce", "0x0");
    replace(answer, "codeHash", EMPTY_CODE);
    replace(answer, "storageHash", EMPTY_ROOT);
}

/* Changes the hex digit in the middle. */
static void flip(cJSON *item)
{
    char text[4096];
    const char *old = json_text(item);
    size_t len = old == NULL ? 0 : strlen(old);
    if (len == 0 || len >= sizeof text) {
        return;
    }
    memcpy(text, old, len + 1);
    char *digit = &text[len / 2 < 2 ? 2 : len / 2];
    *digit = *digit == '7' ? '3' : '7';
    (void)cJSON_SetValuestring(item, text);
}

static void flip_key(cJSON *object, const char *key)
{
    char text[80];
    (void)snprintf(text, sizeof text, "%s", json_text(json_member(object, key)));
    size_t len = strlen(text);
    text[len - 1] = text[len - 1] == '9' ? '8' : '9';
    replace(object, key, text);
}

typedef enum mutation { CUT, DROP, SWAP, APPEND, APPEND_EMPTY, FLIP, OTHER_KEY, NONE } mutation;

/* One mutation of node `i` of the account's proof (slot -1) or a slot's. */
static bool mutate(cJSON *answer, int slot, mutation m, int i)
{
    cJSON *slots = cJSON_GetObjectItem(answer, "storageProof");
    cJSON *holder = slot < 0 ? answer : cJSON_GetArrayItem(slots, slot);
    cJSON *nodes = cJSON_GetObjectItem(holder, slot < 0 ? "accountProof" : "proof");
    int n = cJSON_GetArraySize(nodes);
    switch (m) {
    case CUT:
        while (cJSON_GetArraySize(nodes) > i) {
            cJSON_DeleteItemFromArray(nodes, i);
        }
        return true;
    case DROP:
        cJSON_DeleteItemFromArray(nodes, i);
        return true;
    case SWAP: {
        if (i + 1 >= n) {
            return false;
        }
        cJSON *item = cJSON_DetachItemFromArray(nodes, i);
        cJSON_InsertItemInArray(nodes, i + 1, item);
        return true;
    }
    case APPEND:
        cJSON_AddItemToArray(nodes, cJSON_Duplicate(cJSON_GetArrayItem(nodes, i), 1));
        return true;
    case APPEND_EMPTY:
        cJSON_AddItemToArray(nodes, cJSON_CreateString("0x80"));
        return i == 0;
    case FLIP:
        flip(cJSON_GetArrayItem(nodes, i));
        return true;
    case OTHER_KEY:
        /* Where one node is the whole proof, another key is truly absent. */
        flip_key(holder, slot < 0 ? "address" : "key");
        return i == 0 && n > 1;
    case NONE:
    default:
        return false;
    }
}

static void expect_refused(const cJSON *answer, const char *root, const char *path, int slot,
                           mutation m, int i, bool absent)
{
    static const char *const names[] = {"cut", "drop", "swap", "append", "append empty", "flip",
                                        "other key", "none"};
    int code = run(answer, "--state-root", root);
    CHECK_INT(code, 1);
    refused += code == 1 ? 1u : 0u;
    if (code != 1) {
        printf("# %s: %s of node %d, %s %d, claims %s: exit %d\n", path, names[m], i,
               slot < 0 ? "account" : "slot", slot, absent ? "absent" : "kept", code);
    }
}

/* Does the recording say that the account or slot is there? */
static bool is_present(const cJSON *fixture, int slot)
{
    const cJSON *say = slot < 0 ? json_member(fixture, "account_expect")
                                : cJSON_GetArrayItem(json_member(fixture, "storage_expect"), slot);
    return json_text(say) != NULL && strcmp(json_text(say), "incl") == 0;
}

static void mutate_list(const cJSON *fixture, const char *root, const char *path, int slot)
{
    const cJSON *answer = json_member(fixture, "get_proof");
    const cJSON *holder = slot < 0 ? answer
                                   : cJSON_GetArrayItem(json_member(answer, "storageProof"), slot);
    const cJSON *nodes = json_member(holder, slot < 0 ? "accountProof" : "proof");
    int n = cJSON_GetArraySize(nodes);
    for (mutation m = CUT; m < NONE; m = (mutation)(m + 1)) {
        for (int i = 0; i < n; i++) {
            for (int absent = 0; absent < 2; absent++) {
                cJSON *copy = cJSON_Duplicate(answer, 1);
                if (mutate(copy, slot, m, i)) {
                    if (absent != 0) {
                        claim_absent(copy, slot);
                    }
                    expect_refused(copy, root, path, slot, m, i, absent != 0);
                }
                cJSON_Delete(copy);
            }
        }
    }
    /* The proof as it is, the claim a lie. */
    cJSON *copy = cJSON_Duplicate(answer, 1);
    claim_absent(copy, slot);
    if (is_present(fixture, slot)) {
        expect_refused(copy, root, path, slot, NONE, 0, true);
    }
    cJSON_Delete(copy);
}

static void remove_temp(void)
{
    unlink(temp);
}

static bool find_files(void)
{
    const char *dir = getenv("WICK_VECTORS_DIR");
    if (path_count == 0) {
        int fd = mkstemp(temp);
        if (fd < 0) {
            return false;
        }
        close(fd);
        (void)atexit(remove_temp);
        (void)nftw(dir != NULL ? dir : WICK_VECTORS_DEFAULT, visit, 16, FTW_PHYS);
    }
    return path_count > 0;
}

TEST(recorded_answers)
{
    if (!find_files()) {
        SKIP("no eth_getProof recordings below WICK_VECTORS_DIR");
    }
    for (size_t i = 0; i < path_count; i++) {
        cJSON *fixture = load(paths[i]);
        const cJSON *answer = answer_of(fixture);
        const char *root = json_text(json_member(fixture, "state_root"));
        const char *header = json_text(json_member(fixture, "header_rlp"));
        int code = run(answer, "--state-root", root);
        CHECK_INT(code, 0);
        accepted += code == 0 ? 1u : 0u;
        if (header != NULL) {
            CHECK_INT(run(answer, "--header", header), 0);
        }
        /* The whole JSON-RPC reply. */
        cJSON *reply = cJSON_CreateObject();
        cJSON_AddStringToObject(reply, "jsonrpc", "2.0");
        cJSON_AddNumberToObject(reply, "id", 1);
        cJSON_AddItemToObject(reply, "result", cJSON_Duplicate(answer, 1));
        CHECK_INT(run(reply, "--state-root", root), 0);
        cJSON_Delete(reply);
        /* Another root. */
        CHECK_INT(run(answer, "--state-root", EMPTY_ROOT), 1);
        cJSON_Delete(fixture);
    }
    printf("# %u recorded answers proven\n", accepted);
}

TEST(mutations_refused)
{
    if (!find_files()) {
        SKIP("no eth_getProof recordings below WICK_VECTORS_DIR");
    }
    for (size_t i = 0; i < path_count; i++) {
        cJSON *fixture = load(paths[i]);
        const cJSON *answer = json_member(fixture, "get_proof");
        const char *root = json_text(json_member(fixture, "state_root"));
        int slots = cJSON_GetArraySize(json_member(answer, "storageProof"));
        for (int slot = -1; answer != NULL && slot < slots; slot++) {
            mutate_list(fixture, root, paths[i], slot);
        }
        cJSON_Delete(fixture);
    }
    printf("# %u mutations refused\n", refused);
    CHECK(refused > 0);
}

TAP_MAIN("api.proof_verify", CASE(recorded_answers), CASE(mutations_refused))
