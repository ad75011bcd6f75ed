# SPDX-License-Identifier: Apache-2.0
# certify.*: the certification kit. It finds each rule broken by the extension that breaks it on
# purpose, and nothing wrong with ours.
file(GLOB wrong_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/extensions/wrong/*.c)
foreach(source IN LISTS wrong_sources)
    get_filename_component(name ${source} NAME_WE)
    string(REPLACE _ - rule ${name})
    set(target wrong-${rule})
    xsw_extension(${target} SOURCES ${source})
    set_target_properties(${target} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/wrong)
    add_test(NAME certify.finds.${rule}
        COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/certify/wrong_test.sh
            $<TARGET_FILE:xsw> $<TARGET_FILE:${target}> ${rule})
    set_tests_properties(certify.finds.${rule} PROPERTIES TIMEOUT 120 LABELS certify)
endforeach()
target_link_options(wrong-object PRIVATE -Wl,-z,execstack)
target_link_options(wrong-imports PRIVATE -Wl,-z,undefs)
# Its thread would fall over when the code of it is unloaded, which is no crash to be told of twice.
target_link_options(wrong-thread-left PRIVATE -Wl,-z,nodelete)

add_test(NAME certify.rules
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/certify/rules_test.sh
        $<TARGET_FILE:xsw> ${CMAKE_CURRENT_SOURCE_DIR}/extensions/wrong)
set_tests_properties(certify.rules PROPERTIES TIMEOUT 60 LABELS certify)

# xsw_extension_passes(NAME TARGET [KEY=VALUE]...)
function(xsw_extension_passes name target)
    add_test(NAME certify.passes.${name}
        COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/certify/right_test.sh
            $<TARGET_FILE:xsw> $<TARGET_FILE:${target}> ${ARGN})
    set_tests_properties(certify.passes.${name} PROPERTIES TIMEOUT 300 LABELS certify)
endfunction()

xsw_extension_passes(flowfilter flowfilter)
xsw_extension_passes(flowfilter-rules flowfilter
    "rules=10 deny in tcp dst port 80" "rules=20 deny both udp" "rules=30 allow out icmp or icmp6"
    "default=deny")
xsw_extension_passes(rewrite rewrite)
xsw_extension_passes(rewrite-ipv4 rewrite "match=ip or vlan" dscp=46 eth-src=02:00:00:00:00:aa
    eth-dst=02:00:00:00:00:bb ip-src=192.0.2.1 ip-dst=192.0.2.2 port-src=1 port-dst=65535
    vlan-priority=5 rule=7)
xsw_extension_passes(rewrite-ipv6 rewrite ip-src=2001:db8::1 ip-dst=2001:db8::2 dscp=0
    port-dst=443)
xsw_extension_passes(rewrite-egress rewrite direction=out dscp=46 eth-dst=02:00:00:00:00:bb)
xsw_extension_passes(delay delay)
xsw_extension_passes(delay-both delay milliseconds=20 direction=both queue=100 match=ip)
xsw_extension_passes(staticforward staticforward)
xsw_extension_passes(staticforward-table staticforward "table=02:00:00:00:00:01 p1")
if(TARGET flowreport)
    xsw_extension_passes(flowreport flowreport collector=192.0.2.9 address=192.0.2.1)
endif()
foreach(extension hub lookcount)
    xsw_extension_passes(${extension} ${extension})
endforeach()
