// The table of rooms as data: who may import whom, and which package may be named where. The prose is in ARCHITECTURE.md.
// Must not: be widened to make a test pass. An import that does not fit is in the wrong room.

/** Rooms from the ground up; each may import itself and those listed. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ['base'],
  learning: ['base'],
  mobility: ['base'],
  'vehicle-agent': ['base', 'protocol', 'learning'],
  roadside: ['base', 'protocol', 'learning'],
  dashboard: ['base', 'protocol'],
  testbed: ['base', 'protocol', 'learning', 'mobility', 'vehicle-agent', 'roadside'],
  test: ['base', 'protocol', 'learning', 'mobility', 'vehicle-agent', 'roadside', 'dashboard', 'testbed'],
};

/** Folders or files in which a package may be named. Tests may name any. What is not listed may be named nowhere. */
export const fences: Readonly<Record<string, readonly string[]>> = {
  zod: ['protocol/'],
  yaml: ['protocol/scenario/'],
  mqtt: ['protocol/link/'],
  aedes: ['protocol/link/'],
  '@tensorflow/tfjs-core': ['learning/training/', 'learning/models/'],
  '@tensorflow/tfjs-layers': ['learning/training/', 'learning/models/'],
  '@tensorflow/tfjs-backend-cpu': ['learning/training/'],
  '@tensorflow/tfjs-backend-wasm': ['learning/training/'],
  '@tensorflow/tfjs-node': ['learning/training/'],
  // Packages of the engine webgpu.
  '@tensorflow/tfjs-backend-webgpu': ['learning/training/'],
  webgpu: ['learning/training/'],
  // Decoders of image folders.
  pngjs: ['learning/data/'],
  'jpeg-js': ['learning/data/'],
  '@turf/turf': ['mobility/roads/'],
  // Streams SUMO's and OSM's XML.
  saxes: ['mobility/xml/'],
  // SUMO's projections, between a network's metres and longitude and latitude.
  proj4: ['mobility/network/', 'mobility/traces/'],
  // Types only: the shape of a GeoJSON file.
  geojson: ['mobility/roads/'],
  // `roadbed doctor` asks whether it loads; all SQL is in the store.
  'better-sqlite3': ['roadside/store/', 'testbed/machine.ts'],
  // Writes Parquet files.
  'hyparquet-writer': ['testbed/export/'],
  express: ['roadside/feed/'],
  ws: ['roadside/feed/'],
  // Compiles the page when the feed starts.
  esbuild: ['roadside/feed/', 'testbed/'],
  uplot: ['dashboard/'],
  commander: ['testbed/'],
  // Worker threads compile TypeScript as the main thread does.
  tsx: ['testbed/'],
};

/** `@turf/turf/x` and `mqtt/dist/y` belong to the packages `@turf/turf` and `mqtt`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
