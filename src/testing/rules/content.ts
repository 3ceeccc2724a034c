// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, dig, objects, text } from '../json.js';
import { member } from './envelope.js';
import { type Rule, type RuleContext, type Verdict, invalid } from './rule.js';

function contentRule(
  name: string,
  source: string,
  check: (content: JsonObject, context: RuleContext) => Verdict | undefined,
): Rule {
  return {
    name,
    source,
    check: (frame, context) => {
      const content = member(frame, 'clientContent');
      return content && check(content, context);
    },
  };
}

const turns = (content: JsonObject) => objects(content.turns);
const parts = (content: JsonObject) => turns(content).flatMap((turn) => objects(turn.parts));

/** Rules about `clientContent`. */
export const CONTENT_RULES: readonly Rule[] = [
  contentRule(
    'send content only when the model takes it',
    'livekit/agents PR#5238 and #5262: refused after setup by some models; Live API guide: only as initial history',
    (_content, { row, begun }) => {
      if (row.midSessionContent === 'allowed') return undefined;
      return row.midSessionContent === 'none' || begun ? invalid() : undefined;
    },
  ),
  contentRule(
    'send a turn, or turnComplete',
    'Live API reference, BidiGenerateContentClientContent: a frame with only turnComplete is legal; aiden-firmware PR#644: with false it ends an answer',
    (content, { row }) => {
      const cancels = content.turnComplete === false && row.cancel === 'emptyContent';
      const commits = content.turnComplete === true;
      return turns(content).length === 0 && !commits && !cancels ? invalid() : undefined;
    },
  ),
  contentRule(
    'say user or model as the role of every turn',
    'Model pages of ai.google.dev: explicit roles since the models that declare their history; the role system is refused (agents-js plugin), though Vertex AI once documented it',
    (content, { row }) => {
      const broken = turns(content).find(({ role }) => {
        if (role === undefined || role === null || role === '') {
          return row.seeding === 'historyConfig';
        }
        return role !== 'user' && role !== 'model';
      });
      return broken ? invalid('Please use a valid role: user, model.') : undefined;
    },
  ),
  contentRule(
    'give every turn a part',
    'Types of @google/genai 2.32.0, Content.parts',
    (content) =>
      turns(content).some((turn) => objects(turn.parts).length === 0) ? invalid() : undefined,
  ),
  contentRule(
    'keep function parts out of turns',
    'pydantic-ai realtime and pipecat: 1007; tool history travels as text',
    (content) => {
      const broken = parts(content).some((part) =>
        ['functionCall', 'functionResponse', 'toolCall', 'toolResponse'].some(
          (name) => name in part,
        ),
      );
      return broken ? invalid() : undefined;
    },
  ),
  contentRule(
    'keep audio, and images the model cannot see, out of turns',
    'pydantic-ai realtime: audio cannot be seeded',
    (content, { row }) => {
      const broken = parts(content).some((part) => {
        const mime = text(dig(part, 'inlineData', 'mimeType'));
        return mime !== '' && !(row.video && mime.startsWith('image/'));
      });
      return broken ? invalid() : undefined;
    },
  ),
];
