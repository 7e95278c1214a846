# SPDX-License-Identifier: Apache-2.0
# Compiler flags of every wick target. Warnings are errors with -DWICK_WERROR=ON (CI).
option(WICK_WERROR "Warnings are errors" OFF)

set(WICK_WARNINGS -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align
  -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wswitch-enum -Wformat=2
  -Wnull-dereference)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(REMOVE_ITEM WICK_WARNINGS -Wcast-align)
  list(APPEND WICK_WARNINGS -Wcast-align=strict)
endif()
if(WICK_WERROR)
  list(APPEND WICK_WARNINGS -Werror)
endif()

function(wick_target_flags target)
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON)
  target_compile_options(${target} PRIVATE ${WICK_WARNINGS} -ffunction-sections -fdata-sections)
endfunction()

# Warns about a function with a larger frame. Sanitizers make frames larger, and what counts is the
# code that ships; clang has no such warning.
function(wick_stack_limit target bytes)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    target_compile_options(${target} PRIVATE -Wstack-usage=${bytes})
  endif()
endfunction()
