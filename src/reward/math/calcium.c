#include "reward/math/calcium.h"

#include <ca.h>
#include <ca_ext.h>
#include <stdlib.h>
#include <string.h>

struct RestemExactContext {
  ca_ctx_t ca;
};
struct RestemExact {
  ca_t ca;
};

RestemExactContext* restem_exact_context_new(void) {
  RestemExactContext* context = flint_malloc(sizeof(RestemExactContext));
  ca_ctx_init(context->ca);
  /* An answer is short: what needs more than this is given up, not waited for. */
  context->ca->options[CA_OPT_PREC_LIMIT] = 2048;
  context->ca->options[CA_OPT_QQBAR_DEG_LIMIT] = 80;
  context->ca->options[CA_OPT_POW_LIMIT] = 20;
  context->ca->options[CA_OPT_GROEBNER_LENGTH_LIMIT] = 20;
  context->ca->options[CA_OPT_GROEBNER_POLY_LENGTH_LIMIT] = 100;
  context->ca->options[CA_OPT_GROEBNER_POLY_BITS_LIMIT] = 1000;
  return context;
}

void restem_exact_context_free(RestemExactContext* context) {
  ca_ctx_clear(context->ca);
  flint_free(context);
}

long restem_exact_context_size(RestemExactContext* context) {
  return CA_CTX_EXT_CACHE(context->ca)->length;
}

void restem_exact_thread_ends(void) { flint_cleanup(); }

RestemExact* restem_exact_new(RestemExactContext* context) {
  RestemExact* x = flint_malloc(sizeof(RestemExact));
  ca_init(x->ca, context->ca);
  return x;
}

void restem_exact_free(RestemExact* x, RestemExactContext* context) {
  ca_clear(x->ca, context->ca);
  flint_free(x);
}

void restem_exact_set_digits(RestemExact* x, const char* digits, RestemExactContext* context) {
  fmpz_t value;
  fmpz_init(value);
  fmpz_set_str(value, digits, 10);
  ca_set_fmpz(x->ca, value, context->ca);
  fmpz_clear(value);
}

void restem_exact_set_long(RestemExact* x, long value, RestemExactContext* context) {
  ca_set_si(x->ca, value, context->ca);
}

void restem_exact_set_constant(RestemExact* x, char which, RestemExactContext* context) {
  if (which == 'p') {
    ca_pi(x->ca, context->ca);
  } else if (which == 'i') {
    ca_i(x->ca, context->ca);
  } else {
    ca_one(x->ca, context->ca);
    ca_exp(x->ca, x->ca, context->ca);
  }
}

void restem_exact_binary(RestemExact* result,
                         char op,
                         const RestemExact* a,
                         const RestemExact* b,
                         RestemExactContext* context) {
  switch (op) {
    case '+':
      ca_add(result->ca, a->ca, b->ca, context->ca);
      break;
    case '-':
      ca_sub(result->ca, a->ca, b->ca, context->ca);
      break;
    case '*':
      ca_mul(result->ca, a->ca, b->ca, context->ca);
      break;
    case '/':
      ca_div(result->ca, a->ca, b->ca, context->ca);
      break;
    default:
      ca_pow(result->ca, a->ca, b->ca, context->ca);
      break;
  }
}

void restem_exact_power(
    RestemExact* result, const RestemExact* a, long num, long den, RestemExactContext* context) {
  if (den == 1) {
    ca_pow_si(result->ca, a->ca, num, context->ca);
    return;
  }
  fmpq_t exponent;
  fmpq_init(exponent);
  fmpq_set_si(exponent, num, (ulong)den);
  ca_pow_fmpq(result->ca, a->ca, exponent, context->ca);
  fmpq_clear(exponent);
}

typedef void (*Function)(ca_t, const ca_t, ca_ctx_t);

static void Factorial(ca_t result, const ca_t x, ca_ctx_t ctx) {
  fmpz_t n;
  fmpz_init(n);
  if (ca_get_fmpz(n, x, ctx) && fmpz_sgn(n) >= 0 && fmpz_cmp_ui(n, 5000) <= 0) {
    fmpz_fac_ui(n, fmpz_get_ui(n));
    ca_set_fmpz(result, n, ctx);
  } else {
    ca_unknown(result, ctx);
  }
  fmpz_clear(n);
}

int restem_exact_function(RestemExact* result,
                          const char* name,
                          const RestemExact* a,
                          RestemExactContext* context) {
  static const struct {
    const char* name;
    Function function;
  } kFunctions[] = {{"sin", ca_sin},
                    {"cos", ca_cos},
                    {"tan", ca_tan},
                    {"cot", ca_cot},
                    {"arcsin", ca_asin},
                    {"arccos", ca_acos},
                    {"arctan", ca_atan},
                    {"exp", ca_exp},
                    {"ln", ca_log},
                    {"abs", ca_abs},
                    {"floor", ca_floor},
                    {"ceil", ca_ceil},
                    {"neg", ca_neg},
                    {"factorial", Factorial}};
  for (size_t i = 0; i < sizeof(kFunctions) / sizeof(kFunctions[0]); ++i) {
    if (strcmp(name, kFunctions[i].name) == 0) {
      kFunctions[i].function(result->ca, a->ca, context->ca);
      return 1;
    }
  }
  return 0;
}

static int FromTruth(truth_t truth) { return truth == T_TRUE ? 1 : truth == T_FALSE ? 0 : -1; }

int restem_exact_is_number(const RestemExact* x, RestemExactContext* context) {
  return FromTruth(ca_check_is_number(x->ca, context->ca));
}

int restem_exact_is_negative(const RestemExact* x, RestemExactContext* context) {
  return FromTruth(ca_check_is_negative_real(x->ca, context->ca));
}

int restem_exact_equal(const RestemExact* a, const RestemExact* b, RestemExactContext* context) {
  return FromTruth(ca_check_equal(a->ca, b->ca, context->ca));
}

long restem_exact_bits(const RestemExact* x, RestemExactContext* context) {
  if (!CA_IS_QQ(x->ca, context->ca)) return -1;
  const long num = (long)fmpz_bits(CA_FMPQ_NUMREF(x->ca));
  const long den = (long)fmpz_bits(CA_FMPQ_DENREF(x->ca));
  return num > den ? num : den;
}

long restem_exact_degree(const RestemExact* x, RestemExactContext* context) {
  if (CA_IS_SPECIAL(x->ca) || CA_IS_QQ(x->ca, context->ca)) return -1;
  if (!CA_FIELD_IS_NF(CA_FIELD(x->ca, context->ca))) return -1;
  return qqbar_degree(CA_FIELD_NF_QQBAR(CA_FIELD(x->ca, context->ca)));
}
