# SPDX-License-Identifier: Apache-2.0
# How tests are registered. One program per file: unittest/<kind>/test_<module>.c is the ctest
# "<kind>.<module>" with the label <kind>. Exit code 77 is a skip.

# Where vector suites look when the environment does not say WICK_VECTORS_DIR.
get_filename_component(WICK_VECTORS_DEFAULT "${PROJECT_SOURCE_DIR}/../shared/data" ABSOLUTE)

# Whether all targets named exist. On the host a missing one is a mistake; elsewhere the test needs
# a port that this target does not have.
function(wick_have_targets out what)
  set(${out} ON PARENT_SCOPE)
  foreach(lib ${ARGN})
    if(NOT TARGET ${lib})
      if(NOT CMAKE_CROSSCOMPILING AND WICK_PORTS)
        message(FATAL_ERROR "${what} needs ${lib}, which does not exist")
      endif()
      message(STATUS "${what} is left out: this target has no ${lib}")
      set(${out} OFF PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# `--target fuzzers`, `fuzz_replays` (the same without libFuzzer) and `benches` build these programs and no others.
add_custom_target(fuzzers)
add_custom_target(fuzz_replays)
add_custom_target(benches)

# wick_add_test(<kind> <module> [LIBS <targets>] [SOURCES <more files>] [TIMEOUT <s>] [ARGS ...]
#   [FILE <other test file>] [DEFS <definitions>])
function(wick_add_test kind module)
  cmake_parse_arguments(arg "" "TIMEOUT;FILE" "LIBS;SOURCES;ARGS;DEFS" ${ARGN})
  wick_have_targets(have "test ${kind}.${module}" ${arg_LIBS})
  if(NOT have)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  # Pairings under qemu, or under valgrind, take ten times as long as here.
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    math(EXPR arg_TIMEOUT "4 * ${arg_TIMEOUT}")
  endif()
  set(target test_${kind}_${module})
  if(NOT arg_FILE)
    set(arg_FILE ${kind}/test_${module}.c)
  endif()
  add_executable(${target} ${arg_FILE} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE wick_tap ${arg_LIBS} wick::core)
  target_compile_definitions(${target} PRIVATE
    WICK_VECTORS_DEFAULT="${WICK_VECTORS_DEFAULT}" ${arg_DEFS})
  wick_target_flags(${target})
  add_test(NAME ${kind}.${module} COMMAND ${target} ${arg_ARGS})
  set_tests_properties(${kind}.${module} PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT ${arg_TIMEOUT} LABELS ${kind})
endfunction()

# wick_add_script_test(<kind> <module> <script> [ARGS ...] [TIMEOUT <s>] [HEAVY]): a test that is a shell
# script; it says "# SKIP reason" and exits 77 where it cannot run. Host only. HEAVY keeps a processor
# busy as the others of its kind do not. Lab tests mostly wait, each in a network of its own: they begin
# first, and `run.sh` runs twice as many at once as there are processors.
# Its environment has WICK_SOURCE_DIR, WICK_BUILD_DIR and CC.
function(wick_add_script_test kind module script)
  cmake_parse_arguments(arg "HEAVY" "TIMEOUT" "ARGS" ${ARGN})
  if(CMAKE_CROSSCOMPILING)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  add_test(NAME ${kind}.${module} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${arg_ARGS})
  set_tests_properties(${kind}.${module} PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT ${arg_TIMEOUT} LABELS ${kind}
    ENVIRONMENT "WICK_SOURCE_DIR=${PROJECT_SOURCE_DIR};WICK_BUILD_DIR=${PROJECT_BINARY_DIR};CC=${CMAKE_C_COMPILER}")
  if(arg_HEAVY)
    set_tests_properties(${kind}.${module} PROPERTIES PROCESSORS 2)
  endif()
  if(kind MATCHES "^(lab|life)$")
    set_tests_properties(${kind}.${module} PROPERTIES COST 100)
  endif()
endfunction()

# wick_add_fuzz(<module> [LIBS <targets>] [SOURCES <more files>] [ROUNDS <mutations>]): unittest/fuzz/fuzz_<module>.c has
# one LLVMFuzzerTestOneInput. It becomes the ctest "fuzz.<module>", which replays the corpus below
# unittest/fuzz/corpus/<module> and short deterministic mutations of it with any compiler; with
# -DWICK_FUZZ=ON (clang) also the libFuzzer program fuzz_<module>.
function(wick_add_fuzz module)
  cmake_parse_arguments(arg "" "ROUNDS" "LIBS;SOURCES" ${ARGN})
  wick_have_targets(have "fuzz.${module}" ${arg_LIBS})
  if(NOT have OR CMAKE_SYSTEM_NAME STREQUAL "Generic")
    return()
  endif()
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${module})
  set(target test_fuzz_${module})
  add_executable(${target} fuzz/fuzz_${module}.c fuzz/driver.c ${arg_SOURCES})
  target_include_directories(${target} PRIVATE fuzz)
  target_link_libraries(${target} PRIVATE ${arg_LIBS} wick::core)
  wick_target_flags(${target})
  add_dependencies(fuzz_replays ${target})
  add_test(NAME fuzz.${module} COMMAND ${target} ${corpus} ${arg_ROUNDS})
  set_tests_properties(fuzz.${module} PROPERTIES TIMEOUT 900 LABELS fuzz)
  if(WICK_FUZZ)
    add_executable(fuzz_${module} fuzz/fuzz_${module}.c ${arg_SOURCES})
    target_link_libraries(fuzz_${module} PRIVATE ${arg_LIBS} wick::core)
    target_include_directories(fuzz_${module} PRIVATE fuzz)
    target_link_options(fuzz_${module} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${module})
    wick_target_flags(fuzz_${module})
  endif()
