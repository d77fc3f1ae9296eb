// The same for Pepr: what keeping.py does, by the same operations.
import { appendFileSync } from "fs";
import { a, Capability } from "pepr";

const TALLY = process.env.BENCH_TALLY ?? "/dev/null";
const WRITES = 9000; // an API server takes 10 000 operations in a patch, and Pepr sends each write as one
const KEYS = 500;
const PROBES = 3;
const FLUSH = 5.0;

export const Keeping = new Capability({ name: "keeping", description: "Keeps", namespaces: ["bench"] });
const { Store, When } = Keeping;

When(a.ConfigMap)
  .IsCreated()
  .Validate(request => request.Approve());

const now = () => (performance.timeOrigin + performance.now()) / 1000;
const pause = (seconds: number) => new Promise(done => setTimeout(done, seconds * 1000));

function note(what: string, value: number) {
  appendFileSync(TALLY, `${what} ${value}\n`);
}

const seen = new Set<string>();
Store.subscribe(items => {
  for (const said of Object.keys(items)) {
    const key = said.replace(/^v2-/, ""); // a subscriber is told of the keys as they are kept
    if (key.startsWith("outside-") && !seen.has(key)) {
      seen.add(key);
      note(key, now());
    }
  }
});

async function work() {
  let writes = 0;
  const begun = now();
  while (writes < WRITES) {
    for (let n = 0; n < 100; n++) {
      Store.setItem(`key-${writes % KEYS}`, String(writes));
      writes += 1;
    }
    await pause(0);
  }
  note("accepted", writes / (now() - begun));
  await pause(3 * FLUSH);
  for (let n = 0; n < PROBES; n++) {
    note(`probe-${n}`, now());
    Store.setItem(`probe-${n}`, "x");
    await pause(2 * FLUSH + 1.7); // at another moment of the interval each time
  }
  for (let n = 0; n < PROBES; n++) {
    const from = now();
    try {
      await Store.setItemAndWait(`awaited-${n}`, "x");
    } catch {
      // After 15 s it gives up; the time says so.
    }
    note(`awaited-${n}`, now() - from);
  }
  note("ready", now());
}

let begun = false;
Store.onReady(() => {
  if (!begun) {
    begun = true;
    setTimeout(() => void work(), 1000);
  }
});
