#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Packs the library as npm would publish it, installs the tarball in an empty project beside its
# peers, and uses it there: as ESM, as CommonJS, and through its types.
# SKIP_BUILD=1 packs the dist that is already there.
set -euo pipefail
trap 'echo "pack_smoke: failed at line $LINENO" >&2' ERR

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
name=livekit-agents-plugin-gemini-live

cd "$root"
if [[ "${SKIP_BUILD:-}" != 1 ]]; then
  npm run build
fi
npm pack --ignore-scripts --silent --pack-destination "$scratch" >/dev/null
tarball="$(echo "$scratch"/*.tgz)"

echo "pack_smoke: what is in $(basename "$tarball")"
tar -tzf "$tarball" | sed 's#^package/##' | sort >"$scratch/listing"
for file in package.json README.md CHANGELOG.md PROTOCOL.md LIMITS.md LICENSE \
  docs/{models,cli,recording,replay,testing}.md docs/recording.schema.json dist/cli.js dist/cli/page.{js,css} dist/{index,testing/index}.{js,cjs,d.ts,d.cts}; do
  grep -qxF "$file" "$scratch/listing" || { echo "pack_smoke: $file is missing" >&2; exit 1; }
done
if grep -vE '^(dist/|docs/(models|cli|recording|replay|testing)\.md$|docs/recording\.schema\.json$|package\.json$|LICENSE$|[A-Z]+\.md$)' "$scratch/listing"; then
  echo 'pack_smoke: the files above do not belong in the package' >&2
  exit 1
fi
# Two copies would mean two model tables: a model registered through '.' unknown to './testing'.
# The command has its own, and loads no app.
for ext in js cjs; do
  copies="$(grep -rlE --include="*.$ext" --exclude-dir=cli 'class GeminiLiveError|GeminiLiveError = class' dist | wc -l)"
  [[ "$copies" == 1 ]] || { echo "pack_smoke: $copies copies of the errors in *.$ext" >&2; exit 1; }
done

locked() { node -p "require('./package-lock.json').packages['node_modules/$1'].version"; }
peers=(
  "@livekit/agents@$(locked @livekit/agents)"
  "@livekit/rtc-node@$(locked @livekit/rtc-node)"
  "@types/node@$(locked @types/node)"
)

cd "$scratch"
echo '{ "name": "consumer", "private": true, "type": "module" }' >package.json
echo "pack_smoke: installing it beside ${peers[*]}"
npm install --silent --no-audit --no-fund --prefer-offline "$tarball" "${peers[@]}"

cat >check.cjs <<EOF
module.exports = function check(how, plugin, testing, agents, manifest) {
  const problems = [];
  const expect = (what, ok) => ok || problems.push(what);
  const isClass = (value) => typeof value === 'function' && /^class\b/.test(String(value));
  for (const name of ['RealtimeModel', 'RealtimeSession', 'GeminiLiveError', 'GoogleSearch',
    'GoogleMaps', 'URLContext', 'FileSearch', 'ToolCodeExecution', 'VertexRAGRetrieval']) {
    expect('class ' + name, isClass(plugin[name]));
  }
  expect('realtime.RealtimeModel', plugin.realtime?.RealtimeModel === plugin.RealtimeModel);
  expect('beta.realtime.RealtimeModel', plugin.beta?.realtime?.RealtimeModel === plugin.RealtimeModel);
  expect('Behavior', plugin.Behavior?.NON_BLOCKING === 'NON_BLOCKING');
  expect('FunctionResponseScheduling', plugin.FunctionResponseScheduling?.WHEN_IDLE === 'WHEN_IDLE');
  expect('registerModel', typeof plugin.registerModel === 'function');
  expect('testing.LiveServer', isClass(testing.LiveServer));
  const registered = agents.Plugin.registeredPlugins.filter((one) => one.package === '$name');
  expect('the plugin is registered once, it is ' + registered.length, registered.length === 1);
  expect('version ' + registered[0]?.version, registered[0]?.version === manifest.version);
  const model = new plugin.RealtimeModel({ apiKey: 'nobody' });
  expect('a LiveKit RealtimeModel', model instanceof agents.llm.RealtimeModel);
  if (problems.length > 0) {
    console.error('pack_smoke: ' + how + ' lacks: ' + problems.join('; '));
    process.exit(1);
  }
  console.log('pack_smoke: ' + how + ' ok');
  process.exit(0);
};
EOF
cat >esm.mjs <<EOF
import { createRequire } from 'node:module';
import * as agents from '@livekit/agents';
import * as plugin from '$name';
import * as testing from '$name/testing';
const require = createRequire(import.meta.url);
require('./check.cjs')('import', plugin, testing, agents, require('$name/package.json'));
EOF
cat >cjs.cjs <<EOF
require('./check.cjs')(
  'require',
  require('$name'),
  require('$name/testing'),
  require('@livekit/agents'),
  require('$name/package.json'),
);
EOF
node esm.mjs
node cjs.cjs

