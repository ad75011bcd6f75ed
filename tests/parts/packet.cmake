# SPDX-License-Identifier: Apache-2.0
foreach(module parse checksum flow_key describe fields address_text)
    xsw_unit_test(packet ${module})
endforeach()
