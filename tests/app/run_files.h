// What is in a run directory, and whether two of them are the same.
#pragma once

#include <map>
#include <set>
#include <string>

namespace restem::testing {

// The files of a run directory that must be the same whatever happened on the way: relative path to
// content. `only`, if not empty, keeps the paths that begin with it.
std::map<std::string, std::string> FinishedFiles(const std::string& run_dir,
                                                 const std::string& only = "");

// Files that a finished run has no use for: journals and half-written files.
std::set<std::string> Leftovers(const std::string& run_dir);

// Which paths differ or are on one side only, a line each; empty where all is equal.
std::string Difference(const std::map<std::string, std::string>& expected,
                       const std::map<std::string, std::string>& found);

// Fails where the finished files, the paths, the course of training or the state of a run are not
// those of `reference`.
void ExpectSameRun(const std::string& reference, const std::string& run_dir);

}  // namespace restem::testing
