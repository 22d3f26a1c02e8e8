/* Exact real and complex numbers (Calcium), behind plain C: its headers are no C++. */
#ifndef RESTEM_REWARD_MATH_CALCIUM_H_
#define RESTEM_REWARD_MATH_CALCIUM_H_

#ifdef __cplusplus
extern "C" {
#endif

/* What numbers live in: fields and extensions found so far. One thread at a time. */
typedef struct RestemExactContext RestemExactContext;
typedef struct RestemExact RestemExact;

RestemExactContext* restem_exact_context_new(void);
void restem_exact_context_free(RestemExactContext* context);
/* Number of extensions that are remembered. */
long restem_exact_context_size(RestemExactContext* context);
/* Gives back what FLINT keeps for the thread that ends. */
void restem_exact_thread_ends(void);

RestemExact* restem_exact_new(RestemExactContext* context);
void restem_exact_free(RestemExact* x, RestemExactContext* context);

/* Decimal digits, no sign, no point. */
void restem_exact_set_digits(RestemExact* x, const char* digits, RestemExactContext* context);
void restem_exact_set_long(RestemExact* x, long value, RestemExactContext* context);
/* 'p' pi, 'e' Euler's number, 'i' the imaginary unit */
void restem_exact_set_constant(RestemExact* x, char which, RestemExactContext* context);
/* op: + - * / ^ */
void restem_exact_binary(RestemExact* result,
                         char op,
                         const RestemExact* a,
                         const RestemExact* b,
                         RestemExactContext* context);
/* a^(num/den) */
void restem_exact_power(
    RestemExact* result, const RestemExact* a, long num, long den, RestemExactContext* context);
/* Non-zero where the function is known: sin, cos, tan, arcsin, arccos, arctan, exp, ln, abs, floor,
   ceil, neg, factorial. */
int restem_exact_function(RestemExact* result,
                          const char* name,
                          const RestemExact* a,
                          RestemExactContext* context);
/* 1 yes, 0 no, -1 not decided */
int restem_exact_is_number(const RestemExact* x, RestemExactContext* context);
int restem_exact_is_negative(const RestemExact* x, RestemExactContext* context);
int restem_exact_equal(const RestemExact* a, const RestemExact* b, RestemExactContext* context);
/* The greater of the bit lengths of numerator and denominator of a fraction; -1 for others. */
long restem_exact_bits(const RestemExact* x, RestemExactContext* context);

/* The degree of the number field that x is held in; -1 for other fields. */
long restem_exact_degree(const RestemExact* x, RestemExactContext* context);

#ifdef __cplusplus
}
#endif

#endif
