// Reads GPX (1.0, 1.1), what GPS receivers record: every <trk> is one vehicle, its points with their times. A second <trkseg>
// begins where the receiver had lost its way or was off: the vehicle is gone in between, and drives on as another. Points
// without a time say nothing of driving; they are counted. Must not: touch files, or project.

import { type OmissionList, omit } from '../network/omissions.ts';
import type { XmlElement } from '../xml/element.ts';
import { readXml, type XmlHandlers } from '../xml/reader.ts';
import type { Recording } from './gps-tracks.ts';

interface OpenTrack {
  id: string;
  readonly seconds: number[];
  readonly x: number[];
  readonly y: number[];
}

/** The recordings of a GPX text, longitude as x. Throws RoadbedError('data') with file, line and element. */
export function recordingsOfGpx(
  content: string | Uint8Array,
  file: string,
  omissions: OmissionList,
): Recording[] {
  const tracks: OpenTrack[] = [];
  let text = '';
  let inside = '';
  let tracksSeen = 0;
  let segment = 0;
  let point: { readonly x: number; readonly y: number; time: string } | undefined;
  const handlers: XmlHandlers = {
    open(element) {
      inside = element.name;
      text = '';
      if (inside === 'trk') {
        tracks.push({ id: `track${++tracksSeen}`, seconds: [], x: [], y: [] });
        segment = 0;
      } else if (inside === 'trkseg') {
        segment++;
        const track = tracks.at(-1);
        if (segment > 1 && track !== undefined)
          tracks.push({
            id: `${track.id.replace(/-part\d+$/, '')}-part${segment}`,
            seconds: [],
            x: [],
            y: [],
          });
      } else if (inside === 'trkpt')
        point = { x: degrees(element, 'lon', 180), y: degrees(element, 'lat', 90), time: '' };
      else if (inside === 'wpt' || inside === 'rte')
        omit(omissions, `${inside} of a GPX file (only tracks are driven)`, element.optional('name') ?? '');
    },
    text(content) {
      text += content;
    },
    close(name) {
      const track = tracks.at(-1);
      if (name === 'time' && point !== undefined) point.time = text.trim();
      else if (name === 'name' && track !== undefined && point === undefined && inside === 'name')
        track.id = text.trim();
      else if (name === 'trkpt' && track !== undefined && point !== undefined) {
        addPoint(track, point, omissions);
        point = undefined;
      }
    },
  };
  readXml(content, { file, roots: ['gpx'] }, handlers);
  return tracks;
}

function degrees(element: XmlElement, attribute: string, most: number): number {
  const value = element.number(attribute, 'degrees');
  if (Math.abs(value) > most) throw element.invalid(attribute, `degrees, -${most}..${most}`);
  return value;
}

function addPoint(
  track: OpenTrack,
  point: { readonly x: number; readonly y: number; readonly time: string },
  omissions: OmissionList,
): void {
  const at = Date.parse(point.time) / 1000;
  const last = track.seconds.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (Number.isNaN(at)) omit(omissions, 'track point without a time', track.id);
  else if (at <= last) omit(omissions, 'track point that is not later than the one before', track.id);
  else {
    track.seconds.push(at);
    track.x.push(point.x);
    track.y.push(point.y);
  }
}
