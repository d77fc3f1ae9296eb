import { PeprModule } from "pepr";
import cfg from "./package.json";
import { Widgets } from "./capabilities/bench";

new PeprModule(cfg, [Widgets]);
