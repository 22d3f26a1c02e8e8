#include "config/print.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/scalars.h"

namespace restem::config {
namespace {

template <typename Value, typename Format>
std::string FormatList(const std::vector<Value>& values, const Format& format) {
  std::vector<std::string> parts;
  parts.reserve(values.size());
  for (const Value& value : values) parts.push_back(format(value));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string FormatTexts(const std::vector<std::string>& values) {
  return FormatList(values, [](const std::string& value) { return FormatText(value); });
}

std::string FormatAuto(const std::optional<int64_t>& value) {
  return value ? fmt::format("{}", *value) : "auto";
}

class Printer final : public Fields {
 public:
  std::string take() { return std::move(out_); }

  Purpose purpose() const override { return Purpose::kPrint; }
  void boolean(std::string_view name, bool& value, std::string_view /*help*/) override {
    line(name, value ? "true" : "false");
  }
  void integer(std::string_view name,
               int64_t& value,
               IntRange /*range*/,
               std::string_view /*help*/) override {
    line(name, fmt::format("{}", value));
  }
  void real(std::string_view name,
            double& value,
            RealRange /*range*/,
            std::string_view /*help*/) override {
    line(name, FormatReal(value));
  }
  void text(std::string_view name, std::string& value, std::string_view /*help*/) override {
    line(name, FormatText(value));
  }
  void path(std::string_view name, std::string& value, std::string_view /*help*/) override {
    line(name, FormatText(EscapePath(value)));
  }
  bool choice(std::string_view name,
              std::string& value,
              std::span<const std::string_view> /*allowed*/,
              std::string_view /*help*/) override {
    line(name, FormatText(value));
    return true;
  }
  void auto_or(std::string_view name,
               std::optional<int64_t>& value,
               IntRange /*range*/,
               std::string_view /*help*/) override {
    line(name, FormatAuto(value));
  }
  void auto_or_bytes(std::string_view name,
                     std::optional<int64_t>& value,
                     std::string_view /*help*/) override {
    line(name, FormatAuto(value));
  }
  void texts(std::string_view name,
             std::vector<std::string>& value,
             std::string_view /*help*/) override {
    line(name, FormatTexts(value));
  }
  void integers(std::string_view name,
                std::vector<int64_t>& value,
                IntRange /*range*/,
                std::string_view /*help*/) override {
    line(name, FormatList(value, [](int64_t item) { return fmt::format("{}", item); }));
  }
  void reals(std::string_view name,
             std::vector<double>& value,
             RealRange /*range*/,
             std::string_view /*help*/) override {
    line(name, FormatList(value, FormatReal));
  }
  void text_map(std::string_view name,
                std::map<std::string, std::vector<std::string>>& value,
                std::string_view /*help*/) override {
    if (value.empty()) return line(name, "{}");
    line(name, "");
    indent_ += 2;
    for (const auto& [key, names] : value) line(FormatText(key), FormatTexts(names));
    indent_ -= 2;
  }
  void section(std::string_view name,
               const std::function<void(Fields&)>& visit,
               bool* present,
               std::string_view /*help*/) override {
    if (present != nullptr && !*present) return line(name, "null");
    line(name, "");
    indent_ += 2;
    visit(*this);
    indent_ -= 2;
  }
  void sections(std::string_view name,
                const std::function<size_t()>& size,
                const std::function<void(size_t)>& /*resize*/,
                const std::function<void(size_t, Fields&)>& visit,
                std::string_view /*help*/) override {
    if (size() == 0) return line(name, "[]");
    line(name, "");
    indent_ += 4;
    for (size_t i = 0; i < size(); ++i) {
      dash_ = true;
      visit(i, *this);
    }
    indent_ -= 4;
  }
  void require(bool /*holds*/, std::string_view /*name*/, std::string_view /*message*/) override {}

 private:
  void line(std::string_view name, std::string_view value) {
    if (dash_) {
      out_.append(indent_ - 2, ' ');
      out_ += "- ";
      dash_ = false;
    } else {
      out_.append(indent_, ' ');
    }
    out_ += fmt::format("{}:{}{}\n", name, value.empty() ? "" : " ", value);
  }

  std::string out_;
  size_t indent_ = 0;
  bool dash_ = false;  // the next line begins an item of a list
};

}  // namespace

std::string PrintYaml(const VisitFn& visit) {
  Printer printer;
  visit(printer);
  return printer.take();
}

}  // namespace restem::config
