// Reads an OpenStreetMap extract (.osm XML): nodes with their places, ways with their tags. Nothing is interpreted here.
// Must not: know what a tag means for traffic, except which ways to keep (those with a `highway` tag).

import { readXml } from '../../xml/reader.ts';

export type Tags = Readonly<Record<string, string>>;

export interface OsmNode {
  readonly id: string;
  /** Degrees. */
  readonly lon: number;
  readonly lat: number;
  readonly tags: Tags;
}

export interface OsmWay {
  readonly id: string;
  readonly nodes: readonly string[];
  readonly tags: Tags;
}

/** A relation that forbids a turn (`no_left_turn`) or all but one (`only_straight_on`) from one way to another. */
export interface OsmRestriction {
  readonly id: string;
  /** The tag's value; empty where only some vehicles or hours are meant. */
  readonly kind: string;
  /** Ids of ways, and of the node between; undefined: missing, or a way is between. */
  readonly from: string | undefined;
  readonly via: string | undefined;
  readonly to: string | undefined;
}

export interface OsmMap {
  readonly nodes: ReadonlyMap<string, OsmNode>;
  /** Ways with a `highway` tag, in the order of the file. */
  readonly ways: readonly OsmWay[];
  readonly restrictions: readonly OsmRestriction[];
  /** Ids of ways that are rails and no streets. */
  readonly railways: readonly string[];
}

/** Most nodes carry no tags: they share this. */
const noTags: Tags = {};

/**
 * The map of an OSM XML document; `file` names it in errors. Ways and relations that are no part of a street (houses, borders,
 * bus lines) are passed over.
 * Throws RoadbedError('data') with file and line for what is not XML, another root, and places that are none.
 */
export function readOsm(document: string | Uint8Array, file: string): OsmMap {
  const nodes = new Map<string, OsmNode>();
  const ways: OsmWay[] = [];
  let place: Omit<OsmNode, 'tags'> | undefined;
  let way: { id: string; nodes: string[] } | undefined;
  const restrictions: OsmRestriction[] = [];
  const railways: string[] = [];
  let relation: { id: string; members: Map<string, string> } | undefined;
  let tags: Record<string, string> | undefined;
  readXml(
    document,
    { file, roots: ['osm'] },
    {
      open(element) {
        const { name } = element;
        if (name === 'node') {
          const lat = element.number('lat', 'degrees of latitude');
          const lon = element.number('lon', 'degrees of longitude');
          if (Math.abs(lat) > 85) throw element.invalid('lat', 'degrees of latitude, -85..85');
          if (Math.abs(lon) > 180) throw element.invalid('lon', 'degrees of longitude, -180..180');
          place = { id: element.text('id', 'the number of the node'), lon, lat };
        } else if (name === 'way') {
          way = { id: element.text('id', 'the number of the way'), nodes: [] };
        } else if (name === 'nd') {
          way?.nodes.push(element.text('ref', 'the number of a node'));
        } else if (name === 'relation') {
          relation = { id: element.text('id', 'the number of the relation'), members: new Map() };
        } else if (name === 'member') {
          const role = `${element.optional('type')} ${element.optional('role')}`;
          relation?.members.set(role, element.text('ref', 'the number of a node, way or relation'));
        } else if (name === 'tag' && (place !== undefined || way !== undefined || relation !== undefined)) {
          tags ??= {};
          tags[element.text('k')] = element.text('v');
        }
      },
      close(name) {
        if (name === 'node' && place !== undefined) nodes.set(place.id, { ...place, tags: tags ?? noTags });
        else if (name === 'way' && way !== undefined && tags?.highway !== undefined)
          ways.push({ ...way, tags });
        else if (name === 'way' && way !== undefined && tags?.railway !== undefined) railways.push(way.id);
        else if (name === 'relation' && relation !== undefined && /^restriction/.test(tags?.type ?? ''))
          restrictions.push(restrictionOf(relation, tags!));
        else if (name !== 'node' && name !== 'way' && name !== 'relation') return;
        place = undefined;
        way = undefined;
        relation = undefined;
        tags = undefined;
      },
    },
  );
  return { nodes, ways, restrictions, railways };
}

function restrictionOf(
  { id, members }: { readonly id: string; readonly members: ReadonlyMap<string, string> },
  tags: Tags,
): OsmRestriction {
  const [from, via, to] = ['way from', 'node via', 'way to'].map((role) => members.get(role));
  return { id, kind: tags.restriction ?? '', from, via, to };
}
