// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/quantizer_sq8/sq8_quantizer.hpp"

THESPIS_QUANTIZER_PLUGIN(thespis::sq8::sq8_quantizer, "sq8", "0.1.0")
