// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { facts } from '../src/protocol/facts.js';
import { isBlocked, isQuiet } from '../src/turn/state.js';
import { STALL_MS } from '../src/turn/times.js';
import {
  asked,
  audio,
  BLOCKING,
  boundary,
  calls,
  callsCancelled,
  closed,
  connectionBack,
  connectionLost,
  generationComplete,
  inProgress,
  interrupted,
  interruptRequested,
  modelSaid,
  replyAborted,
  replyRequested,
  replyWritten,
  RULES,
  speaking,
  T0,
  Talk,
  text,
  type Timeless,
  toolSettled,
  turnCommitted,
  turnDiscarded,
  usage,
  userSaid,
} from './support/turn.js';

describe('an answer', () => {
  it('to a reply request: a greeting, from request to end', () => {
    const talk = new Talk();
    expect(talk.put(replyRequested('r1', 'Greet.'))).toBe('ask');
    expect(talk.all('requestReply')).toEqual([
      { type: 'requestReply', replyId: 'r1', instructions: 'Greet.' },
    ]);
    talk.put(replyWritten('r1'));
    talk.wait(700);
    expect(talk.put(audio('a'), modelSaid('Hello '))).toBe('begin(r1) message play write');
    expect(talk.put(audio('b'), modelSaid('there.'))).toBe('play write');
    expect(talk.put(generationComplete)).toBe('keep(assistant) end(complete)');
    expect(talk.put(boundary())).toBe('');
    expect(talk.history).toEqual([['assistant', 'Hello there.']]);
    expect(talk.all('playAudio').map(({ data }) => data)).toEqual(['a', 'b']);
    expect(isQuiet(talk.state, talk.now)).toBe(true);
  });

  it('has one id for its message, everywhere', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('Hi.'), generationComplete);
    const { messageId } = talk.all('openMessage')[0]!;
    expect(talk.all('remember').map(({ message }) => message.id)).toEqual([messageId]);
    const ids = talk.effects.flatMap((one) => ('generationId' in one ? [one.generationId] : []));
    expect(new Set(ids).size).toBe(1);
  });

  it('whose transcript comes before its audio is announced by the audio', () => {
    const talk = new Talk();
    expect(talk.put(modelSaid('Your name'), modelSaid(' is Ada.'))).toBe('');
    expect(talk.put(audio())).toBe('begin message write play');
    expect(talk.written).toEqual(['Your name is Ada.']);
  });

  it('has the words of an early transcript once', () => {
    const talk = new Talk();
    talk.put(modelSaid('Hello.'), audio(), boundary());
    expect(talk.wait(10_000)).toBe('');
    talk.put(audio(), modelSaid('Bye.'), boundary());
    expect(talk.history).toEqual([
      ['assistant', 'Hello.'],
      ['assistant', 'Bye.'],
    ]);
  });

  it('that nobody speaks is handed over as text when the turn ends', () => {
    const talk = new Talk();
    talk.put(...asked('r1'));
    expect(talk.put(modelSaid('Your name is Ada.'))).toBe('');
    expect(talk.put(generationComplete)).toBe(
      'begin(r1) message(text) write report(text_turn) keep(assistant) end(complete)',
    );
    expect(talk.put(boundary())).toBe('');
    expect(talk.written).toEqual(['Your name is Ada.']);
  });

  it('in text parts is handed over as text (livekit/agents PR#7390)', () => {
    const talk = new Talk();
    expect(talk.put(text('It is '), text('noon.'))).toBe('');
    expect(talk.put(boundary())).toBe(
      'begin message(text) write report(text_turn) keep(assistant) end(complete)',
    );
    expect(talk.history).toEqual([['assistant', 'It is noon.']]);
  });

  it.each(['**Planning**\nI will greet.', '<thinking>', '```py', '{"name": "f"}', 'call:f{}'])(
    'in text parts that look internal is withheld: %s',
    (said) => {
      const talk = new Talk();
      talk.put(text(said));
      expect(talk.put(boundary())).toBe('report(thought) report(empty_turn)');
      expect(talk.all('report')[0]!.detail).toBe(said);
    },
  );

  it('is never withheld for how its transcript looks', () => {
    const talk = new Talk();
    expect(talk.put(modelSaid('**Ada**'), boundary())).toContain('message(text) write');
  });

  it('that is spoken keeps its text parts to itself, before and after its end', () => {
    const talk = new Talk();
    talk.put(text('Aside. '), audio(), modelSaid('Hello.'), text('Another.'), generationComplete);
    expect(talk.put(text('A third.'), boundary())).toBe('');
    expect(talk.written).toEqual(['Hello.']);
    talk.put(audio(), modelSaid('Next.'));
    expect(talk.put(boundary())).toBe('keep(assistant) end(complete)');
    talk.put(text('Only text.'), boundary());
    expect(talk.written).toEqual(['Hello.', 'Next.', 'Only text.']);
  });

  it('in a TEXT session streams its text parts', () => {
    const talk = new Talk({ ...RULES, textOutput: true });
    expect(talk.put(text('No'), text('on.'))).toBe('begin message(text) write write');
    expect(talk.put(boundary())).toBe('keep(assistant) end(complete)');
    expect(talk.written).toEqual(['Noon.']);
  });

  it('keeps words that are transcribed late: after generationComplete and after the turn', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('See'), generationComplete);
    expect(talk.put(modelSaid(' you'))).toBe('amend');
    expect(talk.put(boundary(), modelSaid(' soon.'))).toBe('');
    expect(talk.wait(2_000)).toBe('report(late_transcript) amend');
    expect(talk.history).toEqual([['assistant', 'See you soon.']]);
    expect(talk.all('openGeneration')).toHaveLength(1);
  });

  it('whose whole transcript comes late enters the history then', () => {
    const talk = new Talk();
    expect(talk.put(audio(), generationComplete)).toBe('begin message play end(complete)');
    expect(talk.put(modelSaid(' See'), modelSaid(' you.'))).toBe('keep(assistant) amend');
    expect(talk.history).toEqual([['assistant', 'See you.']]);
    expect(talk.all('remember')[0]!.message).toMatchObject({ createdAt: T0, interrupted: false });
  });

  it('that stops without an end is ended; what still comes goes on as another', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('Let me'));
    expect(talk.wait(STALL_MS - 1)).toBe('');
    expect(talk.wait(1)).toBe('keep(assistant) end(stalled) report(stalled)');
    expect(talk.all('remember')[0]!.message.interrupted).toBe(false);
    expect(talk.put(audio())).toBe('begin message play');
    expect(talk.put(boundary())).toBe('end(complete)');
  });

  it('is ended before the framework stops listening to it, 10 s after the last frame', () => {
    const talk = new Talk();
    talk.put(audio());
    talk.wait(5_000);
    talk.put(audio());
    expect(talk.wait(5_000)).toBe('');
    expect(talk.wait(4_999)).toContain('end(stalled)');
  });

  it('bundled in one frame equals the same facts in frames of their own', () => {
    const frame = {
      serverContent: {
        inputTranscription: { text: 'Hi.' },
        modelTurn: { parts: [{ inlineData: { data: 'AAAA', mimeType: 'audio/pcm' } }] },
        outputTranscription: { text: 'Hello.' },
        generationComplete: true,
        turnComplete: true,
      },
      usageMetadata: { promptTokenCount: 7 },
    };
    const talk = new Talk();
    expect(talk.put(...facts(frame))).toBe(
      'speech+ heard speech- begin message play write keep(user) final ' +
        'keep(assistant) end(complete) usage',
    );
  });
});