cat >consumer.ts <<EOF
import type { llm } from '@livekit/agents';
import {
  Behavior, FileSearch, FunctionResponseScheduling, GeminiLiveError, GoogleMaps, GoogleSearch,
  RealtimeModel, RealtimeSession, ToolCodeExecution, URLContext, VertexRAGRetrieval, beta, realtime,
  registerModel,
} from '$name';
import { LiveServer } from '$name/testing';

export const model: llm.RealtimeModel = new realtime.RealtimeModel({ apiKey: 'nobody' });
export const same: RealtimeModel = new beta.realtime.RealtimeModel({ apiKey: 'nobody' });
export const tools: llm.ProviderTool[] = [new GoogleSearch(), new GoogleMaps(), new URLContext()];
export const kind = (error: unknown) => (error instanceof GeminiLiveError ? error.kind : 'none');
export const names = [
  Behavior.NON_BLOCKING, FunctionResponseScheduling.SILENT, FileSearch, RealtimeSession,
  ToolCodeExecution, VertexRAGRetrieval, registerModel, LiveServer,
];
// A package whose types had decayed to any would accept all of the above.
type IsAny<T> = 0 extends 1 & T ? true : false;
export const typed: [IsAny<typeof model>, IsAny<RealtimeModel>, IsAny<RealtimeSession>, IsAny<LiveServer>] =
  [false, false, false, false];
// @ts-expect-error there is no such option
export const wrong = new RealtimeModel({ noSuchOption: true });
EOF
cp consumer.ts consumer.cts
cat >tsconfig.json <<EOF
{
  "compilerOptions": {
    "module": "nodenext", "target": "es2022", "strict": true, "noEmit": true, "types": ["node"],
    "skipLibCheck": true
  },
  "files": ["consumer.ts", "consumer.cts"]
}
EOF
"$root/node_modules/.bin/tsc" -p .
# Once more with the declaration files themselves under check; what the peers' say is not our matter.
"$root/node_modules/.bin/tsc" -p . --skipLibCheck false >types.log || true
if grep -F "node_modules/$name/" types.log; then
  echo 'pack_smoke: the declaration files have the errors above' >&2
  exit 1
fi
echo 'pack_smoke: types ok (import and require)'

cat >call.jsonl <<EOF
{"t":0,"connection":0,"dir":"note","note":{"format":1}}
{"t":1,"connection":1,"dir":"out","frame":{"setup":{}}}
{"t":90,"connection":1,"dir":"in","frame":{"setupComplete":{}}}
{"t":99,"connection":1,"dir":"in","frame":{"serverContent":{"inputTranscription":{"text":"Hello?"}}}}
EOF
bin=node_modules/.bin/gemini-live
[[ "$("$bin" --version)" == "$(node -p "require('$name/package.json').version")" ]]
# Read to its end first: grep -q would close the pipe.
"$bin" inspect call.jsonl >call.txt
grep -qF '"Hello?"' call.txt
"$bin" inspect call.jsonl --html call.html >/dev/null
grep -qi '^<!doctype html>' call.html
echo 'pack_smoke: gemini-live ok'
