/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a light client in the trust store. */
#include "light_internal.h"

#if WICK_WITH_LIGHT

wick_status light_store_load(wick_light *lc)
{
    (void)lc;
    return WICK_E_UNSUPPORTED;
}

wick_status light_store_save(wick_light *lc)
{
    (void)lc;
    return WICK_E_UNSUPPORTED;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_light_store_is_off;
#endif