describe('the caller', () => {
  it('is announced once, and ends when the model answers', () => {
    const talk = new Talk();
    expect(talk.put(userSaid('What'))).toBe('speech+ heard');
    expect(talk.put(userSaid(' time?'))).toBe('heard');
    expect(talk.put(audio())).toBe('speech- begin message play');
    expect(talk.all('transcribe').map(({ text }) => text)).toEqual(['What', 'What time?']);
  });

  it('never opens a generation, whatever is transcribed', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), userSaid('Hello?'), userSaid(' Anybody?'));
    talk.wait(9_000);
    expect(talk.all('openGeneration')).toEqual([]);
    expect(talk.put(audio())).toContain('begin(r1)');
  });

  it('has one final line, before the end of the answer, however short that is', () => {
    const talk = new Talk();
    talk.put(userSaid('Bye.'));
    talk.wait(50);
    talk.put(audio(), modelSaid('Bye!'));
    expect(talk.put(generationComplete)).toBe('keep(user) final keep(assistant) end(complete)');
    talk.put(boundary());
    talk.wait(60_000);
    expect(talk.finals).toEqual(['Bye.']);
  });

  it('has a final line as soon as the transcript settles, not at the end of the answer', () => {
    const talk = new Talk();
    talk.put(userSaid('Tell me'), audio());
    talk.wait(300);
    talk.put(userSaid(' a story.'));
    expect(talk.wait(399)).toBe('');
    expect(talk.wait(1)).toBe('keep(user) final');
    expect(talk.finals).toEqual(['Tell me a story.']);
    expect(talk.is).toBe('open');
  });

  it('transcribed during an answer is late news, not an interruption', () => {
    const talk = new Talk();
    talk.put(audio());
    talk.wait(1_000);
    expect(talk.put(userSaid('Who are you?'))).toBe('heard');
    expect(talk.wait(400)).toBe('keep(user) final');
    expect(talk.is).toBe('open');
    const startedAt = talk.all('transcribe').at(-1)!.startedAt;
    expect(startedAt).toBeLessThan(talk.all('openGeneration')[0]!.at);
  });

  it('transcribed soon after the output ended is late news too', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('Me.'));
    talk.wait(500);
    talk.put(generationComplete);
    talk.wait(500);
    expect(talk.put(userSaid('Who is it?'))).toBe('heard');
    expect(talk.put(boundary())).toBe('keep(user)');
    expect(talk.wait(400)).toBe('final');
    expect(talk.all('startSpeech')).toEqual([]);
  });

  it('transcribed while an old answer still plays interrupts it', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('A long story.'), generationComplete);
    talk.wait(3_000);
    expect(talk.put(userSaid('Stop.'))).toBe('speech+ heard');
    const over = new Talk();
    over.put(audio(), modelSaid('A long story.'), generationComplete, boundary());
    expect(over.put(userSaid('Stop.'))).toBe('speech+ heard');
  });

  it('who never gets an answer still gets a final line and an end of speech', () => {
    const talk = new Talk();
    talk.put(userSaid('Hello?'));
    expect(talk.wait(4_999)).toBe('');
    expect(talk.wait(1)).toBe('speech- keep(user) final');
  });

  it('who speaks for long is not cut in two where the server reports activity', () => {
    const talk = new Talk();
    expect(talk.put(speaking(true))).toBe('speech+');
    expect(talk.wait(50_000)).toBe('');
    expect(talk.put(userSaid('A long tale.'))).toBe('heard');
    expect(talk.put(speaking(false))).toBe('speech-');
    expect(talk.put(audio())).toBe('begin message play');
    expect(talk.put(boundary())).toBe('keep(user) final end(complete)');
  });

  it('whose end of speech is never reported stops after a minute', () => {
    const talk = new Talk();
    talk.put(speaking(true));
    expect(talk.wait(59_999)).toBe('');
    expect(talk.wait(1)).toBe('speech-');
    expect(talk.finals).toEqual([]);
  });

  it('is dated before the answer, even when first heard in the same moment', () => {
    const talk = new Talk();
    talk.put(userSaid('Hi.'), audio());
    expect(talk.all('transcribe')[0]!.startedAt).toBeLessThan(talk.all('openGeneration')[0]!.at);
  });

  it('in interim words is shown, and only the final words are kept', () => {
    const talk = new Talk();
    talk.put(userSaid('Whether', true), userSaid('Weather', true), userSaid('Weather?'), audio());
    talk.put(boundary());
    expect(talk.all('transcribe').map(({ text, isFinal }) => [text, isFinal])).toEqual([
      ['Whether', false],
      ['Weather', false],
      ['Weather?', false],
      ['Weather?', true],
    ]);
  });

  it('is not announced by white space', () => {
    const talk = new Talk();
    expect(talk.put(userSaid(' \n'))).toBe('');
    expect(isQuiet(talk.state, talk.now)).toBe(true);
  });

  it('who says nothing that is transcribed has no line', () => {
    const talk = new Talk();
    expect(talk.put(speaking(true), speaking(false), audio(), boundary())).toBe(
      'speech+ speech- begin message play end(complete)',
    );
  });

  it('is heard around a tool call as one line (livekit/agents#2432)', () => {
    const talk = new Talk(BLOCKING);
    talk.put(userSaid('Weather'), userSaid(' in Oslo?'));
    expect(talk.put(calls('c1'))).toBe('speech- begin call');
    talk.wait(1_000);
    talk.put(toolSettled('c1'), audio(), modelSaid('Snow.'), boundary());
    expect(talk.finals).toEqual(['Weather in Oslo?']);
    expect(talk.history).toEqual([
      ['user', 'Weather in Oslo?'],
      ['assistant', 'Snow.'],
    ]);
  });
});

