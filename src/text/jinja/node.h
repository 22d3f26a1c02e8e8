// A template as a tree.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace restem::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

// Where a variable lies: in the activation `hops` functions outwards.
struct Slot {
  int hops = 0;
  int index = -1;
};

enum class Operator {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
};

struct CallArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr more;        // *more
  ExpressionPtr more_named;  // **more_named
};

struct Expression {
  enum class Kind {
    kConstant,      // constant
    kName,          // name, slot
    kNamespaceRef,  // name, slot, attribute: only assigned to
    kTuple,         // operands
    kList,          // operands
    kDict,          // operands: key, value, key, value
    kConditional,   // operands: condition, value, other value or null
    kAnd,           // operands
    kOr,            // operands
    kNot,           // operands
    kNegative,      // operands
    kPositive,      // operands
    kBinary,        // operands, operators: one
    kCompare,       // operands: one more than operators
    kConcat,        // operands
    kAttribute,     // operands: object; attribute
    kItem,          // operands: object, key
    kSlice,         // operands: object, start, stop, step (each may be null)
    kCall,          // operands: callee; arguments
    kFilter,        // operands: value (null in a filter block); name, arguments
    kTest,          // operands: value; name, arguments
  };
  Kind kind = Kind::kConstant;
  int64_t line = 0;
  int depth = 1;
  std::string name;
  std::string attribute;
  Slot slot;
  Value constant;
  std::vector<Operator> operators;
  std::vector<ExpressionPtr> operands;
  CallArguments arguments;
};

struct Statement;
using Body = std::vector<std::unique_ptr<Statement>>;

// What a scope does to its variables where it begins.
struct ScopeEntry {
  struct Load {
    enum class From { kContext, kOuter, kNothing };
    int index = 0;
    From from = From::kNothing;
    std::string name;  // in the context
    Slot outer;
  };
  std::vector<Load> loads;
  std::vector<int> own;  // all variables of the scope
};

// What runs with an activation of its own: a template, a macro, a recursive loop, a loop's test.
struct Unit {
  int slots = 0;
  bool has_inner = false;  // units inside it may outlive its activation
};

struct Branch {
  ExpressionPtr condition;
  Body body;
};

struct Statement {
  enum class Kind {
    kOutput,       // values
    kFor,          // target, value (iterable), test, body, other
    kIf,           // branches, other
    kSet,          // target, value
    kSetBlock,     // target, value (filters or null), body
    kMacro,        // name, parameters, defaults, body
    kCallBlock,    // the same, and value (the call)
    kGeneration,   // body, as a macro called at once
    kFilterBlock,  // value (filters), body
    kWith,         // parameters, values, body
    kBreak,
    kContinue,
  };
  Kind kind = Kind::kOutput;
  int64_t line = 0;
  std::string name;
  ExpressionPtr target;
  ExpressionPtr value;
  std::vector<ExpressionPtr> values;
  std::vector<ExpressionPtr> parameters;
  std::vector<ExpressionPtr> defaults;  // of the last parameters
  std::vector<Branch> branches;
  ExpressionPtr test;
  bool recursive = false;
  Body body;
  Body other;

  // Filled in by ResolveNames.
  ScopeEntry scope;        // of body
  ScopeEntry other_scope;  // of a for's else
  ScopeEntry test_scope;   // of a for's test
  Unit unit;               // of a macro, a call block, a generation block, a recursive loop
  Unit test_unit;
  ExpressionPtr test_target;  // a for's target inside its test
  Slot name_slot;             // of a macro
  int loop_slot = -1;         // of `loop`, where the body uses it
  int caller_slot = -1;  // of a macro's `caller`, `kwargs`, `varargs`, where its body uses them
  int kwargs_slot = -1;
  int varargs_slot = -1;
};

struct Tree {
  Body body;
  ScopeEntry scope;
  Unit unit;
};

}  // namespace restem::jinja
