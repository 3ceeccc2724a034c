// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { listen, startCall } from './support/call.js';
import { nextGeneration } from './support/rows.js';
import { audio, boundary, generationComplete, modelSaid, RULES, Talk } from './support/turn.js';

const OWN = { ...RULES, ownVoice: true };

test('text is handed over as it is transcribed, and no audio', () => {
  const talk = new Talk(OWN);
  expect(talk.put(audio())).toBe('begin');
  talk.now += 300;
  expect(talk.put(modelSaid('Hel'), audio(), modelSaid('lo.'))).toBe('message(text) write write');
  expect(talk.all('openMessage')[0]).toMatchObject({ behindMs: 300 });
  expect(talk.put(boundary())).toBe('keep(assistant) end(complete)');
});

test('a transcript that lags behind the audio is not cut off with it', () => {
  const talk = new Talk(OWN);
  talk.put(audio(), modelSaid('One '), generationComplete);
  expect(talk.is).toBe('open');
  expect(talk.put(modelSaid('two.'))).toBe('write');
  expect(talk.put(boundary())).toBe('keep(assistant) end(complete)');
  expect(talk.written).toEqual(['One two.']);
  // Where no boundary comes, it ends a while after its last word.
  const endless = new Talk(OWN);
  endless.put(audio(), modelSaid('One.'), generationComplete);
  endless.now += 1_500;
  endless.put(modelSaid(' Two.'));
  expect(endless.wait(1_999)).toBe('');
  expect(endless.wait(1)).toBe('keep(assistant) end(complete)');
});

test('the delay of the text is measured', async () => {
  const call = await startCall({ options: { ownVoice: true } });
  const { server, session, connection } = call;
  expect(call.model.capabilities.audioOutput).toBe(false);
  const answer = nextGeneration(call);
  connection.audio(100);
  connection.send({ serverContent: { outputTranscription: { text: 'Hello.' } } });
  connection.endTurn();
  expect(await listen(await answer)).toMatchObject({ text: 'Hello.', samples: 0 });
  expect(session.health.textBehindAudioMs).toMatchObject({ count: 1 });
  server.assertClean();
});

test('a language that the wire has no field for is part of the instructions, also a new one', async () => {
  const { server, session, connection } = await startCall({ options: { language: 'de' } });
  expect(connection.instructions).toBe(
    'Be brief.\n\nRespond in German, whatever language is spoken to you.',
  );
  session.updateOptions({ language: 'fr' });
  const frame = await connection.waitFor('contextUpdate');
  expect(JSON.stringify(frame)).toContain('Respond in French');
  expect(server.dials).toHaveLength(1);
  server.assertClean();
});
