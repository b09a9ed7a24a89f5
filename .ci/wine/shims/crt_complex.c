/* The complex functions of Microsoft's C runtime, by way of mingw's: see README.md.
 *
 * Microsoft's _Dcomplex and _Fcomplex are structures of two numbers, passed as such. On x86-64 that differs from how
 * mingw passes C's own complex types, hence the conversions. long double is double there, so the names that end with
 * l are the same functions; shims.def, made by apply.py, lists them.
 */
#include <complex.h>
#include <string.h>

typedef struct { float part[2]; } Fcomplex;
typedef struct { double part[2]; } Dcomplex;

static double complex from_d(Dcomplex a) { double complex z; memcpy(&z, &a, sizeof z); return z; }
static Dcomplex to_d(double complex z) { Dcomplex a; memcpy(&a, &z, sizeof a); return a; }
static float complex from_f(Fcomplex a) { float complex z; memcpy(&z, &a, sizeof z); return z; }
static Fcomplex to_f(float complex z) { Fcomplex a; memcpy(&a, &z, sizeof a); return a; }

#define TO_COMPLEX(name) \
    Dcomplex shim_##name(Dcomplex a) { return to_d(name(from_d(a))); } \
    Fcomplex shim_##name##f(Fcomplex a) { return to_f(name##f(from_f(a))); }
#define TO_REAL(name) \
    double shim_##name(Dcomplex a) { return name(from_d(a)); } \
    float shim_##name##f(Fcomplex a) { return name##f(from_f(a)); }

TO_COMPLEX(cexp) TO_COMPLEX(clog) TO_COMPLEX(csqrt) TO_COMPLEX(csin) TO_COMPLEX(ccos) TO_COMPLEX(ctan)
TO_COMPLEX(csinh) TO_COMPLEX(ccosh) TO_COMPLEX(ctanh) TO_COMPLEX(casin) TO_COMPLEX(cacos) TO_COMPLEX(catan)
TO_COMPLEX(casinh) TO_COMPLEX(cacosh) TO_COMPLEX(catanh) TO_COMPLEX(conj) TO_COMPLEX(cproj)
TO_REAL(cabs) TO_REAL(carg) TO_REAL(cimag) TO_REAL(creal)
Dcomplex shim_cpow(Dcomplex a, Dcomplex b) { return to_d(cpow(from_d(a), from_d(b))); }
Fcomplex shim_cpowf(Fcomplex a, Fcomplex b) { return to_f(cpowf(from_f(a), from_f(b))); }