describe('a barge-in', () => {
  it('in the middle of speech ends it at once, as interrupted, before speech is announced', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('Once upon a'));
    expect(talk.put(interrupted)).toBe('keep(assistant) end(interrupted) speech+');
    expect(talk.all('remember')[0]!.message.interrupted).toBe(true);
    expect(talk.put(audio(), modelSaid(' time'))).toBe('');
    expect(talk.put(boundary())).toBe('');
    expect(talk.put(userSaid('Stop.'))).toBe('heard');
    expect(talk.put(audio(), modelSaid('Yes?'), boundary())).toBe(
      'speech- begin message play write keep(user) final keep(assistant) end(complete)',
    );
  });

  it('closes the line it answered and begins another', () => {
    const talk = new Talk();
    talk.put(userSaid('One?'), audio());
    talk.wait(100);
    expect(talk.put(interrupted)).toBe('keep(user) final end(interrupted) speech+');
    talk.put(boundary(), userSaid('Two?'), audio(), boundary());
    expect(talk.finals).toEqual(['One?', 'Two?']);
    expect(new Set(talk.all('transcribe').map(({ itemId }) => itemId)).size).toBe(2);
  });

  it('that is only reported as activity closes the line before, too', () => {
    const talk = new Talk();
    talk.put(userSaid('One?'), audio());
    expect(talk.put(speaking(true))).toBe('keep(user) final speech+');
    talk.put(userSaid('Two?'), boundary(), audio(), boundary());
    expect(talk.finals).toEqual(['One?', 'Two?']);
  });

  it('after generationComplete stops playback too', () => {
    const talk = new Talk();
    talk.put(audio(), generationComplete);
    expect(talk.put(interrupted)).toBe('speech+');
    expect(talk.put(boundary(), audio())).toBe('speech- begin message play');
  });

  it('with no generation, and its boundary, is not an empty turn', () => {
    const talk = new Talk();
    expect(talk.put(interrupted)).toBe('speech+');
    expect(talk.put(boundary())).toBe('');
    expect(talk.put(audio())).toBe('speech- begin message play');
  });

  it('is announced while a reply request waits to be written', () => {
    const talk = new Talk();
    talk.put(replyRequested('r1'));
    expect(talk.put(interrupted)).toBe('speech+');
  });

  it('with no generation discards nothing, even when no boundary follows', () => {
    const talk = new Talk();
    talk.put(interrupted);
    expect(talk.put(audio())).toBe('speech- begin message play');
  });

  it('reported as activity and as interruption is announced once', () => {
    const talk = new Talk();
    talk.put(audio());
    expect(talk.put(speaking(true), interrupted)).toBe('speech+ end(interrupted)');
    talk.put(boundary(), speaking(false), speaking(true), audio());
    const told = talk.effects.filter(({ type }) => /Speech$/.test(type)).map(({ type }) => type);
    expect(told).toEqual(['startSpeech', 'stopSpeech', 'startSpeech', 'stopSpeech']);
  });

  describe('after which the boundary never comes: the model speaks again', () => {
    const cutOff = (): Talk => {
      const talk = new Talk();
      talk.put(audio(), interrupted);
      talk.wait(500);
      expect(talk.put(audio())).toBe('');
      return talk;
    };

    it('when the caller was transcribed', () => {
      const talk = cutOff();
      talk.put(userSaid('Wait.'));
      expect(talk.put(modelSaid('Yes?'), audio())).toBe('speech- begin message write play');
    });

    it('when it calls a tool', () => {
      expect(cutOff().put(calls('c1'))).toBe('speech- begin call');
    });

    it('when the generation completes', () => {
      expect(cutOff().put(generationComplete, audio())).toBe('speech- begin message play');
    });

    it('after a deadline that discarded output does not move', () => {
      const talk = cutOff();
      talk.wait(2_499);
      expect(talk.put(audio())).toBe('');
      talk.wait(1);
      expect(talk.put(audio())).toContain('play');
    });
  });
});

