// The same for Pepr: a Reconcile action that returns at once, or applies one ConfigMap.
import { appendFileSync } from "fs";
import { a, Capability, K8s, RegisterKind, kind } from "pepr";

const env = process.env;
const KIND = env.BENCH_KIND ?? "Widget";
const NAMESPACE = env.BENCH_NAMESPACE ?? "bench";
const OBJECTS = Number(env.BENCH_OBJECTS ?? "0");
const LAST_STEP = Number(env.BENCH_LAST_STEP ?? "0");
const TALLY = env.BENCH_TALLY ?? "/dev/null";
const APPLIES = env.BENCH_ACTION === "apply";

class Widget extends a.GenericKind {
  spec?: { step?: number };
}
RegisterKind(Widget, {
  group: "bench.poblano.dev",
  version: "v1",
  kind: KIND,
  plural: `${KIND.toLowerCase()}s`,
});

const seen = new Set<string>();
const updated = new Set<string>();
let calls = 0;

function note(what: string) {
  appendFileSync(TALLY, `${what} ${(performance.timeOrigin + performance.now()) / 1000} ${calls}\n`);
}

function called(name: string, step: number) {
  calls += 1;
  if (calls === 1) note("first");
  if (seen.size < OBJECTS) {
    seen.add(name);
    if (seen.size === OBJECTS) note("all");
  } else if (step === LAST_STEP) {
    updated.add(name);
    if (updated.size === OBJECTS) note("updated");
  }
}

export const Widgets = new Capability({
  name: "widgets",
  description: "Every widget",
  namespaces: [NAMESPACE],
});

Widgets.When(Widget)
  .IsCreatedOrUpdated()
  .Reconcile(async widget => {
    const name = widget.metadata?.name ?? "";
    const step = widget.spec?.step ?? 0;
    if (APPLIES) {
      await K8s(kind.ConfigMap).Apply(
        {
          metadata: { name: `${env.BENCH_CONTENDER}-${name}`, namespace: NAMESPACE },
          data: { step: String(step), theme: "dark", "made-for": name },
        },
        { force: true },
      );
    }
    called(name, step);
  });
