# SPDX-License-Identifier: Apache-2.0
# Events of the kernel, events through shared memory, and the timeline of all.
xsw_unit_test(trace kernel_join LINK xsw_kernel)
xsw_unit_test(trace event_ring LINK xsw_event_ring)
xsw_unit_test(analyzer timeline)
