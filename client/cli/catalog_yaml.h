// A catalog as YAML that CatalogFile reads back: short enum names, snake_case, an expectation's kind inline, dates and
// periods on one line. What has its default value is left out. Pure; thread safe.
#pragma once

#include <string>

#include "leadlag/v1/catalog.pb.h"

namespace leadlag::cli {

std::string CatalogYaml(const v1::Catalog& catalog);

}  // namespace leadlag::cli
