import { PeprModule } from "pepr";
import cfg from "./package.json";
import { Keeping } from "./capabilities/bench";

new PeprModule(cfg, [Keeping]);
