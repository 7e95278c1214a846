# SPDX-License-Identifier: Apache-2.0
# Real chains: what a program says about them must be true.
wick_add_script_test(lab devnet lab/devnet.sh SERIAL)
