// Numbers as people read them. Every figure on the page passes through here. Must not: round what is not shown.

/** Seconds as m:ss.t, with hours from one hour on. */
export function clock(seconds: number): string {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  const minutes = Math.floor(tenths / 600);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** Bytes in decimal units (1 kB = 1,000 B), three digits. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [count, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? String(Math.round(value)) : digits(value)} ${units[unit]}`;
}

/** Bits per second in decimal units. */
export function rate(bitsPerSecond: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];
  let [value, unit] = [bitsPerSecond, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${digits(value)} ${units[unit]}`;
}

/** Three digits that matter, no exponent. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '-∞' : '–';
  const size = Math.abs(value);
  if (size >= 99.95 || value === 0) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.01) return value.toFixed(2);
  return value.toPrecision(2);
}

export const seconds = (value: number): string => `${digits(value)} s`;
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const loss = (value: number): string => value.toFixed(value < 10 ? 3 : 1);
export const signed = (value: number): string => (value >= 0 ? `+${digits(value)}` : digits(value));

/** `text` for a value that is there, a dash for one that is not. */
export const orDash = (value: number | null, text: (value: number) => string): string =>
  value === null ? '–' : text(value);

/** The count and its noun: "1 vehicle", "3 vehicles". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
