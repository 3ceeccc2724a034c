// SPDX-License-Identifier: Apache-2.0
import type { Content } from '@google/genai';
import { llm } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../src/models/capabilities.js';
import { resolve } from '../src/models/resolve.js';
import { deliver, instructionUpdate } from '../src/protocol/deliver.js';
import { directions, history, toolText } from '../src/protocol/history.js';

const base = resolve('gemini-3.8-live', 'gemini').capabilities;
const rowWith = (fields: Partial<Capabilities>): Capabilities => ({ ...base, ...fields });

const message = (id: string, role: llm.ChatRole, content: llm.ChatContent[] | string) =>
  llm.ChatMessage.create({ id, role, content });
const call = (id: string, callId: string, name: string, args = '{}') =>
  llm.FunctionCall.create({ id, callId, name, args });
const output = (id: string, callId: string, text: string, isError = false, name = '') =>
  llm.FunctionCallOutput.create({ id, callId, output: text, isError, name });
const user = (...texts: string[]): Content => ({
  role: 'user',
  parts: texts.map((text) => ({ text })),
});
const model = (...texts: string[]): Content => ({ ...user(...texts), role: 'model' });

const PIXEL = 'iVBORw0KGgo=';
const image = (url: string) => llm.createImageContent({ image: url });

describe('a history', () => {
  it('names the role of every turn', () => {
    const items = [message('a', 'user', 'Hi'), message('b', 'assistant', 'Hello')];
    expect(history(items, base)).toEqual({
      turns: [user('Hi'), model('Hello')],
      itemIds: ['a', 'b'],
    });
  });

  it('merges neighbours of one role, and only these', () => {
    const items = [
      message('a', 'user', 'Hi'),
      message('b', 'user', 'Anybody?'),
      message('c', 'assistant', 'Yes.'),
      message('d', 'assistant', 'What is it?'),
      message('e', 'user', 'A question.'),
    ];
    expect(history(items, base)).toEqual({
      turns: [user('Hi', 'Anybody?'), model('Yes.', 'What is it?'), user('A question.')],
      itemIds: ['a', 'b', 'c', 'd', 'e'],
    });
  });

  it('merges what only empty or foreign items stand between', () => {
    const items = [
      message('a', 'user', 'Hi'),
      message('b', 'assistant', ''),
      llm.AgentHandoffItem.create({ id: 'c', newAgentId: 'other' }),
      message('d', 'user', 'Anybody?'),
    ];
    expect(history(items, base).turns).toEqual([user('Hi', 'Anybody?')]);
  });

  it('tells system and developer messages as instructions, not as turns', () => {
    const items = [
      message('a', 'system', 'You are terse.'),
      message('b', 'user', 'Hi'),
      message('c', 'developer', 'Never swear.'),
      message('d', 'system', ''),
      message('e', 'system', [new llm.Instructions({ audio: 'Speak slowly.' })]),
    ];
    expect(history(items, base)).toEqual({
      turns: [user('Hi')],
      itemIds: ['b'],
    });
    expect(directions(items)).toEqual(['You are terse.', 'Never swear.', 'Speak slowly.']);
  });

  it('tells a call with its result as text of the user', () => {
    const items = [
      message('a', 'user', 'Weather?'),
      call('b', 'c1', 'look_up', '{"city":"Bern"}'),
      output('c', 'c1', 'sunny'),
      message('d', 'assistant', 'It is sunny.'),
    ];
    expect(history(items, base)).toEqual({
      turns: [user('Weather?', '[look_up({"city":"Bern"}) returned sunny]'), model('It is sunny.')],
      itemIds: ['a', 'b', 'c', 'd'],
    });
  });

  it('tells results of parallel calls each with its own call', () => {
    const items = [
      call('a', 'c1', 'look_up', '{"city":"Bern"}'),
      call('b', 'c2', 'look_up', '{"city":"Rome"}'),
      output('c', 'c2', 'hot', false, 'look_up'),
      output('d', 'c1', 'no network', true, 'look_up'),
    ];
    expect(history(items, base).turns).toEqual([
      user(
        '[look_up({"city":"Rome"}) returned hot]',
        '[look_up({"city":"Bern"}) failed with no network]',
      ),
    ]);
  });

  it('says nothing of a call that has no result yet', () => {
    const found = history([message('a', 'user', 'Weather?'), call('b', 'c1', 'look_up')], base);
    expect(found.turns).toEqual([user('Weather?')]);
    expect(found.itemIds).toEqual(['a', 'b']);
  });

  it('leaves handoffs, configuration and empty messages out', () => {
    const items = [
      llm.AgentHandoffItem.create({ id: 'a', oldAgentId: 'x', newAgentId: 'y' }),
      llm.AgentConfigUpdate.create({ id: 'b', instructions: 'Be kind.', toolsAdded: ['f'] }),
      message('c', 'user', ''),
      message('d', 'assistant', []),
      message('e', 'user', ['']),
    ];
    expect(history(items, base)).toEqual({ turns: [], itemIds: [] });
    expect(history([], base)).toEqual({ turns: [], itemIds: [] });
  });

  it('keeps the order of text and pictures in a message', () => {
    const content = ['Look:', image(`data:image/png;base64,${PIXEL}`), 'Nice?'];
    expect(history([message('a', 'user', content)], base).turns).toEqual([
      {
        role: 'user',
        parts: [
          { text: 'Look:' },
          { inlineData: { mimeType: 'image/png', data: PIXEL } },
          { text: 'Nice?' },
        ],
      },
    ]);
  });

  it.each([
    ['data:image/jpeg;base64,/9j/', { inlineData: { mimeType: 'image/jpeg', data: '/9j/' } }],
    ['data:image/webp;base64,UklG', undefined],
    ['data:image/png;base64,', undefined],
    ['https://example.com/cat.png', undefined],
  ])('takes the picture %s as %j', (url, part) => {
    const { turns, itemIds } = history([message('a', 'user', [image(url)])], base);
    expect(turns).toEqual(part ? [{ role: 'user', parts: [part] }] : []);
    expect(itemIds).toEqual(part ? ['a'] : []);
  });

  it('leaves pictures out where the model sees nothing', () => {
    const content = ['Look:', image(`data:image/png;base64,${PIXEL}`)];
    const row = rowWith({ video: false });
    expect(history([message('a', 'user', content)], row).turns).toEqual([user('Look:')]);
  });

  it('tells audio by its transcript, or not at all', () => {
    const spoken = llm.createAudioContent({ frame: [], transcript: 'Hi' });
    const silent = llm.createAudioContent({ frame: [] });
    expect(history([message('a', 'user', [spoken, silent])], base).turns).toEqual([user('Hi')]);
    expect(history([message('a', 'user', [silent])], base).turns).toEqual([]);
  });

  it('leaves the context as it was', () => {
    const items = [message('a', 'user', 'Hi'), message('b', 'user', ['Anybody?'])];
    const before = JSON.stringify(items);
    history(items, base);
    expect(JSON.stringify(items)).toBe(before);
  });

  it('alternates its roles, and holds text and pictures only, whatever the context', () => {
    const kinds: ((id: string, text: string) => llm.ChatItem)[] = [
      (id, text) => message(id, 'user', text),
      (id, text) => message(id, 'assistant', text),
      (id, text) => message(id, 'system', text),
      (id, text) => message(id, 'user', [text, image(`data:image/png;base64,${PIXEL}`)]),
      (id, text) => call(id, text, 'f'),
      (id, text) => output(id, text, text),
      (id) => llm.AgentHandoffItem.create({ id, newAgentId: 'y' }),
    ];
    const items = fc
      .array(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom('', 'x', 'y')), { maxLength: 12 })
      .map((list) => list.map(([make, text], index) => make(`i${index}`, text)));
    fc.assert(
      fc.property(items, (list) => {
        const { turns, itemIds } = history(list, base);
        for (const [index, { role, parts }] of turns.entries()) {
          expect(['user', 'model']).toContain(role);
          expect(role).not.toBe(turns[index - 1]?.role);
          expect(parts?.length).toBeGreaterThan(0);
          for (const part of parts ?? []) {
            expect(['text', 'inlineData']).toContain(Object.keys(part).join());
            expect(part.text).not.toBe('');
          }
        }
        expect(new Set(itemIds).size).toBe(itemIds.length);
        const known = list.map(({ id }) => id);
        expect(known.filter((id) => itemIds.includes(id))).toEqual(itemIds);
      }),
    );
  });
});

