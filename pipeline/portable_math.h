// Elementary functions whose bits are the same on every machine: only
// + - * / and integer arithmetic, in a fixed order. The C library's exp, log
// and sin differ between versions and processors, and a crop that depends on
// them would too.
#pragma once

namespace millrace {

// Natural logarithm of a positive, finite, normal x; relative error below
// 1e-15 (absolute where the result is near 0).
double PortableLog(double x);

// e^x for |x| <= 700; relative error below 1e-15.
double PortableExp(double x);

// Of x in radians, |x| <= 10^5; absolute error below 2.3e-16.
double PortableSin(double x);
double PortableCos(double x);

// To the nearest whole number, halves to the even one: Python's round().
// |x| < 2^51.
double RoundHalfEven(double x);

}  // namespace millrace
