#include "client/cli/table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/cli/csv.h"

namespace leadlag::cli {
namespace {

struct CodePoints {
  char32_t first;
  char32_t last;
};

// What a terminal draws in no place of its own: combining marks, joiners, variation selectors.
constexpr std::array kZeroWidth = {CodePoints{0x0300, 0x036F}, CodePoints{0x0483, 0x0489}, CodePoints{0x0591, 0x05BD},
                                   CodePoints{0x064B, 0x065F}, CodePoints{0x1AB0, 0x1AFF}, CodePoints{0x1DC0, 0x1DFF},
                                   CodePoints{0x200B, 0x200F}, CodePoints{0x20D0, 0x20FF}, CodePoints{0xFE00, 0xFE0F},
                                   CodePoints{0xFE20, 0xFE2F}};
// What it draws in two (Unicode's East Asian Width W and F, by block).
constexpr std::array kDoubleWidth = {
    CodePoints{0x1100, 0x115F},   CodePoints{0x2E80, 0x303E},   CodePoints{0x3041, 0xA4CF},  CodePoints{0xAC00, 0xD7A3},
    CodePoints{0xF900, 0xFAFF},   CodePoints{0xFE30, 0xFE6F},   CodePoints{0xFF00, 0xFF60},  CodePoints{0xFFE0, 0xFFE6},
    CodePoints{0x1F300, 0x1F64F}, CodePoints{0x1F900, 0x1F9FF}, CodePoints{0x20000, 0x3FFFD}};

template <size_t n>
bool In(const std::array<CodePoints, n>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](CodePoints r) { return r.first <= c && c <= r.last; });
}

// The code point at the front, which is taken off; a byte that starts none stands for itself.
char32_t TakeCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (size == 1 || size > text.size()) {
    text.remove_prefix(1);
    return lead;
  }
  char32_t c = lead & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
  text.remove_prefix(size);
  return c;
}

const char* ColourOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kWarning:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kDim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

size_t DisplayWidth(std::string_view utf8) {
  size_t width = 0;
  while (!utf8.empty()) {
    const char32_t c = TakeCodePoint(utf8);
    width += In(kZeroWidth, c) ? 0 : In(kDoubleWidth, c) ? 2 : 1;
  }
  return width;
}

std::string Printable(std::string_view utf8) {
  std::string printable;
  while (!utf8.empty()) {
    const std::string_view before = utf8;
    const char32_t c = TakeCodePoint(utf8);
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    if (control) {
      printable.push_back(c == '\n' || c == '\t' ? ' ' : '?');
    } else {
      printable.append(before.substr(0, before.size() - utf8.size()));
    }
  }
  return printable;
}

std::string Coloured(std::string_view text, Tone tone, bool colour) {
  if (!colour || tone == Tone::kPlain) return std::string(text);
  return std::string(ColourOf(tone)) + std::string(text) + "\x1b[0m";
}

void Table::AddRow(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }

void Table::PrintAligned(std::ostream& out, bool colour) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.title));
  std::vector<std::vector<Cell>> rows = rows_;
  for (std::vector<Cell>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i].text = Printable(row[i].text);
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
  const auto print = [&](const std::vector<Cell>& row) {
    std::string line;
    size_t blanks = 0;  // held back, so that no line ends in blanks
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t fill = widths[i] - DisplayWidth(row[i].text);
      if (columns_[i].right) blanks += fill;
      if (!row[i].text.empty()) {
        line.append(blanks, ' ');
        blanks = 0;
        line += Coloured(row[i].text, row[i].tone, colour);
      }
      if (!columns_[i].right) blanks += fill;
      blanks += 2;
    }
    out << line << '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, Tone::kDim);
  print(titles);
  for (const std::vector<Cell>& row : rows) print(row);
}

void Table::PrintCsv(std::ostream& out) const {
  std::vector<std::string> line;
  for (const Column& column : columns_) line.push_back(column.key);
  out << CsvLine(line);
  for (const std::vector<Cell>& row : rows_) {
    line.clear();
    for (const Cell& cell : row) line.push_back(cell.text);
    out << CsvLine(line);
  }
}

}  // namespace leadlag::cli
