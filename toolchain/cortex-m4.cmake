# SPDX-License-Identifier: Apache-2.0
# Cortex-M4 without an operating system; the tests run on QEMU's mps2-an386 and report by
# semihosting. A project of your own takes the CPU flags and brings its own start-up and memory map.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m4)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb -ffunction-sections -fdata-sections \
-include ${CMAKE_CURRENT_LIST_DIR}/cortex-m/wick_profile.h")
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "-T${CMAKE_CURRENT_LIST_DIR}/cortex-m/link.ld -nostartfiles --specs=nano.specs -Wl,--gc-sections")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-system-arm -M mps2-an386 -nographic -monitor none
  -serial null -semihosting-config enable=on,target=native -kernel)
set(WICK_TARGET cortex-m4)