describe('a local interruption', () => {
  it('ends the output at once and discards the rest of it, up to the boundary', () => {
    const talk = new Talk();
    talk.put(audio(), modelSaid('A long'));
    expect(talk.put(interruptRequested)).toBe('keep(assistant) end(interrupted)');
    expect(talk.put(audio(), modelSaid(' story'), text('aside'))).toBe('');
    expect(talk.put(boundary(), audio(), boundary())).toBe('begin message play end(complete)');
    expect(talk.history).toEqual([['assistant', 'A long']]);
  });

  it('of a long answer discards all of it: the server does not know, and goes on for seconds', () => {
    const talk = new Talk();
    talk.put(audio(), interruptRequested);
    for (let i = 0; i < 10; i++) {
      talk.wait(1_000);
      expect(talk.put(audio(), modelSaid('x'), text('y'))).toBe('');
    }
    expect(talk.put(generationComplete, boundary())).toBe('');
    expect(talk.put(audio())).toBe('begin message play');
  });

  it('does not last when the server falls silent without an end', () => {
    const talk = new Talk();
    talk.put(audio(), interruptRequested);
    talk.wait(3_000);
    expect(talk.put(audio())).toBe('begin message play');
  });

  it('is not undone by late news of what was being answered', () => {
    const talk = new Talk();
    talk.put(userSaid('Tell me a'), audio(), interruptRequested);
    talk.wait(500);
    expect(talk.put(userSaid(' story.'))).toBe('heard');
    expect(talk.put(audio())).toBe('');
    expect(talk.put(boundary())).toBe('keep(user)');
  });

  it('ends when the caller is heard anew', () => {
    const talk = new Talk();
    talk.put(audio(), interruptRequested, speaking(true), userSaid('Now this.'));
    expect(talk.put(audio())).toBe('speech- begin message play');
  });

  it('with nothing to interrupt does nothing', () => {
    const talk = new Talk();
    expect(talk.put(interruptRequested)).toBe('');
    expect(talk.put(audio())).toBe('begin message play');
    talk.put(generationComplete);
    expect(talk.put(interruptRequested, boundary())).toBe('');
  });

  it('by a listener of input_speech_started leaves the new answer alone', () => {
    const talk = new Talk();
    talk.put(audio(), interrupted, interruptRequested, boundary());
    expect(talk.put(audio())).toBe('speech- begin message play');
  });
});

