/* SPDX-License-Identifier: Apache-2.0 */
/* What libsecp256k1 calls when its caller breaks the contract (builds without stdio and abort). */
void secp256k1_default_illegal_callback_fn(const char *text, void *data);
void secp256k1_default_error_callback_fn(const char *text, void *data);

void secp256k1_default_illegal_callback_fn(const char *text, void *data)
{
    (void)text;
    (void)data;
    __builtin_trap();
}

void secp256k1_default_error_callback_fn(const char *text, void *data)
{
    (void)text;
    (void)data;
    __builtin_trap();
}
