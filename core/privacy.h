// Privacy floors: of how few people what an aggregate says is told to nobody. DOMAIN.md, "Privacy".
//
// Concepts. A PROPORTION about people is of n of them. Below the floor of its population its value, numerator and denominator are hidden
// from every reader, and its remark, which may tell them; it counts for cadence and latency all the same. Nothing that is shown is reckoned
// from a hidden value, for the rest of a sum would tell it. Whoever answers a reader asks here. Pure; thread safe.
#pragma once

#include "core/catalog.h"
#include "core/evidence.h"

namespace leadlag {

// Whom the indicator's evidence is about: as the catalog says, or by its category. Never kUnspecified.
Population PopulationOf(const Indicator& indicator);

// `indicator`: as the catalog in force has it; null where it is gone: then its evidence may be about students.
bool IsHidden(const DistrictSettings& settings, const Indicator* indicator, const EvidenceValue& value);
// Whether two catalogs hide the same of whatever evidence there is.
bool HideTheSame(const Catalog& a, const Catalog& b);

}  // namespace leadlag