describe('a blocking call', () => {
  it('closes its generation after a short silence, so that the result can come', () => {
    const talk = new Talk(BLOCKING);
    expect(talk.put(calls('c1'))).toBe('begin call');
    expect(talk.wait(399)).toBe('');
    expect(talk.wait(1)).toBe('end(calling)');
    expect(isQuiet(talk.state, talk.now)).toBe(false);
  });

  it('closes at generationComplete or at the boundary when they come first', () => {
    for (const end of [generationComplete, boundary()]) {
      const talk = new Talk(BLOCKING);
      talk.put(calls('c1'));
      expect(talk.put(end)).toBe('end(complete)');
      expect(talk.wait(10_000)).toBe('');
    }
  });

  it('does not clip the sentence that goes on behind it (livekit/agents#6569)', () => {
    const talk = new Talk(BLOCKING);
    talk.put(audio('1'), modelSaid('One mo'), calls('c1'));
    for (const data of ['2', '3', '4']) {
      talk.wait(300);
      expect(talk.put(audio(data))).toBe('play');
    }
    expect(talk.put(modelSaid('ment.'))).toBe('write');
    expect(talk.wait(400)).toBe('keep(assistant) end(calling)');
    expect(talk.written).toEqual(['One moment.']);
    expect(talk.all('openGeneration')).toHaveLength(1);
  });

  it('is followed by its answer as a continuation, without announcing speech', () => {
    const talk = new Talk(BLOCKING);
    talk.put(userSaid('Oslo?'), calls('c1'));
    talk.wait(1_000);
    talk.put(toolSettled('c1'));
    expect(talk.put(generationComplete, boundary())).toBe('');
    expect(talk.put(modelSaid('Snow.'), audio(), boundary())).toBe(
      'begin message write play keep(assistant) end(complete)',
    );
    expect(talk.all('startSpeech')).toHaveLength(1);
    expect(talk.all('openGeneration').map(({ replyId }) => replyId)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('whose answer is transcribed before it is spoken keeps the words apart', () => {
    const talk = new Talk(BLOCKING);
    talk.put(audio(), modelSaid('One moment.'), calls('c1'));
    talk.wait(1_000);
    talk.put(toolSettled('c1'), modelSaid('Snow.'), audio(), boundary());
    expect(talk.history).toEqual([
      ['assistant', 'One moment.'],
      ['assistant', 'Snow.'],
    ]);
  });

  it('that is answered while another waits still closes its generation', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1', 'c2'), toolSettled('c1'));
    expect(talk.wait(400)).toBe('end(calling)');
  });

  it('that is answered at once leaves the answer in one piece', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1'), toolSettled('c1'), audio());
    talk.wait(2_000);
    expect(talk.put(audio(), boundary())).toBe('play end(complete)');
  });

  it('holds caller audio back, but not for ever', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1'));
    expect(isBlocked(talk.state, talk.now + 14_999)).toBe(true);
    expect(isBlocked(talk.state, talk.now + 15_000)).toBe(false);
    talk.put(toolSettled('c1'));
    expect(isBlocked(talk.state, talk.now)).toBe(false);
  });

  it('of a model that does not block leaves the generation open to its boundary', () => {
    const talk = new Talk();
    talk.put(calls('c1'));
    expect(talk.wait(5_000)).toBe('');
    expect(talk.put(audio(), generationComplete)).toBe('message play end(complete)');
    expect(isBlocked(talk.state, talk.now)).toBe(false);
  });
});

describe('calls', () => {
  const surfaced = (talk: Talk) => talk.all('callTool').map(({ call }) => call.callId);

  it('in parallel, in one message or apart, belong to one generation', () => {
    const talk = new Talk(BLOCKING);
    expect(talk.put(calls('c1', 'c2'))).toBe('begin call call');
    talk.wait(300);
    expect(talk.put(calls('c3'))).toBe('call');
    talk.wait(300);
    expect(talk.is).toBe('open');
    expect(talk.wait(100)).toBe('end(calling)');
    expect(surfaced(talk)).toEqual(['c1', 'c2', 'c3']);
  });

  it('that come apart by more than the window still surface', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1'));
    talk.wait(1_000);
    expect(talk.put(calls('c2'))).toBe('begin call');
    expect(surfaced(talk)).toEqual(['c1', 'c2']);
  });

  it('without ids get ids of their own, and are all asked (agents-js#1137)', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls(undefined, undefined), calls(undefined));
    expect(new Set(surfaced(talk)).size).toBe(3);
    expect(talk.all('callTool').map(({ call }) => call.wireId)).toEqual(Array(3).fill(undefined));
  });

  it('with an id that is pending are not asked twice, in one message or in two', () => {
    const talk = new Talk(BLOCKING);
    expect(talk.put(calls('c1', 'c1'))).toBe('begin call');
    expect(talk.put(calls('c1'))).toBe('');
    expect(talk.put(calls('c1', 'c2'))).toBe('call');
    expect(talk.put(toolSettled('c1'), calls('c1'))).toBe('call');
  });

  it('that are known already do not end a discarding', () => {
    const talk = new Talk();
    talk.put(calls('c1'), interruptRequested);
    expect(talk.put(calls('c1'), audio())).toBe('');
  });

  it('that the server cancels are cancelled once, and only if pending', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1', 'c2', undefined));
    expect(talk.put(callsCancelled('c2', 'c9'))).toBe('cancel');
    expect(talk.all('cancelCalls')).toEqual([{ type: 'cancelCalls', callIds: ['c2'] }]);
    expect(talk.put(callsCancelled('c2'))).toBe('');
    expect(talk.state.calls.map(({ wireId }) => wireId)).toEqual(['c1', undefined]);
  });

  it('that run are not a quiet moment to exchange the connection', () => {
    const talk = new Talk();
    talk.put(calls('c1'), boundary());
    expect(isQuiet(talk.state, talk.now)).toBe(false);
    talk.put(toolSettled('c1'));
    expect(isQuiet(talk.state, talk.now)).toBe(true);
  });

  it('alone answer a reply request', () => {
    const talk = new Talk();
    talk.put(...asked('r1'));
    expect(talk.put(calls('c1'))).toBe('begin(r1) call');
  });

  it('survive a lost connection; a new session does not wait for them', () => {
    const talk = new Talk(BLOCKING);
    talk.put(calls('c1'));
    expect(talk.put(connectionLost)).toBe('end(lost)');
    talk.put(connectionBack(true));
    expect(isBlocked(talk.state, talk.now)).toBe(true);
    talk.put(connectionLost, connectionBack(false));
    expect(isBlocked(talk.state, talk.now)).toBe(false);
    expect(talk.state.calls).toHaveLength(1);
  });
});

