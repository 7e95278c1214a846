/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAB_DIFFERENTIAL_H
#define LAB_DIFFERENTIAL_H
/* The parts of the differential test: each of the registries has its calls and its words. */
#include "lab_expect.h"

#define LAB_DEVICE_OPERATIONS 20u
extern void (*const lab_device_operations[LAB_DEVICE_OPERATIONS])(void);
void lab_devices_begin(void);
void lab_devices_compare(void);
unsigned lab_devices_done(void);

#define LAB_RELAY_OPERATIONS 14u
/** Draws a call, predicts and sends it. */
extern void (*const lab_relay_operations[LAB_RELAY_OPERATIONS])(void);
/** An empty list, as it was deployed. */
void lab_relays_begin(void);
/** Compares every word of the contract with the model. */
void lab_relays_compare(void);
/** How many calls were not refused. */
unsigned lab_relays_done(void);

#define LAB_RELEASE_OPERATIONS 16u
extern void (*const lab_release_operations[LAB_RELEASE_OPERATIONS])(void);
void lab_releases_begin(void);
/** Does a registrar create products, and not anybody? */
bool lab_releases_registrar(void);
/** Compares what core reads of the last call's product, and the root of all words of the contract. */
void lab_releases_compare(void);
/** Tells how far the calls came, and checks that it was far enough. */
void lab_releases_done(void);
#endif