endfunction()

# wick_add_bench(<module> [LIBS <targets>] [SOURCES <more files>]): unittest/bench/bench_<module>.c,
# built with -DWICK_BENCH=ON and run by unittest/bench/run.sh. The header is unittest/bench/bench.h.
function(wick_add_bench module)
  cmake_parse_arguments(arg "" "" "LIBS;SOURCES" ${ARGN})
  if(NOT WICK_BENCH)
    return()
  endif()
  wick_have_targets(have "bench ${module}" ${arg_LIBS})
  if(NOT have)
    return()
  endif()
  find_package(Threads REQUIRED)
  add_executable(bench_${module} bench/bench_${module}.c bench/bench.c ${arg_SOURCES})
  add_dependencies(benches bench_${module})
  target_include_directories(bench_${module} PRIVATE . bench vectors)
  target_link_libraries(bench_${module} PRIVATE ${arg_LIBS} wick::core Threads::Threads)
  target_link_options(bench_${module} PRIVATE
    -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc)
  target_compile_definitions(bench_${module} PRIVATE WICK_VECTORS_DEFAULT="${WICK_VECTORS_DEFAULT}")
  wick_target_flags(bench_${module})
endfunction()

# Where valgrind and its client requests are; neither goes with instrumentation of another kind.
find_program(WICK_VALGRIND valgrind)
find_path(WICK_VALGRIND_INCLUDE valgrind/memcheck.h)
mark_as_advanced(WICK_VALGRIND WICK_VALGRIND_INCLUDE)

# wick_add_ct_test(<module> [LIBS <targets>] [SOURCES <more files>]): unittest/ct/test_<module>.c becomes
# the ctest "ct.<module>", run by memcheck, which sees what depends on a secret (ct/ct.h). Host only;
# where there is no valgrind it says so and is skipped.
function(wick_add_ct_test module)
  cmake_parse_arguments(arg "" "" "LIBS;SOURCES" ${ARGN})
  if(CMAKE_CROSSCOMPILING OR CMAKE_C_FLAGS MATCHES "-fsanitize|--coverage")
    return()
  endif()
  if(NOT WICK_VALGRIND OR NOT WICK_VALGRIND_INCLUDE)
    add_test(NAME ct.${module} COMMAND sh -c
      "echo '1..0 # SKIP no valgrind here: run toolchain/bootstrap.sh ci'; exit 77")
    set_tests_properties(ct.${module} PROPERTIES SKIP_RETURN_CODE 77 LABELS ct)
    return()
  endif()
  wick_have_targets(have "test ct.${module}" ${arg_LIBS})
  if(NOT have)
    return()
  endif()
  set(target test_ct_${module})
  add_executable(${target} ct/test_${module}.c ct/ct.c ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ct unit)
  target_include_directories(${target} SYSTEM PRIVATE ${WICK_VALGRIND_INCLUDE})
  target_link_libraries(${target} PRIVATE wick_tap ${arg_LIBS} wick::core)
  foreach(f wick_ct_equal wick_ct_is_zero wick_hmac_finish wick_hkdf_expand wick_hkdf_expand_with)
    target_link_options(${target} PRIVATE -Wl,--wrap=${f})
  endforeach()
  if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    # Valgrind 3.19 gives up on clang's DWARF 5; names of functions remain.
    target_link_options(${target} PRIVATE -Wl,--strip-debug)
  endif()
  wick_target_flags(${target})
  # As a file: an emulator of the build (the valgrind preset has one) must not come on top.
  add_test(NAME ct.${module} COMMAND ${WICK_VALGRIND} -q --tool=memcheck --undef-value-errors=yes
    $<TARGET_FILE:${target}>)
  set_tests_properties(ct.${module} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS ct)
endfunction()