describe('replies', () => {
  it('are answered only by output that follows the written request', () => {
    const talk = new Talk();
    talk.put(replyRequested('r1'));
    expect(talk.put(audio())).toBe('begin message play');
    expect(talk.put(replyWritten('r1'), audio(), modelSaid('x'))).toBe('play write');
    talk.put(boundary());
    expect(talk.put(audio())).toBe('begin(r1) message play');
  });

  it('are answered in the order of their requests', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), ...asked('r2'));
    expect(talk.put(audio(), boundary())).toContain('begin(r1)');
    expect(talk.put(audio(), boundary())).toContain('begin(r2)');
    expect(talk.put(audio(), boundary())).toContain('begin message');
  });

  it('wait for each other: the next request would cut the answer to the first one off', () => {
    const talk = new Talk();
    expect(talk.put(...asked('r1'), replyRequested('r2'), replyRequested('r3'))).toBe('ask');
    expect(talk.put(audio(), modelSaid('One.'))).not.toContain('ask');
    expect(talk.put(generationComplete)).toContain('end(complete) ask');
    expect(talk.all('requestReply').map(({ replyId }) => replyId)).toEqual(['r1', 'r2']);
    talk.put(replyWritten('r2'), boundary(), audio());
    expect(talk.put(generationComplete)).toContain('ask');
    expect(talk.all('openGeneration').map(({ replyId }) => replyId)).toEqual(['r1', 'r2']);
  });

  it('wait for a failed one no longer', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), replyRequested('r2'));
    expect(talk.put(replyAborted('r1'))).toBe('fail(aborted) ask');
    expect(talk.all('requestReply').at(-1)).toMatchObject({ replyId: 'r2' });
  });

  it('are superseded, the oldest that waits first, when too many are asked for', () => {
    const talk = new Talk();
    talk.put(...asked('r1'));
    for (const id of ['r2', 'r3', 'r4', 'r5']) expect(talk.put(replyRequested(id))).toBe('');
    expect(talk.put(replyRequested('r6'))).toBe('fail(superseded)');
    expect(talk.all('failReply')).toMatchObject([{ replyId: 'r2' }]);
    expect(talk.put(audio(), boundary())).toContain('begin(r1)');
    expect(talk.all('requestReply').at(-1)).toMatchObject({ replyId: 'r3' });
  });

  it('are not answered by the tail of the turn before', () => {
    const talk = new Talk();
    talk.put(audio(), generationComplete, ...asked('r1'));
    expect(talk.put(audio())).toBe('begin message play');
    talk.put(generationComplete, boundary());
    expect(talk.put(audio())).toBe('begin(r1) message play');
    // A server that never ends its turn does not make a reply wait for ever.
    const endless = new Talk();
    endless.put(audio(), generationComplete, ...asked('r1'));
    endless.wait(1_000);
    expect(endless.put(audio())).toBe('begin(r1) message play');
  });

  it('time out, asked twice, counted from the written frame; a late answer is still heard', () => {
    const talk = new Talk();
    talk.put(replyRequested('r1'));
    expect(talk.wait(60_000)).toBe('');
    talk.put(replyWritten('r1'));
    expect(talk.wait(9_999)).toBe('');
    expect(talk.wait(1)).toBe('ask');
    expect(talk.wait(60_000)).toBe('');
    talk.put(replyWritten('r1'));
    expect(talk.wait(9_999)).toBe('');
    expect(talk.wait(1)).toBe('fail(timeout)');
    expect(talk.put(audio())).toBe('begin message play');
  });

  it('that are aborted fail at once; their late answer is discarded, the next one is heard', () => {
    const talk = new Talk();
    talk.put(...asked('r1'));
    expect(talk.put(replyAborted('r1'))).toBe('fail(aborted)');
    expect(talk.put(replyAborted('r1'))).toBe('');
    expect(talk.put(modelSaid('Too'), audio(), modelSaid(' late.'), generationComplete)).toBe('');
    expect(talk.put(boundary(), audio())).toBe('begin message play');
  });

  it('that are aborted before they were written are not sent, and discard nothing', () => {
    const talk = new Talk();
    expect(talk.put(replyRequested('r1'), replyAborted('r1'))).toBe('ask fail(aborted) withdraw');
    expect(talk.put(audio())).toBe('begin message play');
  });

  it('that the caller aborted by speaking do not silence the answer to the caller', () => {
    const talk = new Talk();
    // The framework aborts what waits as soon as it hears of speech; the one piece of transcript
    // that some models send has passed by then.
    expect(talk.put(...asked('r1'), userSaid('Hello?'))).toBe('ask speech+ heard');
    talk.put(replyAborted('r1'));
    talk.wait(700);
    expect(talk.put(audio())).toBe('speech- begin message play');
  });

  it('that are aborted leave the answer to another request alone', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), ...asked('r2'), replyAborted('r1'));
    expect(talk.put(audio())).toBe('begin(r2) message play');
  });

  it('interrupt what the server is at: that is not the caller speaking', () => {
    const talk = new Talk();
    talk.put(audio(), interruptRequested, ...asked('r1'));
    expect(talk.put(interrupted, boundary())).toBe('');
    expect(talk.put(audio())).toBe('begin(r1) message play');
    expect(talk.all('startSpeech')).toEqual([]);
  });

  it('are asked for once more when an empty turn comes instead, and only once', () => {
    const talk = new Talk();
    talk.put(...asked('r1'));
    expect(talk.put(boundary())).toBe('report(empty_turn) ask');
    expect(talk.put(replyWritten('r1'), boundary())).toBe('report(empty_turn)');
    expect(talk.wait(10_000)).toBe('fail(timeout)');
  });

  it('are not asked for again by the boundary of what they interrupted', () => {
    const talk = new Talk();
    talk.put(...asked('r1'));
    expect(talk.put(interrupted, boundary(), audio())).toBe('begin(r1) message play');
    expect(talk.all('requestReply')).toHaveLength(1);
  });

  it('after a committed turn wait for the answer that is coming', () => {
    const talk = new Talk();
    talk.put(turnCommitted);
    expect(talk.put(replyRequested('r1'))).toBe('');
    expect(talk.put(audio())).toBe('begin(r1) message play');
  });

  it('are asked for once the answer to a committed turn was heard', () => {
    const talk = new Talk();
    talk.put(turnCommitted, audio(), boundary());
    expect(isQuiet(talk.state, talk.now)).toBe(true);
    expect(talk.put(replyRequested('r1'))).toBe('ask');
  });

  it('after a committed turn that came to nothing are asked for', () => {
    const talk = new Talk();
    talk.put(turnCommitted, replyRequested('r1'));
    expect(talk.put(boundary())).toBe('report(empty_turn) ask');
    const late = new Talk();
    late.put(turnCommitted, boundary());
    expect(late.put(replyRequested('r1'))).toBe('ask');
    const later = new Talk();
    later.put(turnCommitted);
    later.wait(10_000);
    expect(later.put(replyRequested('r1'))).toBe('ask');
    expect(isQuiet(later.state, later.now)).toBe(true);
  });

  it('with instructions are asked for even after a committed turn', () => {
    const talk = new Talk();
    expect(talk.put(turnCommitted, replyRequested('r1', 'Be brief.'))).toBe('ask');
  });

  it('are asked for again when the connection is back, and time runs from then', () => {
    const talk = new Talk();
    talk.put(audio(), boundary(), ...asked('r1'), replyRequested('r2', 'Say bye.'));
    talk.wait(9_000);
    expect(talk.put(connectionLost)).toBe('');
    expect(talk.wait(30_000)).toBe('');
    expect(talk.put(connectionBack(false))).toBe('ask');
    talk.put(replyWritten('r1'));
    expect(talk.wait(9_999)).toBe('');
    expect(talk.put(audio(), generationComplete)).toContain('begin(r1)');
    expect(talk.all('requestReply').slice(-2)).toMatchObject([
      { replyId: 'r1', instructions: undefined },
      { replyId: 'r2', instructions: 'Say bye.' },
    ]);
  });

  it('all fail when the session is closed', () => {
    const talk = new Talk();
    talk.put(...asked('r1'), replyRequested('r2'));
    expect(talk.put({ type: 'closed', why: 'disconnected' })).toBe(
      'fail(disconnected) fail(disconnected)',
    );
  });
});

