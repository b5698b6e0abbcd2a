// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/quantizer_binary/binary_quantizer.hpp"

THESPIS_QUANTIZER_PLUGIN(thespis::binary::binary_quantizer, "binary", "0.1.0")
