// SPDX-License-Identifier: Apache-2.0
import tseslint from 'typescript-eslint';

/**
 * The house, as a table. `opens`: the rooms and root files of src that a room may import.
 * `packages`: the guarded packages it may import; `types`: those it may import for their types only.
 * What is not listed is closed.
 *
 * The arrows: models <- protocol <- {turn, send_queue, connection} <- livekit <- index.
 */
const ROOMS = {
  audio: { opens: [] },
  models: { opens: [] },
  protocol: { opens: ['models', 'errors'] },
  turn: { opens: ['models', 'protocol', 'errors'] },
  send_queue: { opens: ['models', 'protocol', 'errors'] },
  recording: { opens: ['protocol', 'clock'] },
  replay: {
    opens: [
      'models',
      'protocol',
      'turn',
      'recording',
      'errors',
      'validate',
      'options',
      'livekit/rules',
    ],
  },
  connection: {
    opens: ['models', 'protocol', 'errors', 'clock', 'options', 'version'],
    packages: ['google-auth-library'],
  },
  livekit: {
    opens: [
      ...['audio', 'models', 'protocol', 'turn', 'send_queue', 'connection'],
      ...['recording', 'errors', 'clock', 'options', 'validate', 'tools', 'version'],
    ],
    packages: ['@livekit'],
  },
  inspect: {
    opens: ['models', 'protocol', 'turn', 'recording', 'replay', 'errors', 'validate', 'options'],
  },
  probe: {
    opens: [
      ...[
        'models',
        'protocol',
        'connection',
        'recording',
        'errors',
        'clock',
        'options',
        'validate',
      ],
    ],
  },
  cli: {
    opens: [
      'probe',
      ...['models', 'protocol', 'turn', 'connection', 'livekit', 'recording', 'replay', 'inspect'],
      ...['testing', 'errors', 'clock', 'options', 'validate', 'version', 'realtime', 'index'],
    ],
    packages: ['@livekit', 'ws'],
  },
  testing: {
    opens: ['models', 'protocol', 'recording', 'replay', 'errors', 'clock', 'version'],
    packages: ['ws'],
  },
};

/** Single files inside a room that may do more than their room. */
const DOORS = {
  'protocol/history.ts': { room: 'protocol', types: ['@livekit'] },
  'connection/socket.ts': { room: 'connection', packages: ['ws'] },
};

/** The public names: the tip of the arrows. */
const TIP = {
  opens: ['livekit', 'turn', 'send_queue', 'connection', 'realtime'],
  packages: ['@livekit'],
};
/** Files directly under src: they open models, protocol and each other, but not the tip. */
const ROOT = {
  '*.ts': {},
  'errors.ts': { packages: ['@livekit'] },
  'options.ts': { types: ['@livekit', 'google-auth-library'] },
  'option_groups.ts': { types: ['@livekit'] },
  'tools.ts': { packages: ['@livekit'] },
  'validate.ts': { packages: ['@livekit'] },
  'index.ts': TIP,
  'realtime.ts': TIP,
};
const ROOT_OPENS = ['models', 'protocol', 'recording'];
const ROOT_SIBLINGS = '(?!(?:index|realtime)\\.js$)[^/]+\\.js$';

const GUARDED = ['@livekit', 'ws', 'google-auth-library'];
const AGAINST = 'This import goes against the arrows: see ROOMS in eslint.config.js.';
const NO_TIMERS = 'Time and timers come from src/clock.ts, so that tests can own them.';
const NO_CHANCE = 'Chance is an argument: take a `random` from the caller.';

const anyOf = (names) => names.flatMap((name) => [`${name}/`, `${name}\\.js$`]).join('|');

/**
 * What an import may not say: [regular expression, message, whether types may pass]. `depth` is the
 * number of folders between src and the file; climbing fewer stays inside the room.
 */
function walls({ opens, packages = [], types = [] }, depth) {
  const up = depth === 0 ? '\\./' : `(?:\\.\\./){${depth}}`;
  const open = [depth === 0 && ROOT_SIBLINGS, anyOf(opens)].filter(Boolean).join('|');
  const outside = open === '' ? `^(?:\\./)*${up}` : `^(?:\\./)*${up}(?!${open})`;
  const against = depth === 0 ? `${outside}|^\\.\\./` : outside;
  const guarded = GUARDED.filter((name) => !packages.includes(name)).map((name) => [
    `^${name}(?:/|$)`,
    `'${name}' may not be imported here: see ROOMS in eslint.config.js.`,
    types.includes(name),
  ]);
  const timers = ['^(?:node:)?(?:timers|perf_hooks)(?:/|$)', NO_TIMERS, false];
  return [[against, AGAINST, false], ...guarded, timers];
}

