/** What ExaBGP can be asked to list. */
import type { DataLine } from "./decode.ts";
import { NEIGHBORS_QUESTIONS, ROUTES_QUESTIONS } from "./grammar.ts";
import {
  ConfigurationReader,
  isBlockHead,
  ownNeighbors,
  type NeighborBlock,
} from "./listed-configuration.ts";
import { isListedJson, ListedJsonReader } from "./listed-json.ts";
import { LISTED_NEIGHBORS_MAX, type NeighborsListing } from "./listed-neighbor.ts";
import { LISTED_ROUTES_MAX, type ListedRoute, type RoutesListing } from "./listed-route.ts";
import { isListedText, ListedTextReader } from "./listed-text.ts";
import type { Listing, Subject } from "./listings.ts";

/** Which routes it holds, and for whom. */
export const ROUTES: Subject<ListedRoute> = {
  name: "routes",
  questions: ROUTES_QUESTIONS,
  itemsMax: LISTED_ROUTES_MAX,
  isOwn: (line) => (line.kind === "text" ? isListedText(line.text) : isListedJson(line.value)),
  reader(dialect) {
    const texts = new ListedTextReader(dialect);
    const values = new ListedJsonReader();
    return {
      isWhole: true,
      read(line: DataLine) {
        if ((dialect === 6) !== (line.kind === "json")) return undefined;
        return line.kind === "text" ? texts.read(line.text) : values.read(line.value);
      },
    };
  },
};

/** Which neighbors it is configured with. */
export const NEIGHBORS: Subject<NeighborBlock> = {
  name: "neighbors",
  questions: NEIGHBORS_QUESTIONS,
  itemsMax: LISTED_NEIGHBORS_MAX,
  isOwn: (line) => line.kind === "text" && isBlockHead(line.text),
  reader: () => new ConfigurationReader(),
};

export function routesListing({ items, dialect, ...listing }: Listing<ListedRoute>): RoutesListing {
  const tellsAttributes = dialect !== undefined && dialect !== 6;
  return { ...listing, routes: items, tellsAttributes };
}

export function neighborsListing(listing: Listing<NeighborBlock>): NeighborsListing {
  const { outcome, items, askedAtMs, answeredAtMs } = listing;
  return { outcome, neighbors: ownNeighbors(items), askedAtMs, answeredAtMs };
}
