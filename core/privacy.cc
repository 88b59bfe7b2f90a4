#include "core/privacy.h"

#include <map>
#include <string_view>
#include <variant>

namespace leadlag {

Population PopulationOf(const Indicator& indicator) {
  if (indicator.population != Population::kUnspecified) return indicator.population;
  switch (indicator.category) {
    case Category::kStudentExperience:
    case Category::kOutcome:
    case Category::kBalancing: return Population::kStudents;
    case Category::kAdultLearning: return Population::kStaff;
    case Category::kWalkthrough:
    case Category::kImplementation: return Population::kNone;
  }
  return Population::kStudents;
}

bool IsHidden(const DistrictSettings& settings, const Indicator* indicator, const EvidenceValue& value) {
  const auto* const proportion = std::get_if<Proportion>(&value);
  if (proportion == nullptr) return false;
  switch (indicator == nullptr ? Population::kStudents : PopulationOf(*indicator)) {
    case Population::kStaff: return proportion->denominator < settings.staff_floor;
    case Population::kNone: return false;
    case Population::kStudents:
    case Population::kUnspecified: break;
  }
  return proportion->denominator < settings.student_floor;
}

bool HideTheSame(const Catalog& a, const Catalog& b) {
  const auto populations = [](const Catalog& catalog) {
    std::map<std::string_view, Population> of;
    for (const Indicator& indicator : catalog.indicators) of.emplace(indicator.id, PopulationOf(indicator));
    return of;
  };
  return a.settings.student_floor == b.settings.student_floor && a.settings.staff_floor == b.settings.staff_floor &&
         populations(a) == populations(b);
}

}  // namespace leadlag
