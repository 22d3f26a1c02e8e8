#include "config/read.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include "base/file.h"
#include "config/overrides.h"
#include "config/problems.h"
#include "config/reader.h"
#include "config/tree.h"
#include "config/yaml.h"

namespace restem::config {

absl::Status ReadYaml(const YamlText& source,
                      std::span<const std::string> sets,
                      const VisitFn& visit) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (error) return Failed("the current folder is not there any more");
  const auto origin = std::make_shared<const Origin>(Origin{
      Origin::Kind::kFile, source.label, (here / source.folder).lexically_normal().string()});
  Problems problems;
  RESTEM_ASSIGN_OR_RETURN(Node root, ParseYaml(source.text, origin, problems));
  if (root.kind == NodeKind::kNull) root.kind = NodeKind::kMap;  // an empty file has no keys
  for (const std::string& set : sets) ApplyOverride(set, here.string(), root, problems);
  Reader reader(root, problems);
  visit(reader);
  reader.finish();
  return problems.status();
}

absl::Status ReadYamlFile(const std::string& path,
                          std::span<const std::string> sets,
                          const VisitFn& visit) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return InvalidInput(MessageOf(text.status()));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return ReadYaml({.text = *text, .label = path, .folder = folder}, sets, visit);
}

}  // namespace restem::config
