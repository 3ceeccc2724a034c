// SPDX-License-Identifier: Apache-2.0
import { rows, type Row } from '../../test/support/model_rows.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

export interface Wanted {
  /** Under test/recordings. */
  path: string;
  scenario: Scenario;
  row: Row;
}

/** Every recording that the scenarios and the table of models ask for. */
export function wantedRecordings(): Wanted[] {
  return Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
    rowsOf(scenario).map((row) => ({ path: `${folderOf(row)}/${name}.jsonl`, scenario, row })),
  );
}

const folderOf = ({ name, backend }: Row): string =>
  backend === 'vertex' ? `${name}@vertex` : name;

/** The first row of each combination of the cells that decide. */
function rowsOf({ applies, cells }: Scenario): Row[] {
  const different = new Map<string, Row>();
  for (const row of rows()) {
    if (!applies(row.capabilities)) continue;
    const values = cells.map((cell) => (cell === 'backend' ? row.backend : row.capabilities[cell]));
    const key = JSON.stringify(values);
    if (!different.has(key)) different.set(key, row);
  }
  return [...different.values()];
}
