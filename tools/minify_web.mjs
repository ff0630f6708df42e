// Makes the scripts of some folders small, and compresses every script and style once.
//
//   node minify_web.mjs MODULES FOLDER...
//
// MODULES is the node_modules folder that has terser. Each script is replaced by its small
// form, with its notices of copyright. Beside each file then stands NAME.br, where that is
// smaller than the file.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const [modules, ...folders] = process.argv.slice(2);
const { minify } = createRequire(join(resolve(modules), "/"))("terser");

const OPTIONS = {
  module: true,
  ecma: 2022,
  compress: { passes: 2 },
  format: { comments: /copyright|@license/i },
};

for (const folder of folders) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/\.(js|css)$/.test(name)) continue;
    const path = join(folder, name);
    if (name.endsWith(".js")) {
      const { code } = await minify(readFileSync(path, "utf8"), OPTIONS);
      writeFileSync(path, code);
    }
    const content = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    const small = brotliCompressSync(content, { params });
    if (small.length < content.length) writeFileSync(`${path}.br`, small);
  }
}
