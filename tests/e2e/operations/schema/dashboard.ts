// The types of a dashboard as JSON: Grafana's own, with the values of its enums in the place of the enums. The test
// puts the dashboard behind these lines.
import type { Dashboard, Panel, RowPanel } from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";
import type * as stat from "./node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen";
import type * as timeseries from "./node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen";

type Json<T> = T extends string ? `${T}`
  : T extends number ? (`${T}` extends `${infer N extends number}` ? N : never)
  : T extends (infer I)[] ? Json<I>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
type Partly<T> = T extends (infer I)[] ? Partly<I>[] : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;
type Fields = NonNullable<Panel["fieldConfig"]>;
/** A panel of one kind, with the options and the fields of that kind. What is left out has a default. */
type Drawn<Kind extends string, Options, Custom> = Omit<Json<Panel>, "type" | "options" | "fieldConfig"> & {
  type: Kind;
  options?: Partly<Json<Options>>;
  fieldConfig?: Omit<Json<Fields>, "defaults"> & {
    defaults: Omit<Json<Fields["defaults"]>, "custom"> & { custom?: Partly<Json<Custom>> };
  };
};
type Panels = (
  | Drawn<"stat", stat.Options, never>
  | Drawn<"timeseries", timeseries.Options, timeseries.FieldConfig>
  | Json<RowPanel>
)[];
type Whole = Omit<Json<Dashboard>, "panels"> & { panels: Panels };