describe('a lost connection', () => {
  it('ends everything that was being said', () => {
    const talk = new Talk();
    talk.put(userSaid('Tell me.'), audio(), modelSaid('Once'));
    expect(talk.put(connectionLost)).toBe('keep(user) final keep(assistant) end(lost)');
    expect(talk.all('remember').at(-1)!.message.interrupted).toBe(true);
    talk.put(connectionBack(true));
    expect(talk.put(audio())).toBe('begin message play');
  });

  it('while the caller speaks ends the speech and keeps the words', () => {
    const talk = new Talk();
    talk.put(userSaid('I would'));
    expect(talk.put(connectionLost)).toBe('speech- keep(user) final');
  });

  it('forgets half-heard output and an end of discarding', () => {
    const talk = new Talk();
    talk.put(audio(), interruptRequested, connectionLost, connectionBack(false));
    expect(talk.put(audio(), connectionLost)).toContain('play');
    talk.put(modelSaid('Words'), text('part'), connectionLost, connectionBack(false));
    expect(talk.put(boundary())).toBe('report(empty_turn)');
  });

  it('for good ends all of it, and nothing happens later', () => {
    const talk = new Talk(BLOCKING);
    talk.put(turnCommitted, userSaid('Hi.'), calls('c1'), modelSaid('Wait'));
    expect(talk.put(closed)).toBe('keep(user) end(closed) final');
    expect(talk.wait(100_000)).toBe('');
    expect(isQuiet(talk.state, talk.now)).toBe(true);
  });
});

