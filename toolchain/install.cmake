# SPDX-License-Identifier: Apache-2.0
# `cmake --install` gives a CMake package (find_package(wick): wick::core, wick::hal, wick::crypto,
# wick::port_linux ...) and wick.pc for core alone. The third-party archives that the ports link
# go along, because they are configured for wick and no system package is.
include(CMakePackageConfigHelpers)

set(package "${CMAKE_INSTALL_LIBDIR}/cmake/wick")
set(headers "${CMAKE_INSTALL_INCLUDEDIR}")

foreach(name core hal crypto_mbedtls crypto_secp256k1 crypto_blst crypto port_linux port_stub hal_selftest)
  if(TARGET wick_${name})
    set_target_properties(wick_${name} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS wick_${name} EXPORT wick
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${headers})
  endif()
endforeach()
foreach(name wick wickd wick-wallet wick-attestor)
  if(TARGET ${name})
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(DIRECTORY core/include/wick hal/include/wick DESTINATION ${headers} FILES_MATCHING PATTERN "*.h")

set(WICK_INSTALLED_DEPS "")
if(WICK_PORTS OR WICK_CRYPTO)
  foreach(dir port/crypto port/linux port/stub)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${dir}/include AND (WICK_PORTS OR dir STREQUAL "port/crypto"))
      install(DIRECTORY ${dir}/include/wick DESTINATION ${headers} FILES_MATCHING PATTERN "*.h")
    endif()
  endforeach()
  if(WICK_PORTS) # a leaf's program compiles these itself, with its own mbedtls
    install(FILES port/crypto/leaf_hash.c port/linux/leaf_client.c toolchain/mbedtls_leaf_config.h
      DESTINATION ${CMAKE_INSTALL_DATADIR}/wick/leaf)
  endif()
  foreach(name mbedtls secp256k1 cjson blst)
    if(TARGET wick_dep_${name})
      get_target_property(archive wick_dep_${name} IMPORTED_LOCATION)
      install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR}/wick)
      list(APPEND WICK_INSTALLED_DEPS ${name})
    endif()
  endforeach()
endif()

configure_package_config_file(toolchain/wickConfig.cmake.in wickConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_LIBDIR)
# 0.x may change the interface in each minor version.
write_basic_package_version_file(wickConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/wickConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/wickConfigVersion.cmake DESTINATION ${package})
install(EXPORT wick NAMESPACE wick:: FILE wickTargets.cmake DESTINATION ${package})

# Relative to where wick.pc lies, so that the installed tree may move.
file(RELATIVE_PATH WICK_PC_UP /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(toolchain/wick.pc.in wick.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/wick.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
