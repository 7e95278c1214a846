/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_MANIFEST_H
#define WICK_MANIFEST_H
/*
 * The manifest of a release: what a device has to know of an image before it fetches it, in the
 * elements of RFC 9124 as deterministic CBOR (RFC 8949 section 4.2.1) of at most 1 KiB. Its SHA-256
 * stands in the release index (wick/release.h), so the chain vouches for every byte; nothing in it
 * is signed again. core/firmware/MANIFEST.md has the table of fields and a worked example.
 *
 *     wick_manifest m;
 *     s = wick_manifest_open(&m, &crypto, &release, bytes);  the one that the release names
 *     s = wick_manifest_fits(&m, &device, now_s);            made for this device, and not expired
 *     m.payload.cid, m.delta[] ...                           m.mirror[] point into `bytes`
 *
 * Strict: one form for each content. Integers and lengths are of the shortest form, keys ascending,
 * fields at their default absent, no unknown key, nothing after the end. So what decodes encodes to
 * the same bytes again, and a manifest has one digest.
 *
 * Sizes: wick_manifest 1.4 KB with the default bounds; stack below 300 bytes.
 */
#include "wick/cid.h"
#include "wick/hal/crypto.h"
#include "wick/release.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest manifest, bytes. */
#define WICK_MANIFEST_MAX 1024
/** Version of the format that is written here (RFC 9124 section 3.1). */
#define WICK_MANIFEST_FORMAT 1u
/** Longest URI of a mirror. */
#define WICK_MANIFEST_URI_MAX 200

/** Formats of a payload (RFC 9124 section 3.8). */
#define WICK_PAYLOAD_IMAGE 0u /* the image itself */

/** Formats of a patch. */
#define WICK_PATCH_DETOOLS_NONE 0u /* detools "sequential", not compressed */
#define WICK_PATCH_DETOOLS_LZMA 1u /* detools "sequential", .lzma */
#define WICK_PATCH_IN_PLACE_NONE 2u /* detools "in-place", not compressed */
#define WICK_PATCH_IN_PLACE_LZMA 3u /* detools "in-place", .lzma */

/** An image or a patch: size, digest of the whole, and where the blocks are. */
typedef struct wick_manifest_content {
    uint32_t size;
    uint8_t sha256[32];
    wick_cid cid;
} wick_manifest_content;

/** A patch that makes an image of another one. */
typedef struct wick_manifest_delta {
    uint8_t base[32];   /* SHA-256 of the image that it is for */
    uint32_t base_size; /* 0: it needs none, it is a packed whole image */
    wick_manifest_content patch;
    uint8_t format;       /* WICK_PATCH_* */
    uint32_t dict;        /* bytes of dictionary that its decoder needs; 0 = none */
    uint8_t target[32];   /* SHA-256 of what it makes; the payload's where target_size is 0 */
    uint32_t target_size; /* 0: it makes the payload. Otherwise it is a step of a chain */
} wick_manifest_delta;

/** Another component that must be of some version already. */
typedef struct wick_manifest_dependency {
    uint8_t product[32]; /* as in wick_release */
    uint64_t version;    /* at least */
} wick_manifest_dependency;

