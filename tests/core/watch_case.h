// One row of the tables of watch cases: a story and the flips that a person worked out for it from DOMAIN.md.
// watch_cases_test.cc runs every row, of every table, through core's machine at each pace and through the naive model.
#pragma once

#include "gtest/gtest.h"
#include "tests/support/watch_story.h"

namespace leadlag {

class WatchCase : public testing::TestWithParam<Story> {};

inline std::string NameOfCase(const testing::TestParamInfo<Story>& info) { return info.param.name(); }

}  // namespace leadlag
