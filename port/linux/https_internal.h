/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HTTPS_INTERNAL_H
#define WICK_HTTPS_INTERNAL_H
/* CA files (RFC 7468), read certificate by certificate. */
#include "wick/base.h"

typedef struct wick_ca_file {
    int fd;
    size_t at, len;
    uint8_t block[512];
} wick_ca_file;

/* WICK_E_HAL: it cannot be read. */
wick_status wick_ca_file_open(wick_ca_file *f, const char *path);

/* The next certificate as DER, in `mem`. WICK_E_NOT_FOUND: there is none any more. WICK_E_HAL: the
 * file cannot be read, or is cut within a certificate. Certificates larger than `mem` and blocks that
 * are no base64 are passed over. */
wick_status wick_ca_file_next(wick_ca_file *f, wick_span *der, uint8_t *mem, size_t cap);

void wick_ca_file_close(wick_ca_file *f);

/* The subject of a certificate, with its tag, as in the issuer field of those it signed. */
wick_status wick_ca_subject(wick_span *out, wick_span der);

/* Is the host an address literal? */
bool wick_ca_literal(wick_addr *out, const char *host);

#endif
