// Run charts that others have published, or reckoned by another program: ../shared/data/runcharts.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/run_chart.h"
#include "tests/support/shared_data.h"

namespace leadlag {
namespace {

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  if (!cells.empty() && cells.back().ends_with("\r")) cells.back().pop_back();
  return cells;
}

TEST(RunChartDataTest, IsWhatOthersFound) {
  if (SharedDataDirectory().empty()) GTEST_SKIP() << kNoSharedData;
  std::ifstream file(SharedDataDirectory() + "/runcharts/checks.csv");
  ASSERT_TRUE(file);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  const std::vector<std::string> columns = Split(line);
  int series = 0;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = Split(line);
    ASSERT_EQ(cells.size(), columns.size()) << line;
    std::map<std::string, std::string> row;
    for (size_t i = 0; i < cells.size(); ++i) row[columns[i]] = cells[i];
    const auto number = [&row](const char* column) { return std::stoi(row.at(column)); };
    SCOPED_TRACE(row.at("series"));
    std::vector<double> points;
    std::istringstream values(row.at("values"));
    for (double value; values >> value;) points.push_back(value);
    ASSERT_EQ(points.size(), static_cast<size_t>(number("n_obs")));
    ASSERT_EQ(row.at("centre_line"), "median");
    const std::optional<RunChart> chart = RunChartOf(points);
    ASSERT_TRUE(chart);
    EXPECT_EQ(chart->centre, std::stod(row.at("cl")));
    EXPECT_EQ(chart->useful, number("n_useful"));
    EXPECT_EQ(chart->longest_run, number("longest_run"));
    EXPECT_EQ(chart->longest_run_limit, number("longest_run_max"));
    EXPECT_EQ(chart->crossings, number("crossings"));
    EXPECT_EQ(chart->crossings_limit, number("crossings_min"));
    EXPECT_EQ(chart->shift() || chart->few_crossings(), number("signal") == 1);
    ++series;
  }
  EXPECT_EQ(series, 3);
}

}  // namespace
}  // namespace leadlag
