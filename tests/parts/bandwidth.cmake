# SPDX-License-Identifier: Apache-2.0
# Bandwidth: limits and shares, to the packet.
foreach(module bandwidth bandwidth_shares)
    xsw_unit_test(switch ${module} LINK xsw_test_rig)
endforeach()
