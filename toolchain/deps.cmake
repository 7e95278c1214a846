# SPDX-License-Identifier: Apache-2.0
# Third-party libraries of the ports, as built below build/deps by toolchain/bootstrap.sh.