describe('a turn', () => {
  it('without output is reported with its reason, after the words it does not answer', () => {
    const talk = new Talk();
    talk.put(userSaid('Hello?'));
    expect(talk.put(boundary('RESPONSE_REJECTED'))).toBe('report(empty_turn) speech- keep(user)');
    expect(talk.all('report')[0]!.detail).toEqual({
      reason: 'RESPONSE_REJECTED',
      lastMessageId: undefined,
    });
  });

  it('with output and a reason is reported too', () => {
    const talk = new Talk();
    talk.put(audio());
    expect(talk.put(boundary('GENERATED_AUDIO_SAFETY'))).toBe('end(complete) report(empty_turn)');
  });

  it('of extended thinking ends with IDLE; every piece of output is heard', () => {
    const talk = new Talk({ ...RULES, endsAtIdle: true });
    talk.put(...asked('r1'));
    expect(talk.put(inProgress)).toBe('');
    expect(talk.put(audio(), modelSaid('Let me think.'), inProgress)).toBe(
      'begin(r1) message play write keep(assistant) end(complete)',
    );
    expect(isQuiet(talk.state, talk.now)).toBe(false);
    expect(talk.put(inProgress)).toBe('');
    expect(talk.put(audio(), boundary())).toBe('begin message play end(complete)');
    expect(isQuiet(talk.state, talk.now)).toBe(true);
    expect(talk.all('startSpeech')).toEqual([]);
  });

  it('of other models ends with every boundary', () => {
    const talk = new Talk();
    talk.put(audio(), inProgress);
    expect(isQuiet(talk.state, talk.now)).toBe(true);
  });
});

describe('token usage', () => {
  it('is reported once each: before, in and after a generation', () => {
    const talk = new Talk();
    talk.put(usage(1), audio(), usage(2), boundary(), usage(3));
    const [generation] = talk.all('openGeneration').map(({ generationId }) => generationId);
    expect(
      talk.all('reportUsage').map((one) => [one.usage.promptTokenCount, one.generation?.id]),
    ).toEqual([
      [1, undefined],
      [2, generation],
      [3, generation],
    ]);
  });

  it('comes with the times of its generation', () => {
    const talk = new Talk();
    talk.put(speaking(true), speaking(false));
    talk.wait(600);
    talk.put(calls('c1'));
    talk.wait(100);
    talk.put(audio());
    talk.wait(1_000);
    talk.put(audio());
    talk.put(interrupted, usage(1), toolSettled('c1'), boundary());
    talk.wait(200);
    talk.put(audio(), boundary(), usage(2));
    expect(talk.all('reportUsage').map(({ generation }) => generation)).toMatchObject([
      {
        askedAt: T0,
        startedAt: T0 + 600,
        firstAudioAt: T0 + 700,
        endedAt: T0 + 1_700,
        interrupted: true,
      },
      { askedAt: T0 + 1_700, firstAudioAt: T0 + 1_900, interrupted: false },
    ]);
  });

  it('counts no waiting from news that came during the answer before', () => {
    const talk = new Talk();
    talk.put(userSaid('Hi.'), audio());
    talk.wait(300);
    talk.put(userSaid(' It is Ada.'), speaking(false), boundary());
    talk.wait(5_000);
    talk.put(audio(), usage(1), boundary());
    expect(talk.all('reportUsage')[0]!.generation!.askedAt).toBeUndefined();
  });
});

describe('a turn that was taken back', () => {
  const answer = (): Timeless[] => [modelSaid('As you like.'), audio(), generationComplete];

  it('is not answered, whatever its transcript says meanwhile', () => {
    const talk = new Talk({ ...RULES, turnsByHand: true });
    talk.put(turnDiscarded, userSaid('Never'));
    talk.put(audio(), userSaid(' mind.'), ...answer(), boundary());
    expect(talk.told).toBe('heard heard');
    expect(talk.put(audio())).toContain('play');
  });

  it('leaves the answer before it alone, until its boundary', () => {
    const talk = new Talk();
    talk.put(audio());
    expect(talk.put(turnDiscarded, audio(), generationComplete, boundary())).toBe(
      'play end(complete)',
    );
    expect(talk.put(...answer())).toBe('');
  });

  it('owes nothing, and leaves a pending reply to be answered by what comes next', () => {
    const talk = new Talk({ ...RULES, watchdog: { answerMs: 8_000, steps: ['nudge'] } });
    talk.put(turnDiscarded);
    expect(talk.state.owed).toBeUndefined();
    talk.put(replyRequested('r1'), ...answer(), boundary(), replyWritten('r1'));
    expect(talk.put(audio())).toContain('begin(r1)');
  });

  it('lets a call pass: the server would wait for its result', () => {
    const talk = new Talk();
    expect(talk.put(turnDiscarded, calls('c1'))).toBe('begin call');
  });

  it('may be answered by an empty turn, or not at all', () => {
    for (const nothing of [boundary(), undefined]) {
      const talk = new Talk();
      talk.put(turnDiscarded);
      if (nothing) talk.put(nothing);
      else talk.wait(10_000);
      expect(talk.put(audio())).toContain('play');
    }
  });
});

it('tells LiveKit nothing of speech where turns are marked by hand', () => {
  const talk = new Talk({ ...RULES, turnsByHand: true });
  talk.put(userSaid('Hi.'), audio(), interrupted, speaking(true), speaking(false), userSaid('No.'));
  talk.wait(10_000);
  expect(talk.told).not.toContain('speech');
  expect(talk.finals).toEqual(['Hi.', 'No.']);
});
