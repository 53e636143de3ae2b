// Typed arrays that grow: a trace has as many rows as it has. Must not: shrink.

/** Numbers in a typed array that doubles when it is full. */
export interface Growing<T extends Int32Array | Float64Array> {
  readonly length: number;
  push(value: number): void;
  /** The numbers from..to - 1, without a copy; valid until more are pushed. */
  part(from: number, to: number): T;
}

/** An empty one. */
export function growing<T extends Int32Array | Float64Array>(make: new (length: number) => T): Growing<T> {
  let values = new make(1024);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) {
        const larger = new make(2 * length);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    part: (from, to) => values.subarray(from, to) as T,
  };
}
