// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, dig, isObject, objects, text } from '../json.js';
import { member } from './envelope.js';
import { type Rule, type RuleContext, type Verdict, invalid, path, unknownName } from './rule.js';
import { type Node, dialectFault, endless, nodesOf, rootFault, standardFault } from './schemas.js';

/** One list of tools and where it stands in the frame. */
interface ToolList {
  readonly tools: JsonObject[];
  readonly at: string;
}

/** Tools come with setup, and again with a contextUpdate. */
function toolRule(
  name: string,
  source: string,
  check: (list: ToolList, context: RuleContext) => Verdict | undefined,
): Rule {
  return {
    name,
    source,
    check: (frame, context) => {
      const update = dig(member(frame, 'contextUpdate'), 'tools');
      const lists: ToolList[] = [
        { tools: objects(member(frame, 'setup')?.tools), at: 'setup.tools' },
        { tools: objects(dig(update, 'tools')), at: 'context_update.tools.tools' },
      ];
      for (const list of lists) {
        const verdict = list.tools.length > 0 ? check(list, context) : undefined;
        if (verdict) return verdict;
      }
      return undefined;
    },
  };
}

const FUNCTIONS = 'functionDeclarations';

function declarations({ tools }: ToolList): JsonObject[] {
  return tools.flatMap((tool) => objects(tool[FUNCTIONS]));
}

function providers({ tools }: ToolList): string[] {
  return tools.flatMap((tool) => Object.keys(tool).filter((name) => name !== FUNCTIONS));
}

/** Rules about tool declarations. */
export const TOOL_RULES: readonly Rule[] = [
  toolRule(
    'declare functions only to a model that calls them',
    'Model pages of ai.google.dev; Live translate and Live transcribe guides',
    (list, { row }) =>
      declarations(list).length > 0 && !row.functionCalling ? invalid() : undefined,
  ),
  toolRule(
    'use only the built-in tools of the model',
    'Tool use with Live API, table of tools per model',
    (list, { row }) => {
      const legal = row.providerTools as readonly string[];
      return providers(list).some((name) => !legal.includes(name)) ? invalid() : undefined;
    },
  ),
  toolRule(
    'mix built-in tools and functions only where the model allows it',
    'Tool use with Live API, combining tools',
    (list, { row }) => {
      const mixed = declarations(list).length > 0 && providers(list).length > 0;
      return mixed && !row.mixedTools ? invalid() : undefined;
    },
  ),
  toolRule(
    'give every function a legal name',
    'Types of @google/genai 2.32.0, FunctionDeclaration.name: letter or underscore first, 128 at most',
    (list) => {
      const broken = declarations(list).find((each) => !FUNCTION_NAME.test(text(each.name)));
      if (!broken) return undefined;
      return invalid(
        `Invalid function name. Must start with a letter or an underscore. ${list.at}`,
      );
    },
  ),
  toolRule(
    'declare each function once',
    'refusal quoted in several Live API forum threads',
    (list) => {
      const names = declarations(list).map((each) => text(each.name));
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      return twice === undefined
        ? undefined
        : invalid(`Duplicate function declaration found: ${twice}`);
    },
  ),
  toolRule(
    'give behavior only where the model has it',
    'Model pages of ai.google.dev: synchronous only, both, or NON_BLOCKING only (BLOCKING is a hard error)',
    (list, { row }) => {
      const legal = row.toolBehaviors as readonly unknown[];
      const broken = declarations(list).find(
        ({ behavior }) => behavior !== undefined && behavior !== null && !legal.includes(behavior),
      );
      return broken ? invalid() : undefined;
    },
  ),
  toolRule(
    'describe parameters in the dialect of the model',
    'Types of @google/genai 2.32.0, FunctionDeclaration: parametersJsonSchema excludes parameters; livekit/agents PR#5560',
    (list, { row }) => {
      for (const each of declarations(list)) {
        if (each.parametersJsonSchema === undefined) continue;
        if (!row.jsonSchemaTools) {
          return unknownName('parametersJsonSchema', `${list.at}[0].function_declarations[0]`);
        }
        if (each.parameters !== undefined) return invalid();
      }
      return undefined;
    },
  ),
  toolRule(
    'describe parameters as an object with legal names',
    'Types of @google/genai 2.32.0, FunctionDeclaration.parameters: names of letters, digits and underscores, 64 at most',
    (list) => {
      for (const { parameters } of declarations(list)) {
        if (!isObject(parameters)) continue;
        if (text(parameters.type).toUpperCase() !== 'OBJECT') {
          return invalid(`${path('parameters', 'type')}: must be OBJECT. ${list.at}`);
        }
        const names = Object.keys(isObject(parameters.properties) ? parameters.properties : {});
        if (names.some((name) => !PARAMETER_NAME.test(name))) return invalid();
      }
      return undefined;
    },
  ),
  toolRule(
    'describe parameters in JSON Schema as an object, with references that resolve and end',
    'Gemini CLI #13326, anomalyco/opencode#12295, juspay/juspay-mcp PR#132: refusals of generateContent',
    (list) => {
      for (const { parametersJsonSchema: schema } of declarations(list)) {
        if (schema === undefined) continue;
        const fault = standardFault(schema) ?? endless(schema as JsonObject);
        if (fault) return fault;
      }
      return undefined;
    },
  ),
  toolRule(
    'give parameters at least one property, or leave them out',
    'langchain-ai/langchain-google PR#416, pipecat-flows#110; objects inside are accepted without (livekit/agents#7302)',
    (list) => firstFault(list, rootFault, 1),
  ),
  toolRule(
    'write each schema as the dialect has it',
    'refusals of generateContent: danny-avila/LibreChat#6971, Gemini CLI #2282 (type); anomalyco/opencode#11889 (properties); cline/cline#7339 (items); decolua/9router#359, Bobsilvio/ha-claude PR#32, elastic/kibana PR#286302 (enum); Gemini CLI #3178 (format); lambda-alpha-labs/Graphenium#37 (any_of)',
    (list, { backend }) => firstFault(list, (node) => dialectFault(node, backend === 'vertex')),
  ),
  toolRule(
    'nest schemas no deeper than a parser reads',
    'Gemini CLI #5923; the number is not known, and here it is as deep as 100 levels of protocol buffers go',
    (list) =>
      firstFault(list, ({ depth }) =>
        depth > DEEPEST
          ? invalid(
              'A FunctionDeclaration in the request exceeds the maximum allowed nesting depth.',
            )
          : undefined,
      ),
  ),
  toolRule(
    'declare at most 512 functions',
    'Gemini CLI #19083: a refusal of generateContent',
    (list) =>
      declarations(list).length > 512
        ? invalid('function_declarations: At most 512 function declarations can be specified.')
        : undefined,
  ),
];

const DEEPEST = 40;

/** The first fault in the dialect schemas of a list, the outer nodes first. */
function firstFault(
  list: ToolList,
  fault: (node: Node) => Verdict | undefined,
  deepest = Infinity,
): Verdict | undefined {
  for (const [i, { parameters }] of declarations(list).entries()) {
    const at = `${list.at}[0].function_declarations[${i}].parameters`;
    for (const node of nodesOf(parameters, at)) {
      const found = node.depth <= deepest ? fault(node) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
