# SPDX-License-Identifier: Apache-2.0
# fuzz.*: each target on its corpus, every cut and every flipped bit of it, in every ordinary run. A
# fuzzer takes the same sources: clang -fsanitize=fuzzer without corpus_runner.c.
add_executable(fuzz_seeds fuzz/seeds.c)
target_link_libraries(fuzz_seeds PRIVATE xsw_build xsw_capture)
target_include_directories(fuzz_seeds PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
set(seeds ${CMAKE_CURRENT_BINARY_DIR}/seeds)
foreach(target parse acl unfold privacy)
    file(MAKE_DIRECTORY ${seeds}/${target})
endforeach()
add_test(NAME fuzz.seeds COMMAND fuzz_seeds ${seeds})
set_tests_properties(fuzz.seeds PROPERTIES FIXTURES_SETUP fuzz_seeds TIMEOUT 60)

# xsw_fuzz_test(TARGET LAYER CORPUS)
function(xsw_fuzz_test target layer corpus)
    add_executable(fuzz_${target} fuzz/${target}_fuzz.c fuzz/corpus_runner.c)
    target_link_libraries(fuzz_${target} PRIVATE xsw_build xsw_${layer})
    target_include_directories(fuzz_${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    add_test(NAME fuzz.${target} COMMAND fuzz_${target} ${corpus})
    set_tests_properties(fuzz.${target} PROPERTIES FIXTURES_REQUIRED fuzz_seeds TIMEOUT 300 LABELS fuzz)
endfunction()

xsw_fuzz_test(parse packet ${seeds}/parse)
xsw_fuzz_test(acl switch ${seeds}/acl)
xsw_fuzz_test(unfold capture ${seeds}/unfold)
xsw_fuzz_test(privacy capture ${seeds}/privacy)
xsw_fuzz_test(config switch ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/config)
xsw_fuzz_test(rpc switch ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/rpc)
xsw_fuzz_test(port_state switch ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/port_state)
