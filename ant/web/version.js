/**
 * Whether a newer page is there: the server was updated while this page was open.
 *
 * `isOutdated` is a signal. The page looks after each new connection: the address of its
 * files has a hash of their content.
 */
import { url } from "./api.js";
import { onFrame } from "./connection.js";
import { signal } from "./vendor/signals-core.js";

/** Whether the server has other files than this page. */
export const isOutdated = signal(false);

const assets = new URL(".", import.meta.url).pathname.split("/").slice(-3).join("/");

/** Look whenever another run of the server says hello. */
export function watchVersion() {
  let build = "";
  onFrame("build_id", async (frame) => {
    const isNew = build !== "" && build !== frame.buildId;
    build = frame.buildId;
    if (!isNew) return;
    try {
      const answer = await fetch(url("./"), { cache: "no-cache" });
      if (answer.ok) isOutdated.value = !(await answer.text()).includes(assets);
    } catch {
      // The server is away again; the next connection looks.
      build = "";
    }
  });
}
