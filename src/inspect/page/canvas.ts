// SPDX-License-Identifier: Apache-2.0
export type Pen = CanvasRenderingContext2D;

/** A canvas with as many pixels as the screen has under it; drawing goes on in CSS pixels. */
export function fitted(canvas: HTMLCanvasElement, width: number, height: number): Pen | undefined {
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const pen = canvas.getContext('2d', { alpha: false }) ?? undefined;
  pen?.setTransform(scale, 0, 0, scale, 0, 0);
  return pen;
}

/** Draws at most once between two pictures of the screen. */
export function scheduler(draw: () => void): () => void {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      draw();
    });
  };
}

/** Enough for 11 px of a sans serif face; measuring each label would cost more than all drawing. */
const CHAR_PX = 6;

/** A label that ends where its bar ends. */
export function label(pen: Pen, text: string, x: number, y: number, room: number): void {
  const most = Math.floor(room / CHAR_PX);
  if (most < 2 || text === '') return;
  const line = text.length > 400 ? text.slice(0, 400) : text;
  const width = line.length > most * 0.8 ? pen.measureText(line).width : 0;
  if (width <= room && line.length <= most * 2) {
    pen.fillText(line, x, y);
    return;
  }
  const fits = Math.max(1, Math.floor((line.length * room) / Math.max(width, 1)) - 1);
  pen.fillText(`${line.slice(0, fits).trimEnd()}…`, x, y);
}

/** Diagonal lines in a colour; made once for each. */
export function hatch(pen: Pen, color: string): CanvasPattern | string {
  const known = HATCHES.get(color);
  if (known) return known;
  const tile = document.createElement('canvas');
  tile.width = tile.height = 6;
  const ink = tile.getContext('2d');
  if (!ink) return color;
  ink.strokeStyle = color;
  ink.lineWidth = 1.2;
  for (const shift of [-6, 0, 6]) {
    ink.moveTo(shift, 6);
    ink.lineTo(shift + 6, 0);
  }
  ink.stroke();
  const pattern = pen.createPattern(tile, 'repeat') ?? color;
  HATCHES.set(color, pattern);
  return pattern;
}
const HATCHES = new Map<string, CanvasPattern | string>();
