// Two-ray interference: the direct ray and the one reflected by the road add as waves. Source: Sommer, Joerer, Dressler,
// "On the applicability of two-ray path loss models for vehicular network simulation", IEEE VNC 2012.
// Must not: be used beyond line of sight.

import { cosTurns, log10, sinTurns } from '../../base/math.ts';
import { groundOf, type LinkGeometry } from './link.ts';

const speedOfLight = 299_792_458;
/** Relative permittivity of the road, as the paper's simulator has it. */
const permittivity = 1.02;

/** 20 log10(4 pi d / lambda / |1 + Gamma e^(i phi)|), dB; phi = 2 pi (direct - reflected) / lambda. */
export function twoRayDb(link: LinkGeometry, gigahertz: number): number {
  const ground = groundOf(link);
  const { baseHeightMeters: base, vehicleHeightMeters: vehicle } = link;
  const direct = Math.sqrt(ground * ground + (base - vehicle) ** 2);
  const reflected = Math.sqrt(ground * ground + (base + vehicle) ** 2);
  const wavelength = speedOfLight / (gigahertz * 1e9);
  const turns = (direct - reflected) / wavelength;
  const gamma = reflection((base + vehicle) / reflected, ground / reflected);
  const real = 1 + gamma * cosTurns(turns);
  const imaginary = gamma * sinTurns(turns);
  const size = Math.sqrt(real * real + imaginary * imaginary);
  return 20 * log10((4 * Math.PI * ground) / wavelength / size);
}

/** (sin t - sqrt(eps - cos^2 t)) / (sin t + sqrt(eps - cos^2 t)) */
function reflection(sine: number, cosine: number): number {
  const root = Math.sqrt(permittivity - cosine * cosine);
  return (sine - root) / (sine + root);
}