typedef struct wick_manifest {
    uint64_t version;    /* of the release, as in wick_release */
    uint32_t counter;    /* security counter: RFC 9124's monotonic sequence number */
    uint8_t vendor[16];  /* UUIDs (RFC 9124 sections 3.3 and 3.4) */
    uint8_t class_id[16];
    uint8_t product[32]; /* keccak256 of the product's name */
    uint8_t component;   /* which storage of the device it is for; 0 = its main image */
    uint8_t format;      /* of the payload: WICK_PAYLOAD_IMAGE */
    wick_manifest_content payload;
    uint8_t mirrors;     /* URIs of the payload beside its CID */
    wick_span mirror[WICK_MANIFEST_MIRRORS_MAX];
    uint8_t deltas;
    wick_manifest_delta delta[WICK_MANIFEST_DELTAS_MAX];
    uint64_t from_version; /* least version that may be updated to this one; 0 = any */
    uint8_t precursors;    /* only an image with one of these digests may be updated; 0 = any */
    uint8_t precursor[WICK_MANIFEST_PRECURSORS_MAX][32];
    uint64_t expires;      /* unix seconds; not to be installed from then on; 0 = never */
    uint8_t trial_boots;   /* starts that a new image has to confirm itself; default 1 */
    uint32_t confirm_s;    /* time that it has for that after a start; 0 = any */
    uint8_t dependencies;
    wick_manifest_dependency dependency[WICK_MANIFEST_DEPENDENCIES_MAX];
} wick_manifest;

/** What a device is, for wick_manifest_fits(). */
typedef struct wick_manifest_device {
    uint8_t vendor[16];
    uint8_t class_id[16];
    uint8_t product[32];
    uint8_t component;
    uint64_t running_version;
    uint8_t running_sha256[32]; /* of the image that runs */
    uint32_t slot_bytes;        /* room for an image */
} wick_manifest_device;

/**
 * @param[in] bytes  kept by the caller as long as m->mirror[] are used
 * @retval WICK_OK
 * @retval WICK_E_TRUNCATED, WICK_E_TRAILING
 * @retval WICK_E_MALFORMED     no CBOR, a wrong type, length or value, a field that must be there and is
 *                              not, one that is unknown
 * @retval WICK_E_NON_CANONICAL CBOR in another than its one form, keys out of order or twice, a default
 *                              written out
 * @retval WICK_E_UNSUPPORTED   another format version, payload format, patch format, or kind of CID
 * @retval WICK_E_LIMIT         more mirrors, patches, precursors or dependencies than there is room for
 * @retval WICK_E_FW_SIZE       longer than WICK_MANIFEST_MAX
 * On error `out` is zeroed.
 */
WICK_NODISCARD wick_status wick_manifest_decode(wick_manifest *out, wick_span bytes);

#if WICK_WITH_MANIFEST_WRITE
/**
 * @retval WICK_OK
 * @retval WICK_E_NO_SPACE
 * @retval WICK_E_BAD_ARG  a value that the decoder would not take
 * @retval WICK_E_FW_SIZE  it would be longer than WICK_MANIFEST_MAX
 */
WICK_NODISCARD wick_status wick_manifest_encode(wick_buf *out, const wick_manifest *m);
#endif

/**
 * The manifest of a release: its digest and length are those on chain, it decodes, and it says the
 * same as the chain of product, version and security counter.
 * @retval WICK_OK
 * @retval WICK_E_FW_DIGEST  other bytes than the release names: ask another source
 * @retval WICK_E_FW_TARGET  of another product  @retval WICK_E_FW_ROLLBACK another version or counter
 * @retval WICK_E_CRYPTO  @retval others as wick_manifest_decode()
 * On error `out` is zeroed.
 */
WICK_NODISCARD wick_status wick_manifest_open(wick_manifest *out, const wick_hal_crypto *crypto,
                                              const wick_release *release, wick_span bytes);

/**
 * Whether it is for this device now. Versions and the security counter against what the device has
 * are wick_release_usable()'s.
 * @param now_s  time of day, or of the newest verified header; 0 = not known: then one that expires
 *               does not fit
 * @retval WICK_OK
 * @retval WICK_E_FW_TARGET  another vendor, class, product or component; or not for the image that runs
 *                           (from_version, precursors)
 * @retval WICK_E_FW_SIZE    the image is larger than its slot
 * @retval WICK_E_EXPIRED    @retval WICK_E_NO_CLOCK
 */
WICK_NODISCARD wick_status wick_manifest_fits(const wick_manifest *m,
                                              const wick_manifest_device *device, uint64_t now_s);

#ifdef __cplusplus
}
#endif
#endif