/** Model names live in the table; everywhere else a capability is asked for. The command has one, too. */
const MODEL_NAMES = ['Literal[value=R]', 'TemplateElement[value.raw=R]'].map((selector) => ({
  selector: selector.replace(
    'R',
    String.raw`/(?<!livekit-agents-plugin-)gemini-(?!live-api\b|live(?![\w-]))|^3\.1$/`,
  ),
  message: 'Only src/models/table.ts names a model: ask a capability instead.',
}));

/** The same walls, for `import()` and for `import('…').Type`. */
function closedExpressions(list) {
  return list.flatMap(([regex, message, typesPass]) => {
    const literal = `Literal[value=/${regex.replaceAll('/', '\\u002F')}/]`;
    const dynamic = { selector: `ImportExpression > ${literal}`, message };
    return typesPass ? [dynamic] : [dynamic, { selector: `TSImportType ${literal}`, message }];
  });
}

const TIME = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: NO_TIMERS },
];

/** The rules of one room (or file): arrows, guarded packages, time, model names. */
function house(files, rights, depth, { ownsTime = false, ownsNames = false } = {}) {
  const list = walls(rights, depth).filter(([, message]) => !(ownsTime && message === NO_TIMERS));
  const patterns = list.map(([regex, message, allowTypeImports]) => ({
    regex,
    message,
    ...(allowTypeImports && { allowTypeImports }),
  }));
  const syntax = [
    ...closedExpressions(list),
    ...(ownsTime ? [] : TIME),
    ...(ownsNames ? [] : MODEL_NAMES),
  ];
  return {
    files,
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
      'no-restricted-syntax': ['error', ...syntax],
    },
  };
}

const rooms = Object.entries(ROOMS).flatMap(([room, rights]) =>
  [1, 2, 3].map((depth) =>
    house([`src/${room}/${'*/'.repeat(depth - 1)}*.ts`], rights, depth, {
      ownsTime: room === 'testing',
    }),
  ),
);

const doors = Object.entries(DOORS).map(([file, { room, packages = [], types = [] }]) => {
  const base = ROOMS[room];
  const rights = { ...base, packages: [...(base.packages ?? []), ...packages], types };
  return house([`src/${file}`], rights, 1);
});

const root = Object.entries(ROOT).map(([file, { opens = [], ...rights }]) =>
  house([`src/${file}`], { opens: [...ROOT_OPENS, ...opens], ...rights }, 0),
);

const globals = (names, message) => names.map((name) => ({ name, message }));
const members = (object, properties, message) =>
  properties.map((property) => ({ object, property, message }));
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'coverage/', 'node_modules/', 'test/recordings/'] },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // An async function without await is how an interface that returns a promise turns a throw
      // into a rejection.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 50, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/clock.ts', 'src/testing/**', 'src/inspect/page/**'],
    rules: {
      'no-restricted-globals': ['error', ...globals([...TIMERS, 'performance'], NO_TIMERS)],
      'no-restricted-properties': [
        'error',
        ...members('Date', ['now'], NO_TIMERS),
        ...members('globalThis', [...TIMERS, 'performance'], NO_TIMERS),
        ...members('AbortSignal', ['timeout'], NO_TIMERS),
        ...members('Math', ['random'], NO_CHANCE),
      ],
    },
  },
  ...rooms,
  ...doors,
  ...root,
  house(['src/clock.ts'], { opens: [] }, 0, { ownsTime: true }),
  // Runs in a browser, which has a clock of its own; opens nothing but its room.
  house(['src/inspect/page/*.ts'], { opens: [] }, 2, { ownsTime: true }),
  house(['src/models/table.ts'], ROOMS.models, 1, { ownsNames: true }),
  { files: ['src/models/table.ts'], rules: { 'max-lines': ['error', { max: 400 }] } },
  {
    // Tests and tools look at raw JSON and at doubles.
    files: ['test/**', 'examples/**', 'bench/**', 'scripts/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
);
