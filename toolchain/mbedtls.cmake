# SPDX-License-Identifier: Apache-2.0
# The directory bears the hash of the configuration, as toolchain/bootstrap.sh makes it.
file(READ "${CMAKE_CURRENT_LIST_DIR}/mbedtls_config.h" config)
file(READ "${CMAKE_CURRENT_LIST_DIR}/mbedtls_random.c" random)
string(SHA256 variant "${config}${random}")
string(SUBSTRING "${variant}" 0 8 variant)
set(WICK_MBEDTLS_SERIES "3.6-${variant}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  "${CMAKE_CURRENT_LIST_DIR}/mbedtls_config.h" "${CMAKE_CURRENT_LIST_DIR}/mbedtls_random.c")
