// The uplink of any vehicle to any RSU as the engines ask for it: the plain LTE macro cell without chance (the default,
// as MAVFL has it), or a channel with everything that channel.ts puts together.
// Must not: decide who serves whom.

import type { Rng } from '../../base/rng.ts';
import { Channel, type ChannelConfig } from './channel.ts';
import { type RadioParameters, snrDb } from './path-loss.ts';
import { slantMeters, spectralEfficiency } from './rate.ts';
import type { Uplink } from './reception.ts';

/** The uplink of these settings; without a channel the plain macro cell over the straight line. */
export function uplinkOf(radio: RadioParameters, channel: ChannelConfig | undefined, rng: Rng): Uplink {
  return channel ? new Channel(channel, rng) : plainUplink(radio);
}

function plainUplink(radio: RadioParameters): Uplink {
  return {
    receive(_vehicle, _rsu, { groundMeters, baseHeightMeters }, out) {
      const slant = slantMeters(groundMeters, baseHeightMeters);
      out.bitsPerSecondPerHertz = spectralEfficiency(slant, radio);
      out.averageSnrDb = snrDb(slant, radio);
    },
    forget: () => undefined,
  };
}
