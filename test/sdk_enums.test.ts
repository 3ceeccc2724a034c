// SPDX-License-Identifier: Apache-2.0
import * as genai from '@google/genai';
import { expect, test } from 'vitest';
import { Behavior, FunctionResponseScheduling } from '../src/index.js';

test('the enums are those of the SDK', () => {
  expect(Behavior).toEqual(genai.Behavior);
  expect(FunctionResponseScheduling).toEqual(genai.FunctionResponseScheduling);
});
