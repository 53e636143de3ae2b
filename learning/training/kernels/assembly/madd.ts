// Multiply and add, the one operation all products consist of: rounded twice with plain SIMD, the same on every machine;
// once, and faster, in the opt-in build with relaxed SIMD.
// Must not: be used where the two builds must agree bit by bit.

/** x * y + sum, lane by lane. */
@inline
export function madd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(f32x4.mul(x, y), sum);
}