describe('a finished call as text', () => {
  it.each([
    [
      output('a', 'c', 'sunny', false, 'f'),
      call('b', 'c', 'g', '{"x":1}'),
      '[f({"x":1}) returned sunny]',
    ],
    [output('a', 'c', 'sunny', false, ''), call('b', 'c', 'g', '{}'), '[g({}) returned sunny]'],
    [output('a', 'c', 'sunny', false, 'f'), undefined, '[f returned sunny]'],
    [output('a', 'c', '', false, ''), undefined, '[a function returned nothing]'],
    [output('a', 'c', 'boom', true, 'f'), undefined, '[f failed with boom]'],
  ])('%#', (result, asked, text) => {
    expect(toolText(result, asked)).toBe(text);
  });
});

describe('new turns in the middle of a session', () => {
  const turns = [user('One.'), model('Two.'), user('Three.', 'Four.')];
  const itemIds = ['a', 'b', 'c', 'd'];
  const restricted = rowWith({ midSessionContent: 'initialHistory', replyRequest: 'realtimeText' });
  const only = (...content: Content[]) => ({ turns: content, itemIds: ['a'] });
  const HELD = { commands: [], words: undefined, held: true };

  it('travel as they are where the model takes content at any time', () => {
    expect(deliver({ turns, itemIds }, base)).toEqual({
      commands: [{ type: 'content', turns, itemIds }],
      words: undefined,
      held: false,
    });
  });

  it('are nothing where there are none', () => {
    for (const row of [base, restricted]) {
      const delivery = deliver({ turns: [], itemIds: [] }, row);
      expect(delivery).toEqual({ commands: [], words: undefined, held: false });
    }
  });

  it('are words for the reply request where they are only what the user typed', () => {
    expect(deliver(only(user('Three.', 'Four.')), restricted)).toEqual({
      commands: [],
      words: { text: 'Three.\nFour.', itemIds: ['a'] },
      held: false,
    });
  });

  it('wait for a fresh session in every other case', () => {
    const seen = { ...user(), parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] };
    expect(deliver({ turns, itemIds }, restricted)).toEqual(HELD);
    expect(deliver(only(model('Two.')), restricted)).toEqual(HELD);
    expect(deliver(only(seen), restricted)).toEqual(HELD);
    expect(deliver(only(user('Three.')), { ...restricted, replyRequest: 'bareTurn' })).toEqual(
      HELD,
    );
  });

  it.each([
    ['gemini-3.8-live', 'gemini', ['content'], false],
    ['gemini-3.1-flash-live-preview', 'gemini', ['content'], false],
    ['gemini-live-2.5-flash-native-audio', 'vertex', ['content'], false],
    ['gemini-3.5-live-translate-preview', 'gemini', [], false],
  ] as const)('to %s on %s: %j, held: %s', (name, backend, types, held) => {
    const row = resolve(name, backend).capabilities;
    const delivery = deliver({ turns, itemIds }, row);
    expect(delivery.commands.map(({ type }) => type)).toEqual(types);
    expect(delivery.held).toBe(held);
  });
});

describe('new instructions in the middle of a session', () => {
  it('travel in the message of the row, or need a new setup', () => {
    const command = (how: Capabilities['instructionUpdate']) =>
      instructionUpdate('Be kind.', '', rowWith({ instructionUpdate: how }));
    expect(command('contextUpdate')).toEqual({ type: 'context', instructions: 'Be kind.' });
    expect(command('content')).toEqual({
      type: 'content',
      turns: [model('Be kind.')],
      itemIds: [],
    });
    expect(command('reconnect')).toBeUndefined();
    expect(command('none')).toBeUndefined();
  });

  it('of a content turn are only what is new, and none where content is refused', () => {
    const row = rowWith({ instructionUpdate: 'content' });
    expect(instructionUpdate('Be kind.\n\nBe brief.', 'Be kind.', row)).toMatchObject({
      turns: [model('Be brief.')],
    });
    const restricted = { ...row, midSessionContent: 'initialHistory' } as const;
    expect(instructionUpdate('Be brief.', 'Be kind.', restricted)).toBeUndefined();
  });
});
