// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/quantizer_sq4/sq4_quantizer.hpp"

THESPIS_QUANTIZER_PLUGIN(thespis::sq4::sq4_quantizer, "sq4", "0.1.0")
