// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/compute_cpu/cpu_compute.hpp"

THESPIS_COMPUTE_PLUGIN(thespis::compute_cpu::cpu_compute, "cpu", "0.1.0")
