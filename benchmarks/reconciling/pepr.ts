import { PeprModule } from "pepr";
import cfg from "./package.json";
import { Widgets } from "./capabilities/widgets";

new PeprModule(cfg, [Widgets]);
