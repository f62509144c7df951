import { Preferences } from "@cachepact/contracts";
import { type Sink, table } from "@cachepact/writeback";

/** Where each log goes. A new write-behind entity needs a line here and a table in the migrations of the service that reads it. */
export const sinks: readonly Sink[] = [table({ entity: Preferences, table: "preferences" })];
